#!/usr/bin/env bash
# inspect-ai 0.3.285: an evaluation of its mock model fails without a network.
#
# Expected: model="mockllm/model", made for tests, needs no network.
# Seen: the mock model counts tokens with tiktoken, which downloads its vocabulary
#   (o200k_base.tiktoken) from a host of its own on first use; without it the evaluation ends with
#   status "error". A solver that sets the output itself and calls no model succeeds.
# Output seen: with the mock model: error (ConnectionError or ProxyError naming o200k_base.tiktoken)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check inspect-ai==0.3.285
cat >check.py <<'CHECK'
import os

# A proxy that is not there, and an empty cache: no network on any machine.
os.environ |= {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9",
               "NO_PROXY": "", "no_proxy": "", "TIKTOKEN_CACHE_DIR": os.getcwd() + "/cache"}
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.scorer import match

task = Task(dataset=[Sample(input="q", target="yes")], scorer=match())
log = eval(task, model="mockllm/model", log_dir="logs", display="none")[0]
print("with the mock model:", log.status, log.error.message[:200])
assert log.status == "error"
assert "o200k_base.tiktoken" in log.error.message
CHECK
HOME="$folder" venv/bin/python check.py
