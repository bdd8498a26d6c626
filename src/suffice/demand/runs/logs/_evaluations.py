"""Evaluations of a trained model: results of lm-evaluation-harness and logs of inspect_ai."""

from __future__ import annotations

import zipfile
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from suffice.demand.runs.logs._log import Point, RunLog, State, flat, read_json
from suffice.demand.runs.logs._zstandard import read_member
from suffice.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

LM_EVAL, INSPECT = "lm-eval", "inspect_ai"
_STATES: dict[str, State] = {
    "success": "done", "error": "failed", "cancelled": "failed", "started": "pending"
}  # fmt: skip


def claims_lm_eval(folder: Path, names: list[str]) -> list[str]:
    """Files called ``results_DATE.json``, which lm-evaluation-harness writes."""
    return [n for n in names if n.startswith("results_") and n.endswith(".json")]


def read_lm_eval(folder: Path, names: list[str]) -> list[RunLog]:
    """One log a file: a metric for each task, metric and, where a task has several, filter."""
    found = []
    for name in sorted(names):
        path = folder / name
        told = read_json(path)
        if not isinstance(told, dict) or not isinstance(told.get("results"), dict):
            continue
        values: dict[str, float] = {}
        better: dict[str, Literal["lower", "higher"]] = {}
        notes: list[str] = []
        for task, row in told["results"].items():
            _lm_eval_task(task, row, told, values, better, notes)
        config = told.get("config") or {}
        args = config.get("model_args")
        settings = flat(config) | (flat({"model_args": _arguments(args)}) if args else {})
        arguments = _arguments(args) if args else {}
        of = str(arguments.get("pretrained") or told.get("model_name") or config.get("model"))
        found.append(
            RunLog(
                run=of.rstrip("/").split("/")[-1], kind=LM_EVAL, path=str(path), settings=settings,
                points=(Point(None, values),), time=_float(told.get("date")), of=of,
                better=better, notes=tuple(notes),
            )
        )  # fmt: skip
    return found


def _lm_eval_task(
    task: str,
    row: dict[str, Any],
    told: dict[str, Any],
    values: dict[str, float],
    better: dict[str, Literal["lower", "higher"]],
    notes: list[str],
) -> None:
    """Values of one task: keys are ``metric,filter`` and ``metric_stderr,filter``."""
    keys = [k for k in row if "," in k and isinstance(row[k], int | float)]
    filters = list(dict.fromkeys(k.rpartition(",")[2] for k in keys))
    for key in keys:
        metric, _, which = key.rpartition(",")
        name = f"{task}/{metric}"
        if len(filters) > 1:
            tail = "_stderr" if metric.endswith("_stderr") else ""
            name = f"{task}/{metric.removesuffix('_stderr')}:{which}{tail}"
        values[name] = float(row[key])
        told_better = (told.get("higher_is_better") or {}).get(task, {}).get(metric)
        if told_better is not None:
            better[name] = "higher" if told_better else "lower"
    if len(filters) > 1:
        notes.append(f"{task} has {len(filters)} filters ({', '.join(filters)}): a metric for each")
    counted = (told.get("n-samples") or {}).get(task) or {}
    if counted.get("effective", 0) < counted.get("original", 0):
        notes.append(f"{task} was scored on {counted['effective']} of {counted['original']} items")


def claims_inspect(folder: Path, names: list[str]) -> list[str]:
    """Archives ending in .eval, and JSON files named as inspect_ai names its logs."""
    return [n for n in names if n.endswith(".eval") or (n.endswith(".json") and _is_dated(n))]


def _is_dated(name: str) -> bool:
    """Whether a name begins with a time, as in 2026-11-30T19-18-59-00-00_task_id.json."""
    return len(name) > 26 and name[:4].isdigit() and name[10:11] == "T" and "_" in name


def read_inspect(folder: Path, names: list[str]) -> list[RunLog]:
    """One log a file. Its values are means over samples, each the mean of its epochs."""
    found = []
    for file in sorted(names):
        path = folder / file
        told = _inspect_header(path) if file.endswith(".eval") else read_json(path)
        if not isinstance(told, dict) or "eval" not in told or "status" not in told:
            continue
        spec = told["eval"]
        results = told.get("results") or {}
        values: dict[str, float] = {}
        scores = results.get("scores") or []
        for score in scores:
            head = spec["task"] if len(scores) == 1 else f"{spec['task']}/{score['name']}"
            head += f":{score['reducer']}" if score.get("reducer") and len(scores) > 1 else ""
            of_what = next((m for m in score["metrics"] if m != "stderr"), "mean")
            for metric, value in score["metrics"].items():
                name = f"{of_what}_stderr" if metric == "stderr" else metric
                values[f"{head}/{name}"] = float(value["value"])
        epochs = (spec.get("config") or {}).get("epochs") or 1
        notes = []
        if epochs > 1 and scores:
            items = scores[0].get("scored_samples")
            notes.append(f"{spec['task']} has {epochs} epochs of {items} samples: {items} items, "
                         f"not {results.get('total_samples')}")  # fmt: skip
        settings = flat(spec.get("metadata") or {}) | flat({"task_args": spec.get("task_args")})
        settings |= flat({"model_args": spec.get("model_args") or {}, "model": spec["model"]})
        found.append(
            RunLog(
                run=str(spec["model"]).rstrip("/").split("/")[-1], kind=INSPECT, path=str(path),
                settings=settings, points=(Point(None, values),) if values else (),
                state=_STATES.get(told["status"], "done"), of=str(spec["model"]),
                time=datetime.fromisoformat(spec["created"]).timestamp(), notes=tuple(notes),
            )
        )  # fmt: skip
    return found


def _inspect_header(path: Path) -> Any:  # noqa: ANN401 - anything JSON can hold
    """``header.json`` of an archive; inspect_ai 0.3.285 compresses its members by Zstandard.

    Raises:
        InputError: it is no archive, was never finished, or cannot be unpacked here.
    """
    import json

    try:
        with zipfile.ZipFile(path) as archive:
            inside = set(archive.namelist())
            if "header.json" not in inside and "_journal/start.json" in inside:
                told = json.loads(read_member(path, archive.getinfo("_journal/start.json")))
                return {"status": "started", **told}
            return json.loads(read_member(path, archive.getinfo("header.json")))
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        raise InputError(
            f"it is no whole log of inspect_ai ({error})", where=str(path),
            fix="leave it out, or write it again with `inspect log convert`",
        ) from None  # fmt: skip


def _arguments(given: object) -> dict[str, Any]:
    """Arguments of a model, which are text in files of older versions."""
    if isinstance(given, dict):
        return given
    pairs = (part.partition("=") for part in str(given).split(",") if "=" in part)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
