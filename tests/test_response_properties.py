"""What must not move the law of runs made elsewhere: names, order, units; and what turns it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from suffice.demand.response import ResponseLaw, fit_response, points_of, skill_of, worth_of
from suffice.demand.runs.tables import MoreRun, table_of
from suffice.errors import InputError
from suffice.metric import Metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.demand.runs.tables import RunTable

    Floats = NDArray[np.float64]

SCORE = Metric("score", better="higher")
# A law takes a third of a second to fit: few examples, and none is made smaller.
FEW = settings(max_examples=3, phases=[Phase.explicit, Phase.generate])
SAME = 0.03
"""Far below the noise of a run (.05), and above what rounding does to importance sampling."""


def table(seed: int, *, metric: Metric = SCORE, names: tuple[str, ...] = ("a", "b")) -> RunTable:
    """Twelve runs in which the first source helps a little."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(12):
        counts = rng.integers(100, 4000, 2)
        value = 2.0 + 0.3 * np.log(counts[0]) + 0.05 * np.log(counts[1])
        rows.append(
            MoreRun(
                f"r{k}",
                {(names[0], 1): float(counts[0]), (names[1], 1): float(counts[1])},
                {metric.name: float(value + 0.05 * rng.standard_normal())},
                seed=str(k),
            )
        )
    return table_of(rows, names, [metric], "a test")


def told(runs: RunTable, asked: RunTable) -> Floats:
    """Means that a law of some runs gives of others [run]."""
    law = fit_response(runs, runs.metrics)
    out = law.at([points_of(asked, law.cells)], np.random.default_rng(0), draws=256, runs=2)
    return np.asarray(out.mean.mean(axis=0)[:, 0])


@given(st.integers(0, 1000), st.permutations(range(12)))
@FEW
def test_order_of_rows_moves_nothing(seed: int, order: list[int]) -> None:
    """The same runs in another order give the same law."""
    runs, asked = table(seed), table(seed + 1)
    assert np.allclose(told(runs, asked), told(runs.take(order), asked), rtol=1e-6)


@given(st.integers(0, 1000))
@FEW
def test_names_and_order_of_sources_move_nothing(seed: int) -> None:
    """Sources under other names, and the other way round, give the same law."""
    first = told(table(seed), table(seed + 1))
    renamed = told(table(seed, names=("z", "y")), table(seed + 1, names=("z", "y")))
    assert np.allclose(first, renamed, rtol=1e-6)
    runs, asked = (
        replace(t, sources=t.sources[::-1], counts=t.counts[:, ::-1],
                round_counts=t.round_counts[:, ::-1])
        for t in (table(seed), table(seed + 1))
    )  # fmt: skip
    assert np.allclose(first, told(runs, asked), rtol=1e-6)


@given(st.integers(0, 1000))
@FEW
def test_direction_flips_the_answer(seed: int) -> None:
    """Where lower is better, what helped harms, by as much."""
    up = worth_of(ResponseLaw(fit_response(t := table(seed), t.metrics), "the model"))
    lower = Metric("score", better="lower")
    down = worth_of(ResponseLaw(fit_response(t := table(seed, metric=lower), t.metrics), ""))
    turned = {"helps": "harms", "harms": "helps"}
    for a, b in zip(up, down, strict=True):
        assert a.gain.value == pytest.approx(-b.gain.value)
        assert turned.get(a.verdict, a.verdict) == b.verdict


@given(st.integers(0, 1000), st.sampled_from([1e-3, 100.0]))
@FEW
def test_units_do_not_matter(seed: int, unit: float) -> None:
    """A metric in other units, and labels counted in thousands, give the same law in those."""
    runs, asked = table(seed), table(seed + 1)
    scaled = replace(runs, values=unit * runs.values)
    assert np.allclose(told(scaled, asked) / unit, told(runs, asked), rtol=0.0, atol=SAME)

    def thousands(t: RunTable) -> RunTable:
        return replace(t, counts=t.counts / 1e3, round_counts=t.round_counts / 1e3)

    there = told(thousands(runs), thousands(asked))
    assert np.allclose(there, told(runs, asked), rtol=0.0, atol=SAME)


def test_a_plateau_and_a_constant_metric_are_admitted() -> None:
    """A metric that never moves has no skill to show, and no number in it is infinite."""
    runs = table(3)
    flat = replace(runs, values=np.full_like(runs.values, 0.5))
    law = ResponseLaw(fit_response(flat, flat.metrics), "the model")
    assert not any(s.told for s in skill_of(law))
    assert all(w.verdict == "nothing can be told" for w in worth_of(law))


def test_two_clusters_of_runs_stay_two_clusters() -> None:
    """Where repeats fall into two clusters, so do the runs that are foretold."""
    rows = []
    rng = np.random.default_rng(0)
    for k in range(60):
        n = float([500, 1000, 2000, 4000][k % 4])
        value = (0.2 if rng.random() < 0.5 else 0.8) + 0.01 * rng.standard_normal()
        rows.append(MoreRun(f"r{k}", {("a", 1): n}, {"score": float(value)}, seed=str(k)))
    runs = table_of(rows, ["a"], [SCORE], "a test")
    law = fit_response(runs, runs.metrics)
    shape = law.residuals(4000, rng)[:, 0]
    assert np.mean(np.abs(shape) < 0.3) < 0.6 * np.mean(np.abs(np.abs(shape) - 1.0) < 0.3)


def test_too_few_runs_are_refused() -> None:
    """Three runs are no table."""
    runs = table(0).take([0, 1, 2])
    with pytest.raises(InputError, match="give 4 at least"):
        fit_response(runs, runs.metrics)
