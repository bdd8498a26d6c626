"""Labels and preferences into the files that the next tool reads."""

from __future__ import annotations

import io
import json
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice._disk import write_file
from suffice.errors import InputError
from suffice.labels._read import read_labels
from suffice.labels._values import counted
from suffice.labels.formats import (
    PARTS,
    is_pairs,
    pair_messages,
    pair_texts,
    read_frame,
    standard,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from suffice.labels._table import LabelTable

_USERS = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
"""The namespace in which workers' names become Argilla's user ids (the OID one of RFC 9562)."""


@dataclass(frozen=True)
class Converted:
    """What was written, and what the target could not carry.

    Attributes:
        path: the file.
        rows: rows, tasks or records in it.
        lost: what it does not carry, one line each.
        notes: what was assumed when the labels were read.
    """

    path: Path
    rows: int
    lost: tuple[str, ...]
    notes: tuple[str, ...] = ()


def convert(
    given: str | Path,
    out: str | Path,
    *,
    to: str,
    columns: Mapping[str, str] | None = None,
    drop_missing: bool = False,
    workers: Sequence[str] = (),
) -> Converted:
    """Write labels or preferences in the form that another tool reads.

    Args:
        given: any file that :func:`read_labels` reads.
        out: the file to write. A table is CSV, TSV, parquet, JSON or JSON lines by its ending,
            pairs for TRL JSON lines or parquet, pairs for OpenAI JSON lines, the others JSON.
        to: one of ``TARGETS``: ``trl`` and ``openai`` take pairs of texts, the others labels.
        columns: our name -> the name in the file, where the names are not obvious.
        drop_missing: leave out rows without a task, worker or label instead of refusing them.
        workers: columns that hold one worker's labels each.

    Raises:
        InputError: the file cannot be read, or holds what the target has no form for.
        StorageError: the file cannot be written.
    """
    path = Path(out)
    if to not in TARGETS:
        raise InputError(f"there is no target {to!r}", fix=f"one of: {', '.join(TARGETS)}")
    write, endings = TARGETS[to]
    if path.suffix.lower() not in endings:
        raise InputError(
            f"{to} is not written to files that end in {path.suffix or 'nothing'}",
            where=str(path), fix=f"one of: {', '.join(endings)}",
        )  # fmt: skip
    if to in _OF_PAIRS:
        content, rows, lost, notes = write(_pairs(Path(given), columns or {}, to), path)
    else:
        table = read_labels(given, columns=columns, drop_missing=drop_missing, workers=workers)
        content, rows, lost, notes = write(table, path)
    write_file(path, content)
    return Converted(path, rows, tuple(lost), tuple(notes))


_Written = tuple[bytes, int, list[str], "Sequence[str]"]


def _pairs(path: Path, columns: Mapping[str, str], to: str) -> Any:  # noqa: ANN401 - a Standard
    frame = read_frame(path)
    if not is_pairs(frame.columns, columns):
        raise InputError(
            f"{to} takes pairs of texts, of which one was preferred; this file has no chosen and "
            "rejected",
            where=str(path), fix="name a preference file, or convert to table",
        )  # fmt: skip
    return standard(frame, origin=str(path), columns=columns)


def _others(shape: Any, keep: Sequence[str] = ()) -> list[str]:  # noqa: ANN401 - a Standard
    names = [name for name in shape.frame.columns if name not in (*PARTS, *keep)]
    return [f"columns: {', '.join(names)}"] if names else []


def _to_trl(shape: Any, path: Path) -> _Written:  # noqa: ANN401 - a Standard
    """Texts, or conversations with their prompt apart, as TRL's preference trainers read them."""
    tools = shape.frame["tools"].to_list() if "tools" in shape.frame.columns else None
    texts, conversational = pair_texts(shape.frame)
    rows: list[dict[str, Any]] = texts.to_dicts()
    if conversational or tools is not None:
        names = ("prompt", "chosen", "rejected")
        rows = [dict(zip(names, pair, strict=True)) for pair in pair_messages(shape.frame)]
        for number, row in enumerate(rows if tools is not None else ()):
            row["tools"] = tools[number] if tools is not None else None
    if path.suffix.lower() == ".parquet":
        import polars as pl

        out = io.BytesIO()
        pl.DataFrame(rows, infer_schema_length=None, strict=False).write_parquet(out)
        content = out.getvalue()
    else:
        content = _lines(rows)
    return content, len(rows), _others(shape), shape.notes


def _to_openai(shape: Any, path: Path) -> _Written:  # noqa: ANN401 - a Standard
    """OpenAI's preference fine-tuning: the input with its tools, and an answer of the assistant."""
    tools = shape.frame["tools"].to_list() if "tools" in shape.frame.columns else None
    rows, long = [], 0
    for number, (prompt, chosen, rejected) in enumerate(pair_messages(shape.frame)):
        asked: dict[str, Any] = {"messages": prompt}
        if tools is not None and tools[number]:
            asked["tools"] = json.loads(tools[number])
        long += len(chosen) > 1 or len(rejected) > 1
        rows.append({"input": asked, "preferred_output": chosen, "non_preferred_output": rejected})
    lost = _others(shape)
    if long:
        lost.append(
            f"{counted(long, 'pair')} with answers of several messages: OpenAI takes one message "
            "of the assistant"
        )
    return _lines(rows), len(rows), lost, shape.notes


def _to_table(table: LabelTable, path: Path) -> _Written:
    frame, out = table.frame, io.BytesIO()
    ending = path.suffix.lower()
    if ending == ".parquet":
        frame.write_parquet(out)
    elif ending == ".json":
        out.write(json.dumps(frame.to_dicts(), ensure_ascii=False, indent=1).encode())
    elif ending in (".jsonl", ".ndjson"):
        frame.write_ndjson(out)
    else:
        frame.write_csv(out, separator="\t" if ending == ".tsv" else ",")
    return out.getvalue(), len(frame), [], table.notes


def _by_task(table: LabelTable) -> dict[Any, list[dict[str, Any]]]:
    tasks: dict[Any, list[dict[str, Any]]] = {}
    for row in table.frame.iter_rows(named=True):
        tasks.setdefault(row["task"], []).append(row)
    return tasks


def _to_label_studio(table: LabelTable, path: Path) -> _Written:
    """Tasks with annotations of its members, and with predictions of everybody else."""
    import polars as pl

    mails = table.frame["worker"].cast(pl.String).str.contains("@")
    lost = ["texts: a task's data holds its id"]
    if not mails.all():
        unknown = table.frame.filter(~mails)["worker"].n_unique()
        lost.append(
            f"who annotated, of {counted(unknown, 'worker')}"
            " whose name is no address: Label Studio takes annotations of its members alone, so "
            "their labels are predictions, with the worker as the model's version"
        )
    else:
        lost.append("workers who are no members of the project: it refuses the file until they are")
    gold, tasks = table.gold(), []
    for task, rows in _by_task(table).items():
        found: dict[str, Any] = {"data": {"task": str(task)}, "annotations": [], "predictions": []}
        for row in rows:
            result = _choice(row["label"])
            if "@" in str(row["worker"]):
                # Label Studio takes an annotation that does not say so for ground truth.
                found["annotations"].append(
                    {"completed_by": {"email": row["worker"]}, "result": result,
                     "ground_truth": False, "lead_time": row.get("seconds")}
                )  # fmt: skip
            else:
                version = {"model_version": str(row["worker"])}
                found["predictions"].append({**version, "result": result})
        if task in gold:
            found["annotations"].append({"result": _choice(gold[task]), "ground_truth": True})
        tasks.append(found)
    lost += _lacking(table, ("seconds", "gold"))
    content = json.dumps(tasks, ensure_ascii=False, indent=1).encode()
    return content, len(tasks), lost, table.notes


def _choice(label: str) -> list[dict[str, Any]]:
    return [{"from_name": "label", "to_name": "task", "type": "choices",
             "value": {"choices": [label]}}]  # fmt: skip


def _to_argilla(table: LabelTable, path: Path) -> _Written:
    """Records as ``Dataset.records.from_json`` reads them."""
    names = {w: str(uuid.uuid5(_USERS, str(w))) for w in table.frame["worker"].unique().to_list()}
    records = []
    for task, rows in _by_task(table).items():
        given = [{"value": row["label"], "user_id": names[row["worker"]]} for row in rows]
        metadata = {name: rows[0][name] for name in ("slice", "gold") if rows[0].get(name)}
        records.append(
            {"id": str(task), "fields": {"task": str(task)}, "metadata": metadata,
             "suggestions": {}, "responses": {"label": given}}
        )  # fmt: skip
    lost = [
        "texts: a record's field holds the task's id",
        "workers' names: their user ids are made of them (UUID version 5), and Argilla takes "
        "responses of users that it knows",
        *_lacking(table, ("slice", "gold")),
    ]
    return json.dumps(records, ensure_ascii=False).encode(), len(records), lost, table.notes


def _lacking(table: LabelTable, kept: Sequence[str]) -> list[str]:
    known = ("task", "worker", "label", *kept)
    names = [name for name in table.frame.columns if name not in known]
    return [f"columns: {', '.join(names)}"] if names else []


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


_OF_PAIRS = ("trl", "openai")
TARGETS: dict[str, tuple[Callable[[Any, Path], _Written], tuple[str, ...]]] = {
    "trl": (_to_trl, (".jsonl", ".parquet")),
    "openai": (_to_openai, (".jsonl",)),
    "label-studio": (_to_label_studio, (".json",)),
    "argilla": (_to_argilla, (".json",)),
    "table": (_to_table, (".csv", ".tsv", ".parquet", ".json", ".jsonl", ".ndjson")),
}
"""Target -> what writes it, and how its files may end."""
