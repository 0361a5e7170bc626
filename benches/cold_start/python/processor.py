"""Stage 1 as the original does it, for the bench: an object and an item for each record. Written for this bench."""

import base64
import json
from decimal import Decimal

import boto3

TABLE = boto3.resource("dynamodb").Table("stock-market-table")
S3 = boto3.client("s3")


def handler(event, _context):
    for record in event["Records"]:
        data = json.loads(base64.b64decode(record["kinesis"]["data"]))
        symbol, time = data["symbol"], data["timestamp"]
        key = f"raw-data/{symbol}/{time.replace(':', '-')}.json"
        S3.put_object(Bucket="stock-market-data-bucket-7", Key=key, Body=json.dumps(data))
        change = round(data["price"] - data["previous_close"], 2)
        percent = round(change / data["previous_close"] * 100, 2)
        average = (data["open"] + data["high"] + data["low"] + data["price"]) / 4
        item = {"symbol": symbol, "timestamp": time, "volume": int(data["volume"])}
        for name in ("open", "high", "low", "price", "previous_close"):
            item[name] = Decimal(str(data[name]))
        item["change"], item["change_percent"] = Decimal(str(change)), Decimal(str(percent))
        item["moving_average"] = Decimal(str(average))
        item["anomaly"] = "Yes" if abs(percent) > 5 else "No"
        TABLE.put_item(Item=item)
    return {"statusCode": 200}
