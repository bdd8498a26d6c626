"""A study file to start from, for the user's own data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from suffice._disk import write_file
from suffice.errors import InputError
from suffice.stages._examples import example_study

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal


def init(
    path: str | Path = "study.toml",
    *,
    kind: Literal["preferences", "votes", "ratings", "runs"] = "preferences",
    force: bool = False,
    tables: Sequence[str | Path] = (),
) -> Path:
    """Write a commented study file.

    Args:
        path: file to write.
        kind: of the task: chosen and rejected answers, crowd votes, a copy of the example study, or
            training runs that were made elsewhere.
        force: overwrite the file if it is there.
        tables: of runs, whose columns are recognised; for ``runs`` only.

    Returns:
        The file.

    Raises:
        InputError: it is there already, or a table is missing or cannot be read.
        StorageError: the disk refused.
    """
    path = Path(path)
    if path.exists() and not force:
        raise InputError("is there already", where=str(path), fix="--force overwrites it")
    if tables and kind != "runs":
        raise InputError(f"a study of {kind} starts from no table", fix="leave --from out")
    if kind == "runs":
        from suffice.stages._init_runs import runs_study

        text = runs_study(path, tables)
    elif kind == "ratings":
        text = example_study().read_text(encoding="utf-8")
    else:
        text = _HEAD.format(name=path.stem) + _TASKS[kind] + _REST
    write_file(path, text.encode())
    return path


_HEAD = """\
# A study: how much of which labels must be bought so that training on them meets a criterion?
# Every key is checked; paths are relative to this file. `suffice run` answers it.

name = "{name}"
question = "What do we ask of the labels, in one sentence?"
seed = 0
"""

_TASKS = {
    "preferences": """
[task]
kind = "preferences"        # which of two answers is better
gold = "gold.jsonl"         # trusted comparisons (prompt, chosen, rejected); never trained on
group = "prompt"            # tasks that share this column stay on one side of every split
# slice = "topic"           # column that names the slice of a task

[criterion]                 # all thresholds at once, on the gold
error = 0.30
# worst_slice_error = 0.35
# slice_error = { safety = 0.25 }
# limits = { log_loss = 0.6, calibration = 0.1 }  # any other metric of a run
# severe = { safety = 0.01 } # every failure there is severe: 95 % upper bound of the error
validity = "unknown"        # chance that this criterion captures what you mean by aligned; 0 to 1

[sources.vendor]
about = "who labels, and how"
labels = "vendor.jsonl"     # prompt, chosen, rejected (JSONL or parquet, as TRL reads them)
price = 0.80                # money for one label
capacity = 2000             # labels a week
# qc = ["test:10:8", "gold:.1"]            # quality control the plan may buy; see `suffice offers`
# workers = { spread = 0.8, labels_per_worker = 200 }   # how its workers differ: a stated prior

[sources.experts]
labels = "experts.parquet"
price = 12.0
capacity = 150
latency_days = 7
""",
    "votes": """
[task]
kind = "votes"              # of which class is this text?
items = "items.csv"         # task, text (or task, text_a, text_b for comparisons)
gold = "gold.csv"           # task, label
classes = ["no", "yes"]     # 2 to 50 of them; of two the second one is the positive answer
# slice = "topic"           # column of the items file
# group = "prompt"          # column of the items file: tasks of one value train or judge together

[criterion]                 # all thresholds at once, on the gold
error = 0.20
# worst_slice_error = 0.30
# limits = { log_loss = 0.5 } # any other metric of a run
validity = "unknown"        # chance that this criterion captures what you mean by aligned; 0 to 1

[sources.crowd]
about = "who labels, and how"
labels = "crowd.csv"        # task, worker, label
price = 0.10                # money for one label
capacity = 5000             # labels a week
labels_per_task = [1, 3]    # numbers of labels a task that may be bought
# qc = ["test:10:8", "test:10:8,x3"]       # quality control the plan may buy; see `suffice offers`
# workers = { spread = 0.8, labels_per_worker = 200 }   # how its workers differ: a stated prior

[sources.experts]
labels = "experts.csv"
price = 2.0
capacity = 300
""",
}

_REST = """
[models]
target = "minilm-l6"        # `suffice models` lists those that need no hub; or "hf:NAME" or a path
others = []                 # measured beside it, to show how the need moves with the model

[budget]
money = 2000
weeks = 4

[grid]                      # the runs that measure demand
seeds = 12
mixtures = 32
smallest = 50

[attack]                    # what hostile workers would push; without a trigger, wrong answers
# trigger = "buy now"       # words that some texts contain

[check]                     # the runs that hold the forecast to account
runs = 40
"""
