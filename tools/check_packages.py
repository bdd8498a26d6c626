"""Look the locked packages up among known weaknesses, by pip-audit where it is installed.

    python tools/check_packages.py requirements.lock

Fails where one has a known weakness. Where pip-audit is missing (``pip install pip-audit``) or its
source cannot be reached, it says that nothing was looked up, and passes.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys


def main() -> int:
    """Check the lock file named on the command line."""
    if importlib.util.find_spec("pip_audit") is None:
        print("weaknesses: not looked up, pip-audit is not installed")
        return 0
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "-r", sys.argv[1]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        print("weaknesses: none known of any locked package")
        return 0
    if "known vulnerabilit" in done.stderr + done.stdout:
        print(done.stdout + done.stderr)
        return 1
    reason = (done.stderr.strip().splitlines() or ["no word"])[-1][:200]
    print(f"weaknesses: not looked up: {reason}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
