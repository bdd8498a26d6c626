"""What a study would train is bounded, and said before it is trained."""

from __future__ import annotations

import pytest

from suffice.demand import SourceLimits
from suffice.demand.runs import lines_of
from suffice.stages._bounded import LEAST_CAP, MOST_TRAINED, largest_cells
from suffice.stages._training import Training


def sources(count: int, most: int) -> dict[str, SourceLimits]:
    """Sources that sell as many labels each."""
    return {f"s{k}": SourceLimits(f"s{k}", 0.1, most, (1, 3)) for k in range(count)}


def test_a_grid_without_capacities_is_bounded():
    """Thirty sources for eight models: the lines hold no more than can be trained."""
    wanted = sources(30, 50_000)
    found = largest_cells(wanted, models=8, seeds=12)
    tasks = sum(c.tasks for limit in found.values() for c in lines_of(limit))
    assert LEAST_CAP <= found["s0"].most < 50_000
    assert tasks * 8 * 12 <= MOST_TRAINED or found["s0"].most == LEAST_CAP


def test_small_grids_stay_as_they_are():
    """Studies of a usual size keep every cell that they had."""
    wanted = sources(3, 50_000)
    assert largest_cells(wanted, models=3, seeds=12) == wanted
    assert largest_cells({}, models=1, seeds=1) == {}


@pytest.mark.parametrize(
    ("stored", "said"), [(0, "About 12 minutes on 2"), (36, "Nothing is left")]
)
def test_training_is_said_in_a_line(stored, said):
    """Cells, runs and minutes; nothing of minutes where all is stored."""
    ahead = Training(3, 36, stored, 900, 12.3, 2, "by guess")
    assert said in ahead.statement
    assert "3 cells, 36 runs" in ahead.statement
