"""Worker processes: what happens when one of them is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from suffice.demand.runs._processes import processes
from suffice.errors import SufficeError


def test_a_killed_process_is_one_line():
    """What the system kills when memory runs out is told in words, with a remedy."""
    told = pytest.raises(SufficeError, match="was killed, most likely because memory ran out")
    with told, processes(1) as workers:
        workers.submit(os._exit, 1).result()


STOPPED = """
import sys, time
import polars
from suffice.cli import _listening
from suffice.demand.runs._processes import processes

if __name__ == "__main__":
    polars.DataFrame({"a": [1]}).lazy().filter(polars.col("a") > 0).collect()
    try:
        with _listening(), processes(1) as workers:
            workers.submit(int).result()
            job = workers.submit(time.sleep, 60)
            print(*workers._processes, flush=True)
            job.result()
    except KeyboardInterrupt as stop:
        print(type(stop).__name__)
"""


@pytest.mark.parametrize(
    ("sign", "name"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "Terminated")]
)
def test_a_stop_does_not_wait_for_work(tmp_path, sign, name):
    """Ctrl-C and SIGTERM end a long computation at once, also after Polars took to Ctrl-C, and
    leave no process behind."""
    script = tmp_path / "stopped.py"
    script.write_text(STOPPED)
    path = os.pathsep.join(p for p in sys.path if p)
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    begin = time.monotonic()
    process.send_signal(sign)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - begin < 5.0
    assert out.strip() == name
    assert err == ""
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
