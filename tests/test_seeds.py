"""Checks are fresh: no run of a check has the seed of a run that the law was fitted to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice import stages
from suffice.errors import InputError
from suffice.stages._seeds import CHECK_SEED, check_seeds, grid_seeds
from suffice.study import load_study


def example(seed: int, seeds: int = 12, runs: int = 40):
    """The example study under other seeds."""
    study = load_study(stages.example_study())
    grid = study.grid.model_copy(update={"seeds": seeds})
    check = study.check.model_copy(update={"runs": runs})
    return study.model_copy(update={"seed": seed, "grid": grid, "check": check})


@given(st.integers(0, 2**40), st.integers(1, 3_000), st.integers(1, 3_000))
def test_the_default_is_fresh_for_every_study(seed, seeds, runs):
    """Whatever the study's seed and sizes, grid and check share no seed."""
    study = example(seed, seeds, runs)
    fresh = check_seeds(study)
    assert len(fresh) == runs
    assert not set(fresh) & set(grid_seeds(study))


def test_old_seeds_stay_where_they_were():
    """Studies whose seeds never collided are checked with the runs that they always had."""
    assert check_seeds(example(1)).start == CHECK_SEED
    assert grid_seeds(example(3)) == range(3_000, 3_012)
    assert check_seeds(example(1_000)).start == 1_001_000


@pytest.mark.parametrize("first", [3_000, 2_990, 3_011, -1])
def test_a_check_that_is_not_fresh_is_refused(first, tmp_path):
    """It is refused before anything is trained, in words that name what to do."""
    study = example(3)
    with pytest.raises(InputError) as caught:
        stages.run(study, tmp_path / "out", check_seed=first)
    assert "start at 1000000" in str(caught.value) or "give 1000000" in str(caught.value)
    assert not (tmp_path / "out").exists()
    assert check_seeds(study, 3_012).start == 3_012
