#!/usr/bin/env bash
# inspect-ai 0.3.285: its .eval logs are ZIP archives that Python's own zipfile cannot unpack.
#
# Expected: a .eval file, documented as a ZIP archive of JSON, is read by zipfile of Python 3.11.
# Seen: every member is compressed by Zstandard (method 93), which zipfile knows from Python 3.14 on:
#   before that it lists the names and refuses their contents.
# Output seen: methods {93}; header.json: That compression method is not supported
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check inspect-ai==0.3.285
cat >check.py <<'CHECK'
import pathlib
import subprocess
import sys

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.scorer import match
from inspect_ai.solver import solver


@solver
def nothing():
    async def solve(state, generate):
        return state

    return solve


task = Task(dataset=[Sample(input="q", target="yes")], solver=nothing(), scorer=match())
eval(task, model="mockllm/model", log_dir="logs", log_format="eval", display="none")
(path,) = pathlib.Path("logs").glob("*.eval")
plain = (
    "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]);"
    "print({m.compress_type for m in z.infolist()}); z.read('header.json')"
)
done = subprocess.run([sys.executable, "-c", plain, path], capture_output=True, text=True)
print(f"methods {done.stdout.strip()}; header.json: {done.stderr.strip().splitlines()[-1:]}")
assert done.stdout.strip() == "{93}"
assert sys.version_info >= (3, 14) or "compression method is not supported" in done.stderr
CHECK
HOME="$folder" venv/bin/python check.py
