"""Labels that mean no answer: which surely do, and which may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.labels._spelling import answer_key
from suffice.labels.kinds import side_of_words

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_SURE = {
    "nan", "-nan", "<na>", "nat", "n/a", "#n/a", "#na", "null", "<null>", "(null)", "abstain",
    "abstained", "skip", "skipped", "no answer", "no_answer", "unanswered", "not answered",
    "no response", "no label given", "unlabeled", "unlabelled", "(missing)", "[missing]",
}  # fmt: skip
_MARKS = {"?", "??", "*", "-", "--", ".", "...", "/", "_"}
_MAYBE = {
    "none", "na", "nil", "undefined", "missing", "unsure", "not sure", "don't know", "dont know",
    "do not know", "dk", "idk", "refused", "not applicable", "no label", "no_label",
}  # fmt: skip
_NUMBERS = {"-1", "-9", "-99", "-999", "-9999", "99", "999", "9999"}
_FAR = 10.0
"""Times the largest other number from which 99 and the like are codes. Chosen: a scale to 10 has no
99, and one to 100 may."""


def no_answers(
    labels: Mapping[str, int], *, declared: Collection[str] = (), kept: Collection[str] = ()
) -> tuple[set[str], list[str]]:
    """Which labels are no answers, and which are taken as classes although they may be none.

    Args:
        labels: how often each occurs.
        declared: those that the user says are none.
        kept: those that surely are answers: the classes or items that the user has named.

    Returns:
        The labels that are no answers; the doubtful ones.
    """
    said = {answer_key(code) for code in declared}
    gone = {label for label in labels if answer_key(label) in said}
    open_ = {label: answer_key(label) for label in labels if label not in gone | set(kept)}
    sure = {label for label, key in open_.items() if key in _SURE}
    others = {key for label, key in open_.items() if label not in sure and key not in _MARKS}
    # Where plus or ** is an answer, minus and * are.
    if not any(not any(c.isalnum() for c in key) for key in others):
        sure |= {label for label, key in open_.items() if key in _MARKS}
    rest = {label: key for label, key in open_.items() if label not in sure}
    words = {label: key for label, key in rest.items() if key in _MAYBE}
    plain = [label for label in rest if label not in words]
    numbers = all(_number(label) is not None for label in plain)
    if not numbers and set(side_of_words(list(rest))) == set(rest):
        return gone | sure, []  # "none" is a tie beside left and right
    doubtful = []
    for label, key in words.items():
        if plain and _is_certain(label, key, plain):
            sure.add(label)
        else:
            doubtful.append(label)
    return gone | sure, sorted([*doubtful, *_numbers(rest)])


def _is_certain(label: str, key: str, others: list[str]) -> bool:
    """Whether a word that may be a class can only be what a program wrote for nothing."""
    if key not in ("none", "na", "nil"):
        return False
    if all(_number(other) is not None for other in others):
        return True
    if key == "na":
        # Beside country codes of two letters it may be Namibia.
        return label == "NA" and not all(len(other) == 2 for other in others)
    # Python writes nothing as None: a person would have written it as the other answers.
    return label == "None" and all(
        other.islower() or other in ("True", "False") for other in others
    )


def _numbers(rest: Mapping[str, str]) -> list[str]:
    """Numbers that are often codes, where they lie apart from the others."""
    values = {label: _number(label) for label in rest}
    known = {label: v for label, v in values.items() if v is not None}
    found = []
    for label, value in known.items():
        others = [v for other, v in known.items() if other != label]
        if rest[label] not in _NUMBERS or len(others) < 2:
            continue
        low, high = min(others), max(others)
        if value < 0 <= low or (value > 0 and value > _FAR * abs(high)):
            found.append(label)
    return found


def is_no_answer(label: str) -> bool:
    """Whether a label by itself surely is no answer; see ``no_answers`` for those of a table."""
    return answer_key(label) in _SURE


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
