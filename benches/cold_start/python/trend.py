"""Stage 2 as the original does it, for the bench: recent rows of a symbol, two averages, a message. Written for this bench."""

import os

import boto3
from boto3.dynamodb.conditions import Key

TABLE = boto3.resource("dynamodb").Table("stock-market-table")
SNS = boto3.client("sns")


def handler(event, _context):
    symbol = event["Records"][0]["dynamodb"]["NewImage"]["symbol"]["S"]
    rows = TABLE.query(KeyConditionExpression=Key("symbol").eq(symbol))["Items"]
    prices = [float(row["price"]) for row in rows]
    short = sum(prices[-5:]) / max(len(prices[-5:]), 1)
    long = sum(prices[-20:]) / max(len(prices[-20:]), 1)
    message = f"{symbol}: {short} against {long}"
    SNS.publish(TopicArn=os.environ["STOCKFLOW_TOPIC_ARN"], Message=message, Subject="trend")
    return {"statusCode": 200}
