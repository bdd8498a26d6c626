#!/usr/bin/env bash
# polars 2.1.0: after one lazy query, Ctrl-C no longer interrupts a wait of the main thread.
#
# Python promises that a signal handler which raises ends a blocking wait for a lock (since 3.2), and so
# `Future.result()` ends at once on Ctrl-C. Expected: the same after a query of Polars.
# Seen: Polars installs a handler of its own for SIGINT that has the kernel restart interrupted calls
# (SA_RESTART). KeyboardInterrupt then comes only when the wait is over by itself: a program that waits
# for a worker process seems to ignore Ctrl-C. `signal.siginterrupt(signal.SIGINT, True)` mends it.
#
# Output seen (Linux, Python 3.11):
#   before a query: interrupted after 0.5 s of 4
#   after a query: interrupted after 4.0 s of 4
#   after a query, with siginterrupt: interrupted after 0.5 s of 4
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check polars==2.1.0
cat >"$folder/wait.py" <<'PYTHON'
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

if "query" in sys.argv:
    import polars as pl

    pl.DataFrame({"a": [1, 2]}).lazy().filter(pl.col("a") > 1).collect()
if "mend" in sys.argv:
    signal.siginterrupt(signal.SIGINT, True)
begin = time.monotonic()
pool = ThreadPoolExecutor(1)
job = pool.submit(time.sleep, 4)
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    job.result()
    print("not interrupted")
except KeyboardInterrupt:
    print(f"{time.monotonic() - begin:.1f}")
PYTHON
run() { "$folder/venv/bin/python" "$folder/wait.py" "$@"; }
before=$(run); after=$(run query); mended=$(run query mend)
echo "before a query: interrupted after $before s of 4"
echo "after a query: interrupted after $after s of 4"
echo "after a query, with siginterrupt: interrupted after $mended s of 4"
"$folder/venv/bin/python" - "$before" "$after" "$mended" <<'PYTHON'
import sys

before, after, mended = map(float, sys.argv[1:])
sys.exit(not (before < 2 and after > 3 and mended < 2))
PYTHON
