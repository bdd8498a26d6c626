#!/usr/bin/env bash
# tensorboard 2.21.0: its reader keeps 10,000 points of a series, drawn at random, without a word.
#
# Expected: EventAccumulator(folder).Scalars(tag) holds every point of the file, or says it samples.
# Seen: of 25,000 points 10,000 are handed out (those kept are always the same, and the last is one
#   of them), so that the maximum of a curve may not be among them. Nothing is printed.
# Output seen: written 25000, read 10000; best written 0.99, best read 0.7499899864196777
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tensorboard==2.21.0 tensorboardX==2.6.5
cat >check.py <<'CHECK'
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboardX import SummaryWriter

writer = SummaryWriter("run")
for step in range(25_000):
    writer.add_scalar("accuracy", 0.99 if step == 777 else 0.5 + step / 100_000, step)
writer.close()
events = EventAccumulator("run")
events.Reload()
points = events.Scalars("accuracy")
best = max(p.value for p in points)
print(f"written 25000, read {len(points)}; best written 0.99, best read {best}")
assert len(points) == 10_000
assert points[-1].step == 24_999
assert best < 0.8
CHECK
HOME="$folder" venv/bin/python check.py
