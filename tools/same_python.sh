#!/bin/sh
# Fail when the environment was made with another Python than the one that is now asked for.
set -eu
folder=$1
ask='import sys; print("%d.%d" % sys.version_info[:2])'
python=$(sh "$(dirname "$0")/find_python.sh")
wanted=$("$python" -c "$ask")
there=$("$folder/bin/python" -c "$ask")
if [ "$wanted" != "$there" ]; then
    echo "$folder holds Python $there, not $wanted: run make clean first, or keep both: make PYTHON=$python VENV=.venv-$wanted" >&2
    exit 1
fi
