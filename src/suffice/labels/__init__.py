"""Read, write and validate label tables; task pools and the packaged example ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.labels._formats import read_frame as read_frame
    from suffice.labels._metrics import BEST_OF as BEST_OF
    from suffice.labels._metrics import Candidates as Candidates
    from suffice.labels._metrics import Verdict as Verdict
    from suffice.labels._metrics import best_of_n as best_of_n
    from suffice.labels._own_pools import preference_pool as preference_pool
    from suffice.labels._own_pools import vote_pool as vote_pool
    from suffice.labels._pairs import answers_of as answers_of
    from suffice.labels._pairs import read_comparisons as read_comparisons
    from suffice.labels._pairs import side_of_words as side_of_words
    from suffice.labels._pool import Evaluation as Evaluation
    from suffice.labels._pool import Pool as Pool
    from suffice.labels._preferences import PreferenceTable as PreferenceTable
    from suffice.labels._preferences import read_preferences as read_preferences
    from suffice.labels._rating_pool import RatingPool as RatingPool
    from suffice.labels._rating_pool import rating_pool as rating_pool
    from suffice.labels._ratings import Ratings as Ratings
    from suffice.labels._ratings import load_ratings as load_ratings
    from suffice.labels._ratings import sample_documents as sample_documents
    from suffice.labels._read import gold_of_file as gold_of_file
    from suffice.labels._read import read_gold as read_gold
    from suffice.labels._read import read_labels as read_labels
    from suffice.labels._recorded import RatingChannel as RatingChannel
    from suffice.labels._recorded import RecordedChannel as RecordedChannel
    from suffice.labels._recorded import ScoreChannel as ScoreChannel
    from suffice.labels._table import LabelTable as LabelTable
    from suffice.labels._table import counted as counted
    from suffice.labels._table import natural_order as natural_order
    from suffice.labels._task_pool import TaskPool as TaskPool
    from suffice.labels._trigger import plant_trigger as plant_trigger

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.labels._formats": ("read_frame",),
        "suffice.labels._metrics": (
            "BEST_OF",
            "Candidates",
            "Verdict",
            "best_of_n",
        ),
        "suffice.labels._own_pools": (
            "preference_pool",
            "vote_pool",
        ),
        "suffice.labels._pairs": (
            "answers_of",
            "read_comparisons",
            "side_of_words",
        ),
        "suffice.labels._pool": (
            "Evaluation",
            "Pool",
        ),
        "suffice.labels._preferences": (
            "PreferenceTable",
            "read_preferences",
        ),
        "suffice.labels._rating_pool": (
            "RatingPool",
            "rating_pool",
        ),
        "suffice.labels._ratings": (
            "Ratings",
            "load_ratings",
            "sample_documents",
        ),
        "suffice.labels._read": (
            "gold_of_file",
            "read_gold",
            "read_labels",
        ),
        "suffice.labels._recorded": (
            "RatingChannel",
            "RecordedChannel",
            "ScoreChannel",
        ),
        "suffice.labels._table": (
            "LabelTable",
            "counted",
            "natural_order",
        ),
        "suffice.labels._task_pool": ("TaskPool",),
        "suffice.labels._trigger": ("plant_trigger",),
    },
)
