"""Reads records as a processor in Python does that was written for the original's records: by these keys, with these types.

Records come one a line on standard input; what such a processor would put into its table goes to standard output.
"""

import json
import sys
from decimal import Decimal

for line in sys.stdin:
    record = json.loads(line)
    for key in ("symbol", "timestamp"):
        assert isinstance(record[key], str), key
    for key in ("open", "high", "low", "price", "previous_close", "change", "change_percent"):
        assert isinstance(record[key], (int, float)) and not isinstance(record[key], bool), key
    assert type(record["volume"]) is int
    change = round(record["price"] - record["previous_close"], 2)
    change_percent = round(change / record["previous_close"] * 100, 2)
    average = (record["open"] + record["high"] + record["low"] + record["price"]) / 4
    print(json.dumps({
        # The name of an object, and the key of an item.
        "object": f"raw-data/{record['symbol']}/{record['timestamp'].replace(':', '-')}.json",
        "symbol": record["symbol"],
        "timestamp": record["timestamp"],
        "price": str(Decimal(str(record["price"]))),
        "change": str(Decimal(str(change))),
        "change_percent": str(Decimal(str(change_percent))),
        "moving_average": str(Decimal(str(average))),
        "anomaly": "Yes" if abs(change_percent) > 5 else "No",
        "volume": int(record["volume"]),
    }))
