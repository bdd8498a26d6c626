#!/usr/bin/env bash
# argilla 2.8.0, with the newest of its dependencies (huggingface_hub 2.4.0, datasets 5.2.0).
#
# Expected: `pip install argilla` gives a package that can be imported.
# Seen: `import argilla` ends in ModuleNotFoundError: No module named 'requests'. argilla's settings
# import requests, which argilla does not declare: it used to come with huggingface_hub, which has
# no need of it any more. `pip install requests` mends it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    argilla==2.8.0 huggingface_hub==2.4.0 datasets==5.2.0
declared=$("$folder/venv/bin/python" - <<'PY'
from importlib.metadata import requires
print(any(r.split(">")[0].split("=")[0].strip() == "requests" for r in requires("argilla")))
PY
)
seen=$("$folder/venv/bin/python" -c "import argilla" 2>&1 | tail -1 || true)
echo "argilla declares requests: $declared; import argilla: $seen"
[ "$declared" = False ]
[ "$seen" = "ModuleNotFoundError: No module named 'requests'" ]
