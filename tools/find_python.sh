#!/bin/sh
# Print a Python that is at least 3.11: $PYTHON if it is set, otherwise the first that is found.
set -eu

new_enough() {
    "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null
}

if [ -n "${PYTHON:-}" ]; then
    if ! new_enough "$PYTHON"; then
        found=$("$PYTHON" --version 2>&1) || found="it does not run"
        echo "suffice needs Python 3.11 or newer, but PYTHON=$PYTHON is not ($found)." >&2
        exit 1
    fi
    echo "$PYTHON"
    exit 0
fi

for candidate in python3 python3.13 python3.12 python3.11; do
    if new_enough "$candidate"; then
        echo "$candidate"
        exit 0
    fi
done
echo "suffice needs Python 3.11 or newer, and none was found: install one, or name it: make PYTHON=/path/to/python3.11" >&2
exit 1
