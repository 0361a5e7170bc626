"""The three rules of the pipeline bench on bytewax, one worker: JSON lines in memory in, alerts in memory out.

usage: bytewax_job.py FILE ROUNDS FORM
FORM is `items` (the operators for one record at a time, as its guide has them) or `batches` (those for many, which are the fastest).
Prints one JSON object: quotes, alerts, and the CPU seconds of each round.
"""

import json
import sys
import time
from collections import deque
from datetime import datetime
from math import sqrt

import bytewax.operators as op
import orjson
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.testing import TestingSink, TestingSource, run_main

PERCENT, PERIOD, Z, SHORT, LONG, COOLDOWN = 5.0, 20, 6.0, 5, 20, 1800
BATCH = 1000


class Ring:
    """The last numbers with their sum and sum of squares."""

    __slots__ = ("values", "sum", "squares")

    def __init__(self, period):
        self.values = deque([0.0] * period, period)
        self.sum = self.squares = 0.0

    def push(self, value):
        old = self.values[0]
        self.values.append(value)
        self.sum += value - old
        self.squares += value * value - old * old


class Judge(StatefulBatchLogic):
    """State of one symbol."""

    def __init__(self, _resume):
        self.beyond = False
        self.last = None
        self.returns, self.short, self.long = Ring(PERIOD), Ring(SHORT), Ring(LONG)
        self.seen = 0
        self.above = None
        self.told = {}

    def decide(self, rule, up, record, out):
        at = datetime.fromisoformat(record["timestamp"]).timestamp()
        last = self.told.get((rule, up))
        if last is None or at - last >= COOLDOWN:
            self.told[rule, up] = at
            out.append((rule, up, at))

    def on_batch(self, records):
        out = []
        for record in records:
            price = record["price"]
            percent = (price / record["previous_close"] - 1.0) * 100.0
            beyond = abs(percent) > PERCENT
            if beyond and not self.beyond:
                self.decide("percent_change", percent > 0.0, record, out)
            self.beyond = beyond
            if self.last is not None:
                change = price / self.last - 1.0
                if self.seen > PERIOD:
                    mean = self.returns.sum / PERIOD
                    variance = self.returns.squares / PERIOD - mean * mean
                    if variance > 0.0 and abs(change - mean) > Z * sqrt(variance):
                        self.decide("return_zscore", change > mean, record, out)
                self.returns.push(change)
            self.last = price
            self.short.push(price)
            self.long.push(price)
            self.seen += 1
            if self.seen >= LONG:
                above = self.short.sum / SHORT > self.long.sum / LONG
                if self.above is not None and above != self.above:
                    self.decide("sma_crossover", above, record, out)
                self.above = above
        return out, StatefulBatchLogic.RETAIN

    def snapshot(self):
        return None


def decode(line):
    record = orjson.loads(line)
    return record["symbol"], record


def judge(state, record):
    state = state or Judge(None)
    return state, state.on_batch((record,))[0]


def run(lines, form):
    alerts = []
    flow = Dataflow("quotes")
    stream = op.input("lines", flow, TestingSource(lines, batch_size=BATCH))
    if form == "items":
        stream = op.map("decode", stream, decode)
        stream = op.stateful_flat_map("judge", stream, judge)
    else:
        stream = op.flat_map_batch("decode", stream, lambda batch: [decode(line) for line in batch])
        stream = op.stateful_batch("judge", stream, Judge)
    op.output("alerts", stream, TestingSink(alerts))
    start = time.process_time()
    run_main(flow)
    return time.process_time() - start, alerts


def main():
    with open(sys.argv[1], "rb") as file:
        lines = file.read().splitlines()
    rounds = [run(lines, sys.argv[3]) for _ in range(int(sys.argv[2]))]
    print(
        json.dumps(
            {
                "quotes": len(lines),
                "alerts": len(rounds[0][1]),
                "seconds": [seconds for seconds, _ in rounds],
            }
        )
    )


if __name__ == "__main__":
    main()
