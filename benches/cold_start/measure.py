#!/usr/bin/env python3
"""What a cold start costs: init plus the first invocation, with two quotes, against a local Runtime API and AWS over HTTPS.

    benches/cold_start/run [ROUNDS]

Contestants take turns. CPU is user and system time of the process until its answer was taken; resident is its high-water mark then;
zip is its package as Lambda gets it, deflated; calls are those of init and of the first invocation. Warm is the CPU of 200 more
invocations, for each of their calls, of stage 1: the same rows a second time are no work for stage 2. The services answer at once and
count for nobody.
"""

import base64
import io
import json
import os
import queue
import re
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

HERE = Path(__file__).resolve().parent
SYMBOLS = ("AAPL", "MSFT")
WARM = 200
TIME = "2026-11-23T14:30:00.000000Z"


def quote(symbol):
    return {"symbol": symbol, "open": 180, "high": 191.7, "low": 179.25, "price": 191.7, "previous_close": 180,
            "change": 11.7, "change_percent": 6.5, "volume": 1000000, "timestamp": TIME}


def kinesis_event():
    def record(number, symbol):
        sequence = f"4959033827149025660855969253836157109592157598913600000{number}"
        data = json.dumps(quote(symbol), separators=(",", ":")).encode()
        return {"kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": symbol, "sequenceNumber": sequence,
                            "data": base64.b64encode(data).decode(), "approximateArrivalTimestamp": 1795444231.5},
                "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventID": f"shardId-000000000006:{sequence}",
                "eventName": "aws:kinesis:record", "awsRegion": "us-east-1",
                "invokeIdentityArn": "arn:aws:iam::123456789012:role/r",
                "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/stock-market-stream"}
    return {"Records": [record(*pair) for pair in enumerate(SYMBOLS)]}


def image(symbol, told):
    """A checkpoint row, with an anomaly or without, as the table's stream brings it and as a query finds it."""
    row = {name: {"N": str(value)} for name, value in quote(symbol).items() if name not in ("symbol", "timestamp")}
    anomaly = {"rule": {"S": "percent_change"}, "direction": {"S": "up"}, "score": {"N": "6.5"}, "value": {"N": "6.5"},
               "threshold": {"N": "5"}}
    return row | {"symbol": {"S": symbol}, "timestamp": {"S": TIME}, "warming_up": {"N": "0"}, "arrival": {"S": TIME},
                  "checkpoint": {"S": "first"}} | ({"anomalies": {"L": [{"M": anomaly}]}} if told else {})


def table_event(told):
    def record(number, symbol):
        change = {"SequenceNumber": f"{number}", "NewImage": image(symbol, told), "StreamViewType": "NEW_IMAGE"}
        return {"eventID": str(number), "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "us-east-1",
                "eventVersion": "1.1", "dynamodb": change}
    return {"Records": [record(*pair) for pair in enumerate(SYMBOLS)]}


