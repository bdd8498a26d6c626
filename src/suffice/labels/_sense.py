"""What columns hold, against what they are called: a name is believed where its values fit it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from suffice.errors import InputError
from suffice.labels._columns import KNOWN_NAMES
from suffice.labels._spelling import answer_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

_LOOKED_AT = 200_000
"""Rows that are looked at. Chosen: enough to see what a column holds, in a fraction of a second."""
_MOST_ANSWERS = 50
"""Different values up to which a column may hold answers. Chosen: as many as a study takes."""
_LONG = 40
"""Letters from which cells are texts on average. Chosen: names of classes are shorter."""
_REPEATED, _ALONE = 0.7, 0.95
"""Ids of tasks are at most so many a row, and so many of their pairs with workers occur once.
Chosen: a task of a file that can be audited has two labels as a rule, hardly ever of one worker."""
_ID = re.compile(r"(?:^|[_ -])(?:id|key|no|nr|number|hash|uuid|url)$|(?:Id|ID|Key|Hash)$")
_TEXTS = {
    "text", "sentence", "prompt", "content", "document", "comment", "title", "tweet", "input",
    "passage", "utterance", "post", "review", "instruction", "query", "image", "file", "filename",
}  # fmt: skip
_AGREED = "never differs between the workers of a task"
_DOUBTFUL = {"response", "answer", "category", "class", "value", "score", "preference"}
"""Names of labels that are often those of what was judged, or of what is known of it."""


def sensible(
    frame: pl.DataFrame, taken: Mapping[str, str], named: Mapping[str, str], *, origin: str
) -> tuple[dict[str, str], list[str]]:
    """Columns by what they hold, where their names mislead.

    Args:
        frame: the raw rows.
        taken: our name -> the file's column, by names.
        named: those that the user named: they are believed.
        origin: the file, for messages.

    Returns:
        Our name -> the file's column, and what was taken otherwise than by its name.

    Raises:
        InputError: what was taken as the label is no answer of workers, and another column may be.
    """
    found, notes = dict(taken), list[str]()
    head = frame.head(_LOOKED_AT)
    if not {"worker", "label"} <= set(found) or "left" in found or head.is_empty():
        return found, notes
    if "task" not in named:
        _task(head, found, notes)
    if "task" not in found:
        return found, notes
    if "label" not in named:
        _label(head, found, notes, origin)
    if "gold" in found and "gold" not in named:
        _gold(head, found, notes)
    if "source" in found and "source" not in named and "slice" not in found:
        _source(head, found, notes)
    return found, notes


def _task(frame: pl.DataFrame, found: dict[str, str], notes: list[str]) -> None:
    """A column that differs in every row, or never, is no task where another one groups rows."""
    rows, now = len(frame), found.get("task")
    number = frame[now].n_unique() if now is not None else rows
    if not (rows > 1 and number in (1, rows)) or frame[found["worker"]].n_unique() < 2:
        return
    for name in sorted(_unused(frame, found), key=lambda n: _rank(n, frame.columns)):
        if _rank(name, frame.columns)[0] > 2 or frame.schema[name].is_float():
            continue
        count = frame[name].n_unique()
        pairs = frame.select(name, found["worker"]).n_unique()
        if 2 <= count <= _REPEATED * rows and pairs >= _ALONE * rows and count < pairs:
            why = "differs in every row" if number == rows else "is the same in all rows"
            instead = f"not {now}, which {why}" if now else "which several workers labelled"
            notes.append(f"read {name} as task, {instead}")
            found["task"] = name
            return


def _label(frame: pl.DataFrame, found: dict[str, str], notes: list[str], origin: str) -> None:
    """A column that never differs between the workers of a task was judged, it is no judgement."""
    now = found["label"]
    why = _no_answer(frame, now, found)
    if why is None or (why == _AGREED and _plain(now) not in _DOUBTFUL):
        return  # workers may agree on every task
    plain = {_plain(name): name for name in _unused(frame, found)}
    known = [plain[name] for name in KNOWN_NAMES["label"] if name in plain]
    for name in known:
        if _no_answer(frame, name, found) is None and _few(frame[name]):
            notes.append(f"read {name} as label, not {now}, which {why}")
            found["label"] = name
            return
    others = [n for n in plain.values() if _few(frame[n]) and _differs(frame, n, found)]
    if others:
        raise InputError(
            f"{now} was taken as the label, but it {why}, and {' and '.join(others[:3])} "
            f"{'does' if len(others) == 1 else 'do'}",
            where=origin,
            fix=f'say which column is the label: columns={{"label": "{others[0]}"}} in Python, '
            f"--column label={others[0]} for suffice audit",
        )
    notes.append(f"{now} is read as the label, although it {why}")


def _no_answer(frame: pl.DataFrame, name: str, found: Mapping[str, str]) -> str | None:
    """Why a column can hardly hold the answers of workers; None where it can."""
    import polars as pl

    column = frame[name]
    if column.dtype.is_nested() or column.dtype == pl.Object:
        return None
    tasks, number = frame[found["task"]].n_unique(), column.n_unique()
    several = frame.filter(pl.struct(found["task"]).is_duplicated())
    if number > 2 and number >= tasks / 2 and len(several) and not _differs(frame, name, found):
        return _AGREED
    if column.dtype == pl.String and number > _MOST_ANSWERS:
        length = column.str.len_chars().mean()
        if isinstance(length, float) and length > _LONG:
            return "holds texts"
    if number > 1 and len(several) > 2 * tasks and not _differs(frame, name, found):
        return _AGREED
    return None


def _differs(frame: pl.DataFrame, name: str, found: Mapping[str, str]) -> bool:
    """Whether a column differs within a task."""
    import polars as pl

    task = found["task"]
    if name == task:
        return False
    return frame.select(pl.struct(task, name).n_unique() > pl.col(task).n_unique()).item() is True


def _gold(frame: pl.DataFrame, found: dict[str, str], notes: list[str]) -> None:
    """Gold is answers: a column of texts that no worker answered is none."""
    import polars as pl

    answers = {answer_key(str(v)) for v in frame[found["label"]].unique().drop_nulls().to_list()}
    plain = {_plain(name): name for name in [found["gold"], *_unused(frame, found)]}
    first = found["gold"]
    for name in (plain[n] for n in KNOWN_NAMES["gold"] if n in plain):
        column = frame[name]
        if column.dtype.is_nested() or column.dtype == pl.Object:
            continue
        values = {answer_key(str(v)) for v in column.unique().drop_nulls().to_list()}
        if values & answers or len(values) <= max(2 * len(answers), 10):
            if name != first:
                notes.append(f"read {name} as gold, not {first}, which holds no answer")
            found["gold"] = name
            return
    notes.append(f"{first} is not read as gold: none of its values is an answer that was given")
    del found["gold"]


def _source(frame: pl.DataFrame, found: dict[str, str], notes: list[str]) -> None:
    """Where workers come from differs between workers, where texts come from between tasks."""
    import polars as pl

    name = found["source"]
    workers = frame[found["worker"]].n_unique()
    places = frame.select(found["worker"], name).n_unique()
    several = len(frame) > frame[found["task"]].n_unique()
    if several and frame[name].n_unique() > 1 and places >= 1.5 * workers:
        if (
            frame.select(pl.struct(found["task"], name).n_unique()).item()
            > frame[found["task"]].n_unique()
        ):
            return
        notes.append(
            f"read {name} as slice, not as source: it differs between tasks, not between workers"
        )
        found["slice"] = found.pop("source")


def _unused(frame: pl.DataFrame, found: Mapping[str, str]) -> list[str]:
    import polars as pl

    return [
        name
        for name, dtype in frame.schema.items()
        if name not in found.values() and not dtype.is_nested() and dtype != pl.Object
    ]


def _few(column: pl.Series) -> bool:
    """Whether a column has so few values that they may be answers."""
    return 2 <= column.drop_nulls().n_unique() <= min(_MOST_ANSWERS, max(2, len(column) // 2))


def _rank(name: str, names: list[str]) -> tuple[int, int]:
    """How surely a name is that of a task: known, an id, a text, anything else."""
    known = KNOWN_NAMES["task"]
    if _plain(name) in known:
        return 0, known.index(_plain(name))
    if _ID.search(name):
        return 1, names.index(name)
    return (2 if _plain(name) in _TEXTS else 3), names.index(name)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
