"""Kinds of labels: their codes and words, what they teach, and how answers to them are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.labels.kinds._classes import ManyClasses as ManyClasses
    from suffice.labels.kinds._classes import TwoClasses as TwoClasses
    from suffice.labels.kinds._classes import classes_kind as classes_kind
    from suffice.labels.kinds._comparison import COMPARISON as COMPARISON
    from suffice.labels.kinds._comparison import Comparison as Comparison
    from suffice.labels.kinds._kind import MOST_CLASSES as MOST_CLASSES
    from suffice.labels.kinds._kind import LabelKind as LabelKind
    from suffice.labels.kinds._ranking import Ranking as Ranking
    from suffice.labels.kinds._ranking import parse_ranking as parse_ranking
    from suffice.labels.kinds._recognise import KINDS as KINDS
    from suffice.labels.kinds._recognise import Kind as Kind
    from suffice.labels.kinds._recognise import kind_of as kind_of
    from suffice.labels.kinds._sides import Sides as Sides
    from suffice.labels.kinds._sides import sides_of as sides_of
    from suffice.labels.kinds._two_way import TwoWay as TwoWay
    from suffice.labels.kinds._words import side_of_words as side_of_words

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.labels.kinds._classes": (
            "ManyClasses",
            "TwoClasses",
            "classes_kind",
        ),
        "suffice.labels.kinds._comparison": (
            "COMPARISON",
            "Comparison",
        ),
        "suffice.labels.kinds._kind": (
            "MOST_CLASSES",
            "LabelKind",
        ),
        "suffice.labels.kinds._ranking": (
            "Ranking",
            "parse_ranking",
        ),
        "suffice.labels.kinds._recognise": (
            "KINDS",
            "Kind",
            "kind_of",
        ),
        "suffice.labels.kinds._sides": (
            "Sides",
            "sides_of",
        ),
        "suffice.labels.kinds._two_way": ("TwoWay",),
        "suffice.labels.kinds._words": ("side_of_words",),
    },
)
