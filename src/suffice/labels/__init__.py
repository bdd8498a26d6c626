"""Label files into checked label tables: formats, kinds of labels, comparisons and gold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.labels._comparisons import read_comparisons as read_comparisons
    from suffice.labels._convert import Converted as Converted
    from suffice.labels._convert import convert as convert
    from suffice.labels._no_answer import is_no_answer as is_no_answer
    from suffice.labels._pairs import answers_of as answers_of
    from suffice.labels._read import gold_of_file as gold_of_file
    from suffice.labels._read import read_gold as read_gold
    from suffice.labels._read import read_labels as read_labels
    from suffice.labels._spelling import Spelling as Spelling
    from suffice.labels._spelling import answer_key as answer_key
    from suffice.labels._spelling import match_ids as match_ids
    from suffice.labels._spelling import plain_ids as plain_ids
    from suffice.labels._table import LabelTable as LabelTable
    from suffice.labels._texts import loose_texts as loose_texts
    from suffice.labels._texts import normal_texts as normal_texts
    from suffice.labels._values import counted as counted
    from suffice.labels._values import natural_order as natural_order
    from suffice.labels.formats import PreferenceTable as PreferenceTable
    from suffice.labels.formats import list_formats as list_formats
    from suffice.labels.formats import read_frame as read_frame
    from suffice.labels.formats import read_preferences as read_preferences
    from suffice.labels.kinds import side_of_words as side_of_words

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.labels._comparisons": ("read_comparisons",),
        "suffice.labels._convert": (
            "Converted",
            "convert",
        ),
        "suffice.labels._no_answer": ("is_no_answer",),
        "suffice.labels._pairs": ("answers_of",),
        "suffice.labels._read": (
            "gold_of_file",
            "read_gold",
            "read_labels",
        ),
        "suffice.labels._spelling": (
            "Spelling",
            "answer_key",
            "match_ids",
            "plain_ids",
        ),
        "suffice.labels._table": ("LabelTable",),
        "suffice.labels._texts": (
            "loose_texts",
            "normal_texts",
        ),
        "suffice.labels._values": (
            "counted",
            "natural_order",
        ),
        "suffice.labels.formats": (
            "PreferenceTable",
            "list_formats",
            "read_frame",
            "read_preferences",
        ),
        "suffice.labels.kinds": ("side_of_words",),
    },
)
