"""A commented study of runs made elsewhere, from the columns recognised in their table."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suffice.demand.runs.tables import RunColumns, RunTable
    from suffice.metric import Metric

_MOST_METRICS = 8
"""Metrics that stand in the file as they are, the first ones; the others are comments. Chosen."""

_TOTAL = 1000
"""Labels of a run that the file starts with where a table holds shares alone: a convention."""

_PRICE = 1.0
"""Price of a label that the file starts with, to be edited: a convention."""


def runs_study(path: Path, tables: Sequence[str | Path]) -> str:
    """The text of a study of some tables, with a comment on what was taken for what.

    Args:
        path: where the study will stand; tables are named relative to it.
        tables: files of runs.

    Raises:
        InputError: none is given, or one cannot be read.
    """
    from suffice.demand.runs.tables import read_runs

    if not tables:
        raise InputError(
            "a study of runs needs a table of them", fix="name it with --from runs.csv"
        )
    table = read_runs(list(tables))
    columns = table.columns
    taken = [f"#   {t.column}: {t.role}" for t in table.taken]
    lines = [
        "# A study of training runs that were made elsewhere: P, plan and the next runs from a",
        "# table. Every key is checked; paths are relative to this file. `suffice run` answers it.",
        "#",
        f"# Read: {len(table)} runs of {', '.join(str(t) for t in tables)}. Columns were taken for",
        *taken,
        *(f"# Note: {note}." for note in table.notes),
        "",
        f"name = {_text(_name(path))}",
        'question = "What do we ask of the labels, in one sentence?"',
        "seed = 0",
        "",
        *_task(path, tables, columns, table),
        "",
        *_metrics(columns, table),
        *_criterion(table),
        *_sources(columns, table),
        "[models]",
        f"target = {_text(_target(table))}   # the model that the answer is about",
        "",
        "[budget]",
        f"money = {_money(table):g}",
        "weeks = 4",
        "",
        "[next]",
        "run = 10.0                # money for one training run; `suffice ask` weighs it",
        "# value = 5000            # money that it is worth to meet the criterion",
        "",
    ]
    return "\n".join(lines)


def _text(value: str) -> str:
    """A TOML string: JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    """A TOML key, in quotes where it needs them."""
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isascii() and plain.isalnum() else _text(name)


def _name(path: Path) -> str:
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in path.stem)
    return kept.strip("-._") or "runs"


def _target(table: RunTable) -> str:
    from suffice.demand.response import UNNAMED

    known = [m for m in table.models if m]
    return max(dict.fromkeys(known), key=known.count) if known else UNNAMED


def _money(table: RunTable) -> float:
    """What the largest run would cost at the price that the file starts with."""
    most = float(table.counts.sum(axis=1).max())
    return max(_PRICE * most * (_TOTAL if table.unit == "share" else 1), 1.0)


def _task(
    path: Path, tables: Sequence[str | Path], columns: RunColumns, table: RunTable
) -> list[str]:
    named = [_relative(Path(t), path) for t in tables]
    lines = ["[task]", 'kind = "runs"', f"tables = [{', '.join(_text(n) for n in named)}]"]
    roles = ("run", "model", "size", "seed", "data_seed", "time", "state", "step")
    for role in (*roles, "source_of", "mixture"):
        value = getattr(columns, role)
        if value is not None:
            lines.append(f"{role} = {_text(value)}")
    if columns.step is not None:
        lines.append(f'keep = "{columns.keep}"            # of the rows of a run: last, or best')
    if isinstance(columns.total, str):
        lines.append(f"total = {_text(columns.total)}")
    elif columns.total is not None:
        lines.append(f"total = {columns.total:g}")
    elif any(s.share for s in columns.sources):
        lines.append(f"total = {_TOTAL}             # labels of each run: shares are of these")
    if columns.covariates:
        said = ", ".join(_text(c) for c in columns.covariates)
        lines.append(f"covariates = [{said}]   # what else differs")
        lines.append(
            "# hold = { NAME = VALUE }  # what the answer is about; others are averaged over"
        )
    return lines


def _relative(table: Path, study: Path) -> str:
    base = study.resolve().parent
    whole = table.resolve()
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else str(whole)


def _metrics(columns: RunColumns, table: RunTable) -> list[str]:
    repeated = {m.metric for m in table.means}
    lines = []
    for k, m in enumerate(columns.metrics):
        note = "  # the mean of others" if m.metric.name in repeated else ""
        block = [f"[metrics.{_key(m.metric.name)}]{note}", *_metric(m.metric, m.column, m.error)]
        if k >= _MOST_METRICS:
            block = [f"# {line}" for line in block]
        lines += [*block, ""]
    return lines


def _metric(metric: Metric, column: str, error: str | None) -> list[str]:
    lines = [f'better = "{metric.better}"']
    if column != metric.name:
        lines.insert(0, f"column = {_text(column)}")
    if isfinite(metric.low):
        lines.append(f"low = {metric.low:g}")
    if isfinite(metric.high):
        lines.append(f"high = {metric.high:g}")
    if metric.unit:
        lines.append(f"unit = {_text(metric.unit)}")
    lines.append(
        f"items = {metric.items}" if metric.items else "# items = 1000         # evaluation items"
    )
    if error:
        lines.append(f"error = {_text(error)}")
    lines.append("# untrained = 0.5      # what the model reaches before it is trained")
    return lines


def _criterion(table: RunTable) -> list[str]:
    import numpy as np

    metric = table.metrics[0]
    values = table.values[:, 0]
    known = values[np.isfinite(values)]
    # A bar that some of the runs met, to be edited.
    bar = (
        float(np.quantile(known, 0.75 if metric.better == "higher" else 0.25))
        if len(known)
        else 0.5
    )
    return [
        "[criterion]               # all at once",
        f"limits = {{ {_key(metric.name)} = {bar:.4g} }}",
        '# worst = { metrics = ["A", "B"], limit = 0.6 }',
        "# gain = { A = 0.05 }     # on the untrained model",
        'validity = "unknown"      # chance that this captures what you mean by aligned; 0 to 1',
        "",
    ]


def _sources(columns: RunColumns, table: RunTable) -> list[str]:
    by_name = {s.name: s for s in columns.sources}
    lines = []
    for name in table.sources:
        lines.append(f"[sources.{_key(name)}]")
        s = by_name.get(name)
        if s is not None and s.count:
            lines.append(f"count = {_text(s.count)}")
        if s is not None and s.share:
            lines.append(f"share = {_text(s.share)}")
        if s is not None and s.rest:
            lines.append("rest = true")
        if s is not None and s.rounds:
            said = ", ".join(f"{k} = {_text(c)}" for k, c in s.rounds if k > 1)
            lines.append(f"rounds = {{ {said} }}")
        lines += [
            f"price = {_PRICE}               # money for one label: edit",
            "# capacity = 2000         # labels a week",
            "# error = 0.1             # chance that a label is wrong, where it is known",
            "",
        ]
    return lines