class Quiet(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Services(Quiet):
    """DynamoDB, S3 and SNS, as far as both functions ask them, with a table in which only the event's own rows are."""

    calls = 0
    # The rows that are there: none, rows, or rows with anomalies.
    rows = None

    def do_PUT(self):
        Services.calls += 1
        self.body()
        self.answer(200, ETag='"0"')

    def do_POST(self):
        Services.calls += 1
        body = self.body()
        target = self.headers.get("X-Amz-Target", "")
        if target.endswith(".Query"):
            # Stage 1 begins with an empty table; stage 2 finds the rows that woke it.
            there = SYMBOLS if Services.rows else ()
            items = [image(symbol, Services.rows == "told") for symbol in there if f'"{symbol}"' in body.decode()]
            answer = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        elif target.endswith(".BatchWriteItem"):
            answer = {"UnprocessedItems": {}}
        elif target:
            answer = {}
        else:
            ids = re.findall(rb"PublishBatchRequestEntries\.member\.\d+\.Id=(\d+)", body) or [b"0"]
            done = b"".join(b"<member><Id>%s</Id><MessageId>m</MessageId></member>" % name for name in ids)
            operation = b"PublishBatch" if b"PublishBatch" in body else b"Publish"
            xml = (b"<%sResponse xmlns='http://sns.amazonaws.com/doc/2010-03-31/'><%sResult><Successful>%s</Successful><Failed/>"
                   b"<MessageId>m</MessageId></%sResult></%sResponse>" % (operation, operation, done, operation, operation))
            return self.answer(200, xml, Content_Type="text/xml")
        self.answer(200, json.dumps(answer).encode(), Content_Type="application/x-amz-json-1.0")


class RuntimeApi(Quiet):
    """Gives the events there are; whoever asks for another one is to be ended."""

    def do_GET(self):
        try:
            event = self.server.events.get_nowait()
        except queue.Empty:
            self.server.idle.set()
            time.sleep(60)
            return
        self.answer(200, event, Lambda_Runtime_Aws_Request_Id="request-1",
                    Lambda_Runtime_Deadline_Ms=str(int(time.time() * 1000) + 60_000),
                    Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:us-east-1:123456789012:function:f")

    def do_POST(self):
        self.server.answers.put((self.path.rsplit("/", 1)[-1], self.body()))
        self.answer(202)


def serve(handler, context=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def certificates(folder):
    """An authority of our own beside those of the system, as many as there would be in Lambda; and a certificate for localhost."""
    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    now = datetime.now(timezone.utc)

    def certificate(subject, key, issuer, by, *extensions):
        builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
                   .not_valid_after(now + timedelta(days=2)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    root, leaf = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    authority = certificate("bench", root, "bench", root, (x509.BasicConstraints(True, None), True))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    ours = certificate("localhost", leaf, "bench", root, (names, False), (x509.BasicConstraints(False, None), True))
    system = Path("/etc/ssl/certs/ca-certificates.crt")
    bundle = folder / "bundle.pem"
    bundle.write_bytes((system.read_bytes() if system.exists() else b"") + authority)
    key = leaf.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(key + ours)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return bundle, context


def run(command, event, rows, bundle, services, invocations=1):
    """CPU in ms, resident MB and calls of one process that gets the event so many times."""
    Services.rows, Services.calls = rows, 0
    api = serve(RuntimeApi)
    api.events, api.answers, api.idle = queue.Queue(), queue.Queue(), threading.Event()
    for _ in range(invocations):
        api.events.put(json.dumps(event, separators=(",", ":")).encode())
    environment = {
        "PATH": os.environ["PATH"], "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
        "AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": f"https://localhost:{services.server_port}",
        "SSL_CERT_FILE": str(bundle), "AWS_CA_BUNDLE": str(bundle), "PYTHONDONTWRITEBYTECODE": "1",
        "STOCKFLOW_LAKE": "s3://stock-market-data-bucket-7/lake",
        "STOCKFLOW_QUARANTINE": "s3://stock-market-data-bucket-7/quarantine",
        "STOCKFLOW_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:stock-trend-alerts",
    }
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        for _ in range(invocations):
            kind, body = api.answers.get(timeout=60)
            assert kind == "response" and b"itemIdentifier" not in body, (kind, body)
        assert api.idle.wait(60)
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024
    except queue.Empty:
        process.kill()
        raise SystemExit(f"{command}: no answer: {process.stderr.read().decode()}") from None
    process.kill()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    api.shutdown()
    return (usage.ru_utime + usage.ru_stime) * 1000, resident, Services.calls


def zipped(program, folder):
    """MB of the package, as Lambda gets it: without symbols, deflated."""
    stripped = folder / "bootstrap"
    subprocess.run(["strip", "-o", stripped, program], check=True)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        package.write(stripped, "bootstrap")
    return len(archive.getvalue()) / 1e6, str(stripped)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    ours, defaults = Path(os.environ["OURS"]), Path(os.environ["DEFAULTS"])
    python = [sys.executable, str(HERE / "python" / "bootstrap.py")]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        bundle, context = certificates(folder)
        services = serve(Services, context)
        contestants = []
        quotes, rows, alerts = kinesis_event(), table_event(False), table_event(True)
        for name, program, event, there in (
            ("kinesis-stock-processor", ours / "kinesis-stock-processor", quotes, None),
            ("dynamodb-stock-trend, no alert", ours / "dynamodb-stock-trend", rows, "rows"),
            ("dynamodb-stock-trend, 2 alerts", ours / "dynamodb-stock-trend", alerts, "told"),
            ("stage 1, Rust, SDK defaults", defaults / "sdk-defaults", quotes, None),
            ("the same with ring", defaults / "with-ring", quotes, None),
        ):
            place = folder / name.replace(" ", "_")
            place.mkdir()
            size, stripped = zipped(program, place)
            contestants.append((name, [stripped], event, there, size))
        contestants.append(("stage 1, Python and boto3", [*python, "processor"], quotes, None, None))
        contestants.append(("stage 2, Python and boto3", [*python, "trend"], rows, "rows", None))
        cold = {name: [] for name, *_ in contestants}
        for _ in range(rounds):
            for name, command, event, there, _ in contestants:
                cold[name].append(run(command, event, there, bundle, services))
        print(f"init and a first invocation with 2 quotes, {rounds} rounds in turn")
        print(f"{'':<32}{'CPU ms: median':>15}{'least':>8}{'resident MB':>13}{'zip MB':>8}{'calls':>7}{'warm ms/call':>14}")
        for name, command, event, there, size in contestants:
            times, residents, calls = zip(*cold[name])
            median = statistics.median(times)
            package = "" if size is None else f"{size:.2f}"
            warm = ""
            if event is quotes:
                whole, _, more = run(command, event, there, bundle, services, 1 + WARM)
                warm = f"{(whole - median) / (more - calls[0]):.2f}"
            print(f"{name:<32}{median:>15.1f}{min(times):>8.1f}{max(residents):>13.1f}{package:>8}{calls[0]:>7}{warm:>14}")


main()
