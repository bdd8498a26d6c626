#!/usr/bin/env bash
# label-studio-sdk 2.1.2, the converter behind the exports of Label Studio 1.23.
#
# Choices with perItem="true" ask the same question of each item of a task (images of a list, turns
# of a dialogue). The JSON export keeps which item an answer is about in item_index.
#
# Expected: JSON-MIN and CSV keep it too, or an item without an answer leaves its place empty.
# Seen: both write a bare list of the answers. Who answered about the first image alone and who
# answered about the second alone export the same cell, "cat".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check label-studio-sdk==2.1.2
"$folder/venv/bin/python" - "$folder" <<'PY'
import csv
import json
import sys
from pathlib import Path

from label_studio_sdk.converter import Converter

folder = Path(sys.argv[1])
config = (
    '<View><Image name="img" valueList="$images"/><Choices name="kind" toName="img" perItem="true">'
    '<Choice value="cat"/><Choice value="dog"/></Choices></View>'
)


def annotation(number, item):
    return {
        "id": number, "completed_by": {"id": number, "email": f"w{number}@example.org"},
        "result": [{"from_name": "kind", "to_name": "img", "type": "choices", "item_index": item,
                    "value": {"choices": ["cat"]}}],
        "was_cancelled": False, "ground_truth": False, "lead_time": 1.0,
        "created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-01T10:00:00Z",
    }


tasks = [{"id": 1, "data": {"images": ["u", "v"]}, "predictions": [],
          "annotations": [annotation(1, 0), annotation(2, 1)]}]
(folder / "in.json").write_text(json.dumps(tasks))
converter = Converter(config, project_dir=None)
for form in ("JSON_MIN", "CSV"):
    (folder / form).mkdir()
    converter.convert(str(folder / "in.json"), str(folder / form), form, is_dir=False)
small = [row["kind"] for row in json.loads((folder / "JSON_MIN" / "result.json").read_text())]
with (folder / "CSV" / "result.csv").open() as file:
    flat = [row["kind"] for row in csv.DictReader(file)]
print("answers about items 0 and 1; JSON-MIN:", small, "CSV:", flat)
assert small == ["cat", "cat"] and flat == ["cat", "cat"], "the item is told now"
PY
