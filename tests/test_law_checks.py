"""What a law needs of its cells: what is missing ends in one line, or in an answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from test_attack import KNOWN, resolved
from test_law import METRICS, TABLE, draw_runs, some_curves, truth

from suffice.curve import Curve
from suffice.demand import fit_attack, fit_law
from suffice.errors import InputError

CURVES = some_curves(np.random.default_rng(0), 18)


def measured(each: int = 6) -> list[np.ndarray]:
    """Runs of the cells."""
    rng = np.random.default_rng(1)
    return [draw_runs(c, each, rng) for c in CURVES]


def without(runs: list[np.ndarray], cell: int, new: np.ndarray) -> list[np.ndarray]:
    """The same with the runs of one cell replaced."""
    return [new if i == cell else r for i, r in enumerate(runs)]


def one_run_is_nan(runs: list[np.ndarray]) -> list[np.ndarray]:
    """A run that was not finished."""
    broken = runs[2].copy()
    broken[3, 1] = np.nan
    return without(runs, 2, broken)


def still_within_cells(runs: list[np.ndarray]) -> list[np.ndarray]:
    """A metric that was worked out for cells, not for runs."""
    return [np.column_stack([r[:, :2], np.full(len(r), r[0, 2])]) for r in runs]


@pytest.mark.parametrize(
    ("change", "says", "fix"),
    [
        (lambda runs: runs[:5], "18 curves but runs of 5 cells", "one array of runs a curve"),
        (
            lambda runs: [r[:1] for r in runs],
            "0 of 18 cells have two runs or more",
            "train 3 cells or more again with another seed",
        ),
        (
            lambda runs: [r[: 2 if i < 3 else 1] for i, r in enumerate(runs)],
            "3 runs beyond the first of their cell are too few to see how 3 metrics go together",
            "6 such runs",
        ),
        (
            one_run_is_nan,
            r"cell 3 \(282 expert\): error:easy of run 4 is nan",
            "leave out runs that were not finished",
        ),
        (
            lambda runs: without(runs, 4, runs[4][:, :2]),
            r"cell 5 \(1,000 expert\): runs have 2 metrics where 3 are named",
            "give error, error:easy, error:odd of every run",
        ),
        (lambda runs: without(runs, 0, runs[0][0]), r"runs of shape \(3,\)", r"\[run, metric\]"),
        (lambda runs: without(runs, 0, runs[0][:0]), r"runs of shape \(0, 3\)", "one run or more"),
        (
            still_within_cells,
            "error:odd is the same in all runs of each cell",
            "score each run by itself",
        ),
        (
            lambda runs: [np.full_like(r, 0.3) for r in runs],
            "error is the same in all runs of each cell",
            "score each run by itself",
        ),
    ],
)
def test_runs_that_cannot_carry_a_law(
    change: Callable[[list[np.ndarray]], list[np.ndarray]], says: str, fix: str
) -> None:
    """What is wrong, where, and what to do, before anything is fitted."""
    with pytest.raises(InputError, match=f"the law of m.*{says}.*{fix}"):
        fit_law(CURVES, change(measured()), METRICS, TABLE, model="m", scheme="probe")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"families": ("power", "cubic")}, "there is no family 'cubic' .*known families: power"),
        ({"families": ()}, "there is no family"),
        ({"untrained": np.array([0.5, 0.5])}, "untrained level is not one finite number a metric"),
        ({"untrained": np.array([0.5, 0.5, np.nan])}, "untrained level is not one finite number"),
    ],
)
def test_arguments_that_do_not_fit(more: dict[str, object], says: str) -> None:
    """Families that do not exist, and levels that are not those of the metrics."""
    with pytest.raises(InputError, match=says):
        fit_law(CURVES, measured(), METRICS, TABLE, model="m", scheme="probe", **more)


def test_no_metrics_and_unknown_sources_are_named() -> None:
    """Cells that buy from a source that the law was not told about say which cell and which one."""
    with pytest.raises(InputError, match="no metric is named"):
        fit_law(CURVES, measured(), (), TABLE, model="m", scheme="probe")
    curves = [*CURVES[:7], Curve.parse("90 oracle + 40 crowd"), *CURVES[8:]]
    with pytest.raises(InputError, match=r"cell 8 \(90 oracle .*'oracle' is not among those of"):
        fit_law(curves, measured(), METRICS, TABLE, model="m", scheme="probe")


def test_cells_of_one_run_count() -> None:
    """Most cells trained once and a few again: no warning, and true means in honest intervals."""
    rng = np.random.default_rng(3)
    curves = some_curves(rng, 36)
    runs = [draw_runs(c, 6 if i % 6 == 0 else 1, rng) for i, c in enumerate(curves)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        law = fit_law(curves, runs, METRICS, TABLE, model="m", scheme="probe")
    asked = some_curves(rng, 55)[15:]
    outcomes = law.outcomes(asked, rng, draws=300, runs=40)
    low, high = np.quantile(outcomes.mean, [0.05, 0.95], axis=0)
    true = np.array([truth(c) for c in asked])
    assert 0.75 <= ((low <= true) & (true <= high)).mean() <= 1.0
    assert np.isfinite(outcomes.spread).all()
    width = np.array([0.004 + 0.06 / np.sqrt(c.tasks) for c in asked])
    ratio = np.median(outcomes.spread[:, :, 1], axis=0) / width
    assert 0.6 < np.median(ratio) < 1.6


def test_a_metric_that_never_moved_stays_where_it_is() -> None:
    """A slice without one failure in any run is forecast at none, not at an untrained model's."""
    runs = [np.column_stack([r[:, :2], np.zeros(len(r))]) for r in measured()]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        law = fit_law(CURVES, runs, METRICS, TABLE, model="m", scheme="probe")
    mean = law.outcomes(CURVES[:4], np.random.default_rng(0), draws=50, runs=10).mean
    np.testing.assert_allclose(mean[..., 2], 0.0, atol=1e-9)
    assert (mean[..., 0] > 0.1).all()
    assert law.widening >= 1.0


def test_attacked_cells_of_one_run_count() -> None:
    """What hostile labels do can be learned from single runs, by the law's own run-to-run width."""
    from dataclasses import replace

    rng = np.random.default_rng(4)
    law = fit_law(CURVES, measured(), METRICS, TABLE, model="m", scheme="probe")
    law = replace(law, table=KNOWN)
    shares = [0.03, 0.1, 0.3, 0.1, 0.3, 0.2]
    curves = [resolved(c, s) for c, s in zip(CURVES, shares, strict=False)]
    runs = [
        law.without_attack([c], rng, draws=200, runs=10)[0].mean.mean(axis=(0, 1))[None]
        + np.array([0.2, 0.0, 0.4]) * s
        + 0.004 * rng.standard_normal((1, 3))
        for c, s in zip(curves, shares, strict=True)
    ]
    part = fit_attack(law, curves, runs)
    assert part.cells == 6
    for values in (part.mean, part.root, part.discrepancy, part.log_width):
        assert np.isfinite(values).all()
    moved = replace(law, attack=part)
    asked = [resolved(Curve.parse("700 expert"), s) for s in (0.0, 0.3)]
    mean = moved.outcomes(asked, rng, draws=300, runs=10).mean.mean(axis=0)
    assert mean[1, 2] - mean[0, 2] > 0.05
