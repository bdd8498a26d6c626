#!/usr/bin/env bash
# wandb 0.31.0: an offline run leaves neither its config nor its summary as files.
#
# Expected: files/ of an offline run holds config.yaml and wandb-summary.json, as readers of run
#   folders look for them before `wandb sync`.
# Seen: files/ holds neither; settings, history and summary are in the binary run-ID.wandb alone.
# Output seen: ['requirements.txt'] (with code and metadata where they are on), and one .wandb file
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check wandb==0.31.0
cat >check.py <<'CHECK'
import os
import pathlib

os.environ |= {"WANDB_MODE": "offline", "WANDB_DIR": os.getcwd(), "WANDB_SILENT": "true"}
import wandb

run = wandb.init(project="p", name="r", config={"n_labels": 300})
run.log({"accuracy": 0.7})
run.summary["best"] = 0.7
run.finish()
(folder,) = pathlib.Path("wandb").glob("offline-run-*")
names = sorted(p.name for p in (folder / "files").iterdir())
(binary,) = folder.glob("*.wandb")
print(names, "and one .wandb file")
assert not {"config.yaml", "wandb-summary.json"} & set(names)
assert binary.name.startswith("run-")
CHECK
HOME="$folder" venv/bin/python check.py
