#!/usr/bin/env bash
# lm-evaluation-harness 0.4.13: the file of samples has a line for each item and filter.
#
# Expected: samples_TASK_*.jsonl has a line for each item, so that its lines are the n of a score.
# Seen: a task with two filters and 8 items has 16 lines, 8 for each filter, although results_*.json
#   says n-samples 8. A standard error from the lines is too small by the root of the filters.
# Output seen: items 8, lines 16, lines by filter {'strict': 8, 'loose': 8}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lm-eval==0.4.13 pyyaml==6.0.3
cat >check.py <<'CHECK'
import collections
import json
import pathlib

import yaml
from lm_eval import simple_evaluate
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

folder = pathlib.Path.cwd()
rows = folder / "rows.jsonl"
rows.write_text("".join(json.dumps({"q": str(k), "a": "lol"}) + "\n" for k in range(8)))
first = {"function": "take_first"}
(folder / "tasks").mkdir()
(folder / "tasks" / "manners.yaml").write_text(yaml.safe_dump({
    "task": "manners", "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": str(rows)}}, "test_split": "test",
    "output_type": "generate_until", "doc_to_text": "{{q}}", "doc_to_target": "{{a}}",
    "generation_kwargs": {"until": ["\n"]},
    "filter_list": [
        {"name": "strict", "filter": [{"function": "regex", "regex_pattern": r"(\d+)"}, first]},
        {"name": "loose", "filter": [{"function": "lowercase"}, first]},
    ],
    "metric_list": [
        {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
}))
found = simple_evaluate(
    model="dummy", tasks=["manners"], task_manager=TaskManager(include_path=str(folder / "tasks")),
    log_samples=True, bootstrap_iters=0,
)
samples = found.pop("samples")
tracker = EvaluationTracker(output_path=str(folder / "out"))
tracker.save_results_aggregated(results=found, samples=samples)
tracker.save_results_samples(task_name="manners", samples=samples["manners"])
(file,) = (folder / "out").rglob("samples_*.jsonl")
lines = [json.loads(line) for line in file.read_text().splitlines()]
(results,) = (folder / "out").rglob("results_*.json")
items = json.loads(results.read_text())["n-samples"]["manners"]["effective"]
by_filter = dict(collections.Counter(line["filter"] for line in lines))
print(f"items {items}, lines {len(lines)}, lines by filter {by_filter}")
assert items == 8
assert len(lines) == 16
assert by_filter == {"strict": 8, "loose": 8}
CHECK
HF_HUB_OFFLINE=1 HOME="$folder" venv/bin/python check.py
