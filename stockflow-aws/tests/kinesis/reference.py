"""Aggregates and takes apart with aws_kinesis_agg: JSON with hexadecimal bytes in, the same out."""

import base64
import json
import sys

from aws_kinesis_agg.aggregator import AggRecord
from aws_kinesis_agg.deaggregator import deaggregate_records


def join(parts):
    record = AggRecord()
    for key, data, hash_key in parts:
        assert record.add_user_record(key, bytes.fromhex(data), hash_key)
    return record.get_contents()[2].hex()


def split(data):
    event = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "sequenceNumber": "1",
            "approximateArrivalTimestamp": 1.0,
            "partitionKey": "whole",
            "data": base64.b64encode(bytes.fromhex(data)).decode(),
        }
    }
    parts = (part["kinesis"] for part in deaggregate_records([event]))
    return [[part["partitionKey"], base64.b64decode(part["data"]).hex()] for part in parts]


work = json.load(sys.stdin)
json.dump({"join": [join(parts) for parts in work["join"]], "split": [split(data) for data in work["split"]]}, sys.stdout)
