#!/usr/bin/env bash
# Installs the Python peer next to this script, for `cargo bench -p stockflow-benches --features peers --bench pipeline`.
set -euo pipefail
cd "$(dirname "$0")"
python3 -m venv .venv
.venv/bin/pip install --quiet --requirement requirements.txt
.venv/bin/python -c 'import bytewax, orjson; print("bytewax and orjson are installed")'
