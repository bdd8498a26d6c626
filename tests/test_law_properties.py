"""What the law must obey whatever its parameters, and whether its posterior is calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_law import TABLE, some_curves

from suffice.curve import Curve, Tranche
from suffice.demand.law._cells import Cells, kernel
from suffice.demand.law._families import FAMILIES, missing, reach
from suffice.demand.law._terms import Shape, Terms, basis

seeds = st.integers(0, 2**32 - 1)


def prior_draws(rng: np.random.Generator, count: int, family: str) -> np.ndarray:
    """Parameters from the prior, by slice sampling each on a fine grid [draw, parameter]."""
    start = Shape.start(TABLE, family)
    draws = np.repeat(start[None], count, axis=0)
    grid = np.linspace(-6.0, 6.0, 1201)
    for k in range(len(start)):
        if k == Shape.column(TABLE):
            continue
        line = np.repeat(start[None], len(grid), axis=0)
        line[:, k] += grid
        log_prior = Shape.unpack(line, TABLE).log_prior(TABLE)
        weight = np.exp(log_prior - log_prior.max())
        step = grid[1] - grid[0]
        where = rng.choice(grid, size=count, p=weight / weight.sum())
        draws[:, k] += where + step * (rng.random(count) - 0.5)
    return draws


@settings(deadline=None, max_examples=30)
@given(seed=seeds, family=st.sampled_from(FAMILIES))
def test_more_labels_of_a_clean_source_teach_more(seed: int, family: str) -> None:
    """Before corrections the error falls in n, whatever the parameters, from chance on."""
    rng = np.random.default_rng(seed)
    shape = Shape.unpack(prior_draws(rng, 20, family), TABLE)
    sizes = np.unique(np.exp(rng.uniform(0.0, np.log(1e6), 12)).astype(int))
    line = [Curve((Tranche("expert", int(n)),)) for n in sizes]
    parts = basis(Terms.of(line, TABLE).ways, shape, TABLE)
    rise = np.diff(parts.learned, axis=1)
    # Where next to nothing is missing, a rise may be lost in rounding.
    assert (rise > -1e-12).all()
    assert (rise[parts.missing[:, 1:] > 1e-9] > 0.0).all()
    assert (parts.learned >= 0.0).all()
    assert (parts.learned + parts.missing <= 0.5).all()
    untrained = basis(Terms.of([Curve(())], TABLE).ways, shape, TABLE).learned
    assert (untrained < 0.02).all()


@settings(deadline=None, max_examples=50)
@given(seed=seeds, labels=st.integers(10, 5000), split=st.floats(0.05, 0.95))
def test_pooling_is_between_its_best_part_alone_and_the_sum(
    seed: int, labels: int, split: float
) -> None:
    """A pool is worth at most the sum of its parts, and as much where labels are alike."""
    rng = np.random.default_rng(seed)
    one, two = max(int(labels * split), 1), max(int(labels * (1.0 - split)), 1)
    pool = Terms.of([Curve((Tranche("crowd", one), Tranche("judge", two)))], TABLE)
    signal = np.exp(0.5 * rng.normal(-0.5, 1.0, (8, 2)))
    found = pool.ways.worth_late(signal)[:, 0]
    parts = signal**2 * [one, two]
    assert (found <= parts.sum(axis=1) * (1.0 + 1e-9)).all()
    alike = np.repeat(signal[:, :1], 2, axis=1)
    np.testing.assert_allclose(pool.ways.worth_late(alike)[:, 0], alike[:, 0] ** 2 * (one + two))
    # Orders of tranches, and one weight for all labels, change nothing.
    turned = Terms.of(
        [Curve((Tranche("judge", two, weight=3.0), Tranche("crowd", one, weight=3.0)))], TABLE
    )
    np.testing.assert_allclose(turned.ways.worth_late(signal)[:, 0], found)


@settings(deadline=None, max_examples=50)
@given(seed=seeds, family=st.sampled_from(FAMILIES))
def test_changes_are_the_derivatives_of_the_curve(seed: int, family: str) -> None:
    """First-order columns are what a small change of scale, power or agreement does."""
    rng = np.random.default_rng(seed)
    code = np.array([float(FAMILIES.index(family))])
    x = np.exp(rng.uniform(-3.0, 5.0, (1, 6)))
    power, rho = np.exp(rng.normal(-0.3, 0.3, 1)), rng.uniform(0.3, 0.95, 1)
    u, by_scale, by_power, by_rho = missing(code, x, power, rho)
    h = 1e-5
    scaled = missing(code, x * np.exp(-h), power, rho)[0]
    np.testing.assert_allclose(by_scale, (scaled - u) / h, atol=1e-3)
    factor = np.exp(h) if family == "angle" else 1.0 + h / power
    bent = missing(code, x, power * factor, rho)[0]
    np.testing.assert_allclose(by_power, (bent - u) / h, atol=1e-3)
    other = missing(code, x, power, rho + h)[0]
    np.testing.assert_allclose(by_rho, (other - u) / h, atol=1e-3)


def test_a_head_that_agrees_fully_is_always_right() -> None:
    """Agreement 1 means error 0, agreement 0 means chance."""
    np.testing.assert_allclose(reach(np.array([0.0, 1.0])), [0.0, 0.5], atol=1e-12)


def test_a_channel_that_no_cell_held_is_known_less_well() -> None:
    """Labels tried before have no gap; between two tried numbers of repeats the gap is small."""
    tried = Terms.of([Curve((Tranche("crowd", 100),)), Curve((Tranche("expert", 100),))], TABLE)
    asked = [Curve((Tranche("crowd", 900),)), Curve((Tranche("crowd", 900, 3),))]
    mixed = Curve((Tranche("crowd", 100, 3), Tranche("expert", 4000)))
    gap = Terms.of([*asked, mixed], TABLE).untried(tried, TABLE)
    assert gap[0] == 0.0
    assert gap[1] == pytest.approx(TABLE.repeats["crowd"][3])
    assert 0.0 < gap[2] < 0.1 * gap[1]


def test_law_is_calibrated_on_worlds_from_its_own_prior() -> None:
    """Simulation-based calibration: ranks of the truth among posterior draws are uniform.

    Reference: Talts et al. (2018). Sixty worlds share their cells and are sampled side by side, by
    differential evolution (ter Braak 2006), which knows nothing of how a world was made.
    """
    worlds, walkers, steps, burn = 60, 16, 700, 300
    rng = np.random.default_rng(11)
    curves = some_curves(rng, 18)
    far = [
        Curve((Tranche("expert", 3000),)),
        Curve((Tranche("judge", 9000), Tranche("crowd", 500))),
    ]
    runs = [rng.normal(0.3, 0.01, (12, 3)) for _ in curves]
    cells = Cells.of(curves, runs, TABLE)
    cells = replace(cells, profile=np.array([20.0, 40.0, 8.0])[: cells.values.shape[1]])
    truth = prior_draws(rng, worlds, "angle")
    values = _simulate(cells, truth, rng)
    halves = [truth[:, None] + 0.3 * rng.standard_normal((worlds, walkers // 2, truth.shape[1]))
              for _ in range(2)]  # fmt: skip
    free = np.arange(truth.shape[1]) != Shape.column(TABLE)
    for h in halves:
        h[..., ~free] = truth[:, None, ~free]
    batch = replace(cells, values=np.repeat(values, walkers // 2, axis=0))

    def density(x: np.ndarray) -> np.ndarray:
        return batch.log_posterior(x.reshape(-1, x.shape[-1])).reshape(x.shape[:2])

    now = [density(h) for h in halves]
    kept = []
    for step in range(steps):
        for mine, other in ((0, 1), (1, 0)):
            pick = rng.integers(walkers // 2, size=(2, worlds, walkers // 2))
            rows = np.arange(worlds)[:, None]
            gap = halves[other][rows, pick[0]] - halves[other][rows, pick[1]]
            scale = 1.0 if step % 10 == 0 else 2.38 / np.sqrt(2.0 * free.sum())
            jump = scale * gap + 1e-3 * rng.standard_normal(gap.shape)
            tried = halves[mine] + jump * free
            level = density(tried)
            taken = np.log(rng.random(level.shape)) < level - now[mine]
            halves[mine] = np.where(taken[..., None], tried, halves[mine])
            now[mine] = np.where(taken, level, now[mine])
        if step >= burn and step % 25 == 0:
            kept.append(np.concatenate(halves, axis=1))
    draws = np.concatenate(kept, axis=1)
    places = [((draws[..., k] < truth[:, None, k]).mean(axis=1)) for k in np.flatnonzero(free)]

    def error(theta: np.ndarray) -> np.ndarray:
        parts = basis(Terms.of(far, TABLE).ways, Shape.unpack(theta, TABLE), TABLE)
        return parts.learned

    there = error(draws.reshape(-1, draws.shape[-1])).reshape(worlds, -1, len(far))
    places += list((there < error(truth)[:, None]).mean(axis=1).T)
    for place in places:
        counts = np.histogram(place, 5, (0.0, 1.0))[0]
        # Chi-square with 4 degrees of freedom: 23.5 is passed by one in ten thousand.
        assert ((counts - worlds / 5) ** 2 / (worlds / 5)).sum() < 23.5, counts
    inside = np.mean([np.abs(p - 0.5) < 0.45 for p in places])
    assert inside == pytest.approx(0.9, abs=0.04)


def _simulate(cells: Cells, theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cell means of worlds with these parameters [world, cell, white metric]."""
    shape = Shape.unpack(theta, TABLE)
    seen = basis(cells.terms.ways, shape, TABLE)
    worlds, count, metrics = len(theta), len(cells.noise), len(cells.profile)
    linear = (seen.rows * seen.sd) @ rng.standard_normal((worlds, seen.rows.shape[2], metrics))
    smoothness = kernel(seen.places, seen.places, cells.spread, cells.spread, shape)
    root = np.linalg.cholesky(smoothness + 1e-9 * np.eye(count))
    smooth = root @ rng.standard_normal((worlds, count, metrics))
    noise = np.sqrt(cells.noise)[:, None] * rng.standard_normal((worlds, count, metrics))
    return np.asarray(linear + smooth + noise - seen.learned[:, :, None] * cells.profile)
