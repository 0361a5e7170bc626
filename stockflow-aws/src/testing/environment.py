"""Makes an empty virtual environment with pip: environment.py FOLDER. Also where pip's installer is not, as on a Debian without
python3-venv; then pip itself is fetched, in a version whose hash is known."""

import hashlib
import subprocess
import sys
import urllib.request
from pathlib import Path

PIP = "https://files.pythonhosted.org/packages/44/3c/d717024885424591d5376220b5e836c2d5293ce2011523c9de23ff7bf068/pip-25.3-py3-none-any.whl"
SHA256 = "9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd"

folder = Path(sys.argv[1])
make = [sys.executable, "-m", "venv", "--clear", folder]
try:
    import ensurepip  # noqa: F401
except ImportError:
    subprocess.run([*make, "--without-pip"], check=True)
    wheel = folder / PIP.rsplit("/", 1)[1]
    with urllib.request.urlopen(PIP, timeout=60) as answer:
        body = answer.read()
    if hashlib.sha256(body).hexdigest() != SHA256:
        sys.exit(f"{PIP} is not the file that it was")
    wheel.write_bytes(body)
    pip = [folder / "bin/python3", wheel / "pip", "install", "--quiet", "--no-index", wheel]
    subprocess.run(pip, check=True)
    wheel.unlink()
else:
    subprocess.run(make, check=True)
