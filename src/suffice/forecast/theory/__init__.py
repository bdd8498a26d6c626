"""What theory says about labels: bounds with their assumptions, and the guard that uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.forecast.theory._bound import Bound as Bound
    from suffice.forecast.theory._dishonest_majority import gold_to_choose as gold_to_choose
    from suffice.forecast.theory._dishonest_majority import ratings_order as ratings_order
    from suffice.forecast.theory._guard import Guarded as Guarded
    from suffice.forecast.theory._guard import guard as guard
    from suffice.forecast.theory._information import capacity as capacity
    from suffice.forecast.theory._information import information_bound as information_bound
    from suffice.forecast.theory._information import information_needed as information_needed
    from suffice.forecast.theory._information import task_bits as task_bits
    from suffice.forecast.theory._malicious import malicious_error as malicious_error
    from suffice.forecast.theory._malicious import malicious_share as malicious_share
    from suffice.forecast.theory._noise import dimension_bound as dimension_bound
    from suffice.forecast.theory._noise import enough_for_class as enough_for_class
    from suffice.forecast.theory._noise import two_rules_bound as two_rules_bound
    from suffice.forecast.theory._overoptimisation import best_of_n as best_of_n
    from suffice.forecast.theory._overoptimisation import reinforcement as reinforcement
    from suffice.forecast.theory._rare import failure_rate as failure_rate
    from suffice.forecast.theory._rare import trials_needed as trials_needed
    from suffice.forecast.theory._rare import upper_rate as upper_rate

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.forecast.theory._bound": ("Bound",),
        "suffice.forecast.theory._dishonest_majority": ("gold_to_choose", "ratings_order"),
        "suffice.forecast.theory._guard": ("Guarded", "guard"),
        "suffice.forecast.theory._information": (
            "capacity",
            "information_bound",
            "information_needed",
            "task_bits",
        ),
        "suffice.forecast.theory._malicious": ("malicious_error", "malicious_share"),
        "suffice.forecast.theory._noise": (
            "dimension_bound",
            "enough_for_class",
            "two_rules_bound",
        ),
        "suffice.forecast.theory._overoptimisation": (
            "best_of_n",
            "reinforcement",
        ),
        "suffice.forecast.theory._rare": ("failure_rate", "trials_needed", "upper_rate"),
    },
)
