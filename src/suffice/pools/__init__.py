"""Tasks and evaluation, made from tables of ratings, preferences and votes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.pools._metrics import BEST_OF as BEST_OF
    from suffice.pools._metrics import Candidates as Candidates
    from suffice.pools._metrics import Predictions as Predictions
    from suffice.pools._metrics import best_of_n as best_of_n
    from suffice.pools._of_study import has_gold as has_gold
    from suffice.pools._of_study import study_pool as study_pool
    from suffice.pools._pool import Evaluation as Evaluation
    from suffice.pools._pool import Pool as Pool
    from suffice.pools._preference_pool import preference_pool as preference_pool
    from suffice.pools._rating_pool import RatingPool as RatingPool
    from suffice.pools._rating_pool import rating_pool as rating_pool
    from suffice.pools._rating_table import ratings_of as ratings_of
    from suffice.pools._ratings import Ratings as Ratings
    from suffice.pools._ratings import load_ratings as load_ratings
    from suffice.pools._ratings import sample_documents as sample_documents
    from suffice.pools._recorded import RecordedChannel as RecordedChannel
    from suffice.pools._recorded import ScoreChannel as ScoreChannel
    from suffice.pools._task_pool import TaskPool as TaskPool
    from suffice.pools._trigger import plant_trigger as plant_trigger
    from suffice.pools._vote_pool import vote_pool as vote_pool

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.pools._metrics": (
            "BEST_OF",
            "Candidates",
            "Predictions",
            "best_of_n",
        ),
        "suffice.pools._of_study": (
            "has_gold",
            "study_pool",
        ),
        "suffice.pools._pool": (
            "Evaluation",
            "Pool",
        ),
        "suffice.pools._preference_pool": ("preference_pool",),
        "suffice.pools._rating_pool": (
            "RatingPool",
            "rating_pool",
        ),
        "suffice.pools._rating_table": ("ratings_of",),
        "suffice.pools._ratings": (
            "Ratings",
            "load_ratings",
            "sample_documents",
        ),
        "suffice.pools._recorded": (
            "RecordedChannel",
            "ScoreChannel",
        ),
        "suffice.pools._task_pool": ("TaskPool",),
        "suffice.pools._trigger": ("plant_trigger",),
        "suffice.pools._vote_pool": ("vote_pool",),
    },
)
