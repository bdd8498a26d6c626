#!/bin/sh
# Make a virtual environment, or keep the one that is there if it works.
set -eu
folder=$1
here=$(dirname "$0")

if [ -x "$folder/bin/python" ] && "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    PYTHON="$folder/bin/python" sh "$here/find_python.sh" >/dev/null
    exit 0
fi

python=$(sh "$here/find_python.sh")
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$python cannot make virtual environments: install the package python$version-venv (Debian, Ubuntu), or name another Python: make PYTHON=/path/to/python3" >&2
    exit 1
fi
echo "Making $folder with $("$python" --version) ..."
if [ -L "$folder/bin/python" ] && ! "$folder/bin/python" -c "" 2>/dev/null; then
    clear=--clear # its Python is gone, so nothing in it can run
fi
"$python" -m venv ${clear:-} "$folder"
