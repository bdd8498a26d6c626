#!/bin/sh
# Install suffice with every Python 3.11+ on this machine into throw-away environments; start it.
set -eu
lock=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
here=$(dirname "$0")

# Those on the path, and those that pyenv keeps off it.
candidates="python3 python3.11 python3.12 python3.13"
for kept in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
    [ -x "$kept" ] && candidates="$candidates $kept"
done

seen=""
for candidate in $candidates; do
    PYTHON=$candidate sh "$here/find_python.sh" >/dev/null 2>&1 || continue
    "$candidate" -c 'import ensurepip, venv' 2>/dev/null || continue
    version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    case " $seen " in *" $version "*) continue ;; esac
    seen="$seen $version"
    echo "Python $version ($candidate)"
    "$candidate" -m venv "$scratch/$version"
    "$scratch/$version/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile \
        --constraint "$lock" .
    "$scratch/$version/bin/suffice" --version
    rm -rf "${scratch:?}/$version"
done
if [ -z "$seen" ]; then
    echo "no Python 3.11 or newer that can make virtual environments was found" >&2
    exit 1
fi
echo "suffice starts on Python$seen"
