"""What the readers of annotation tools' exports share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError
from suffice.labels._pairs import NOBODY as NOBODY
from suffice.labels._table import LabelTable
from suffice.labels._values import counted
from suffice.labels.formats._cells import as_list as as_list
from suffice.labels.formats._cells import joined as joined
from suffice.labels.formats._conversation import parsed as parsed

if TYPE_CHECKING:
    from suffice.labels._asked import Asked

MOST_ANSWERS = 50
"""Different answers up to which a question or column may be one of classes. Chosen: as many as a
study takes (``MOST_CLASSES``); moves which question of an export is read when nobody says which."""

_FREE_TEXT = 20
"""Of a question with more answers, one different answer in so many is still no free text. Chosen:
answers that recur twenty times each are chosen from a list."""

_COMPARED = ("pairwise", "ranker", "ranking")


@dataclass
class Answers:
    """Answers gathered from an export, by question, and a count of all that is no answer.

    ``gold`` counts the answers that were taken as gold, ``contradictions`` those of them that
    differ from an earlier one, ``passed`` what was left out, by name (``{s}`` where its plural
    goes, if that is not the end), ``untouched`` the rankings that are in the order shown.
    ``kinds`` names the control of a question, ``notes`` are the reader's, ``notes_of`` one of a
    question, and ``best`` what a worker chose of which items that were shown together.
    """

    tool: str
    origin: str
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    gold: int = 0
    untouched: int = 0
    contradictions: int = 0
    kinds: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    notes_of: dict[str, str] = field(default_factory=dict)
    best: dict[tuple[Any, Any], list[tuple[bool, str]]] = field(default_factory=dict)

    def add(self, question: str, row: dict[str, Any]) -> None:
        """One answer: task, worker, label and what else is known."""
        self.rows.setdefault(question, []).append(row)

    def skip(self, what: str, count: int = 1) -> None:
        """Count something that is no label."""
        if count:
            self.passed[what] = self.passed.get(what, 0) + count

    def table(self, asked: Asked) -> LabelTable:
        """The label table of one question: the one asked for, else the only or fullest one.

        Raises:
            InputError: there is no answer, or not to the question asked for.
        """
        import polars as pl

        if not self.rows:
            seen = ", ".join(self._passed())
            raise InputError(
                f"this {self.tool} export holds no submitted answer{f' ({seen})' if seen else ''}",
                where=self.origin,
                fix="export after somebody has annotated",
            )
        question = self._question(asked.columns.get("label") or None)
        rows = self.rows[question]
        notes = [f"{self.tool} export: answers to {question!r}"]
        others = [f"{name!r} ({len(mine):,})" for name, mine in self.rows.items()
                  if name != question]  # fmt: skip
        if others:
            notes.append(
                f"other questions left out: {', '.join(others)} (--column label=NAME reads another)"
            )
        notes += [*self.notes, *([self.notes_of[question]] if question in self.notes_of else [])]
        notes += [f"{what} left out" for what in self._passed()]
        if self.gold:
            notes.append(f"{counted(self.gold, 'ground-truth annotation')} taken as gold")
        names = list(dict.fromkeys(name for row in rows for name in row))
        known = [name for name in names if any(row.get(name) is not None for row in rows)]
        frame = pl.DataFrame(
            {name: _plain([row.get(name) for row in rows]) for name in known}, strict=False
        )
        taken = {"task": "id", "worker": "annotator", "label": question}
        return LabelTable.from_frame(
            frame, columns=taken, notes=notes, origin=self.origin, asked=asked
        )

    def _passed(self) -> list[str]:
        """What was left out, counted."""
        return [
            counted(n, what.replace("{s}", ""), what.replace("{s}", "s") if "{s}" in what else None)
            for what, n in self.passed.items()
        ]

    def _question(self, wanted: str | None) -> str:
        if wanted is not None:
            if wanted not in self.rows:
                raise InputError(
                    f"no answers to {wanted!r}; there are: {', '.join(self.rows)}",
                    where=self.origin,
                )
            return wanted

        def fullest(name: str) -> tuple[bool, bool, int]:
            rows = self.rows[name]
            classes = len({str(row["label"]) for row in rows})
            # Free text differs from answer to answer and is no label.
            few = classes <= max(MOST_ANSWERS, len(rows) // _FREE_TEXT)
            # A comparison is what a project is about; what stands beside it says why.
            compared = self.kinds.get(name) in _COMPARED
            return compared, few, len(rows)

        return max(self.rows, key=fullest)


def _plain(values: list[Any]) -> list[Any]:
    """Values of one type: numbers where all are, else text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and bool not in kinds:
        return values
    return [None if value is None else str(value) for value in values]


def answers_in(value: object) -> dict[str, str]:
    """The answers in the JSON of a form of Mechanical Turk or Ground Truth: question -> label.

    A classifier's object holds its ``label`` or ``labels``; one of truth values says which were
    ticked; numbers and texts stand for themselves.
    """
    value = parsed(value)
    if isinstance(value, list):
        return {q: label for one in value for q, label in answers_in(one).items()}
    if not isinstance(value, dict):
        return {}
    found = {}
    for question, given in value.items():
        label = _form_label(given)
        if label is not None:
            found[question] = label
    return found


def _form_label(given: object) -> str | None:
    if isinstance(given, dict):
        for name in ("label", "labels"):
            if name in given:
                return _form_label(given[name])
        ticked = [
            name
            for name, one in given.items()
            if one is True or (isinstance(one, dict) and one.get("on") is True)
        ]
        return joined(ticked)
    if isinstance(given, list):
        return None if any(isinstance(one, dict) for one in given) else joined(given)
    return None if given is None or not str(given).strip() else str(given).strip()
