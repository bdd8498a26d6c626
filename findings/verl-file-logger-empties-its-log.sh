#!/usr/bin/env bash
# verl 0.9.1: its file logger empties the log when a run is resumed.
#
# Expected: a run that is resumed under its project and name goes on in PROJECT/NAME.jsonl, as its
#   training goes on from a checkpoint.
# Seen: the file is opened for writing ("wb"): steps before the resumption are gone, without a word.
# Output seen: steps in the file after steps 1 and 2, a restart, and step 3: [3]
#
# The class is loaded from its file, because importing the package needs Ray and torch.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-deps verl==0.9.1 orjson==3.11.5 packaging==26.3
cat >check.py <<'CHECK'
import importlib.util
import json
import os
import pathlib
import sys

spec = importlib.util.find_spec("verl")
file = pathlib.Path(spec.submodule_search_locations[0]) / "utils" / "tracking.py"
spec = importlib.util.spec_from_file_location("tracking", file)
tracking = importlib.util.module_from_spec(spec)
sys.modules["tracking"] = tracking
spec.loader.exec_module(tracking)
os.environ["VERL_FILE_LOGGER_ROOT"] = os.getcwd()
log = tracking.FileLogger("project", "name")
log.log({"val-core/acc": 0.5}, 1)
log.log({"val-core/acc": 0.6}, 2)
log.finish()
log = tracking.FileLogger("project", "name")
log.log({"val-core/acc": 0.7}, 3)
log.finish()
lines = pathlib.Path("project/name.jsonl").read_text().splitlines()
steps = [json.loads(line)["step"] for line in lines]
print("steps in the file after steps 1 and 2, a restart, and step 3:", steps)
assert steps == [3]
CHECK
HOME="$folder" venv/bin/python check.py
