#!/usr/bin/env bash
# MLflow 3.17.2 (mlflow-skinny, SQLite store): the "latest" value of a metric is not the last logged.
#
# Expected: run.data.metrics, documented as the latest values, holds what was logged last.
# Seen: it holds the value of the highest step. A late evaluation of an earlier checkpoint, logged
#   at that checkpoint's step after the run went on, is not shown.
# Output seen: logged last: 0.65, latest by MLflow: 0.7
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1
cat >check.py <<'CHECK'
import mlflow

mlflow.set_tracking_uri("sqlite:///store.db")
with mlflow.start_run() as run:
    for step, value in ((1, 0.5), (10, 0.7), (5, 0.65)):
        mlflow.log_metric("accuracy", value, step=step)
client = mlflow.MlflowClient()
latest = client.get_run(run.info.run_id).data.metrics["accuracy"]
last = client.get_metric_history(run.info.run_id, "accuracy")[-1].value
print(f"logged last: {last}, latest by MLflow: {latest}")
assert last == 0.65
assert latest == 0.7
CHECK
HOME="$folder" venv/bin/python check.py
