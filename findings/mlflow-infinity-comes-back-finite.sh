#!/usr/bin/env bash
# MLflow 3.17.2 (mlflow-skinny, SQLite store): an infinite metric comes back finite.
#
# Expected: log_metric("loss", math.inf) is read back as infinity, as NaN is read back as NaN.
# Seen: the client hands out 1.7976931348623157e+308, the largest double, which is finite; a mean,
#   a sort or a plot takes it for a number. NaN comes back as NaN.
# Output seen: {'inf': 1.7976931348623157e+308, 'nan': nan}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mlflow-skinny==3.17.2 sqlalchemy==2.1.9 alembic==1.20.1
cat >check.py <<'CHECK'
import math

import mlflow

mlflow.set_tracking_uri("sqlite:///store.db")
with mlflow.start_run() as run:
    mlflow.log_metric("inf", math.inf)
    mlflow.log_metric("nan", math.nan)
found = mlflow.MlflowClient().get_run(run.info.run_id).data.metrics
print(found)
assert math.isnan(found["nan"])
assert math.isfinite(found["inf"])
assert found["inf"] == 1.7976931348623157e308
CHECK
HOME="$folder" venv/bin/python check.py
