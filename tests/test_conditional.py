"""Blocks and threads change nothing: the law given its cells is the textbook's."""

from __future__ import annotations

import numpy as np
import pytest
from test_choose import MARKET, law  # noqa: F401 - law is a fixture

from suffice._threads import in_threads
from suffice.curve import Curve
from suffice.demand.law._cells import kernel
from suffice.demand.law._conditional import Conditional, Given, GivenByDraw
from suffice.demand.law._terms import Shape, Terms, basis
from suffice.forecast._probability import _share_met
from suffice.plan._candidates import candidates


def test_conditioning_is_the_textbook_formula(law):  # noqa: F811
    """Mean and variance of curves given cells, against the plain formula on the whole arrays."""
    data, theta = law._data, law.posterior.draws[:50]
    curves = [*candidates(MARKET)[::9], Curve.parse("90000 crowd")]
    terms = Terms.of(curves, law.table)
    covariance, seen = data._covariance(theta)
    inverse, left = np.linalg.inv(covariance), data._left(seen)
    spread = np.linspace(0.5, 1.5, len(curves))
    given = Given.of(theta, law.table, seen, data.spread, covariance, left)
    ways, single = terms.ways.astype(np.float32), np.log(spread).astype(np.float32)
    told = Conditional(given, ways, law.table, single, len(data.noise)).of(0, len(theta))
    shape = Shape.unpack(theta, law.table)
    new = basis(terms.ways, shape, law.table)
    cross = (new.rows * new.sd**2) @ seen.rows.transpose(0, 2, 1)
    cross += kernel(new.places, seen.places, spread, data.spread, shape)
    before = (new.rows**2 * new.sd**2).sum(axis=2)
    before += np.exp(2.0 * shape.log_amplitude)[:, None] * spread**2
    variance = before - (cross @ inverse * cross).sum(axis=2)
    sd = np.sqrt(variance)
    np.testing.assert_allclose(np.sqrt(told.variance), sd, rtol=5e-4)
    assert (np.abs(told.mean - cross @ inverse @ left) < 1e-3 * sd[:, :, None]).all()
    np.testing.assert_allclose(told.learned, new.learned, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [1, 7, 400])
def test_forecasts_do_not_depend_on_blocks_or_threads(law, monkeypatch, size):  # noqa: F811
    """The same draws come out whatever is handled at once and however many threads there are."""
    from suffice import _threads
    from suffice.demand.law import _conditional

    curves = candidates(MARKET)[:40]

    def drawn() -> tuple[np.ndarray, np.ndarray]:
        found = law.outcomes(curves, np.random.default_rng(2), draws=60, runs=10)
        return found.mean, found.spread

    expected = drawn()
    monkeypatch.setattr(_conditional, "_IN_CACHE", size * 40)
    monkeypatch.setattr(_threads, "_FEWEST", 1 if size == 1 else 1000)
    for got, wanted in zip(drawn(), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5)


def test_what_is_kept_is_what_would_be_made(law, monkeypatch):  # noqa: F811
    """Draws asked for again, in part, twice over or beyond the room there is, get the same."""
    data, theta = law._data, law.posterior.draws[:40]
    whole = data._given(theta)
    asked = ([0, 1, 2], [2, 5, 5, 1], list(range(30)), [39, 0], list(range(40)), [3])
    row = sum(a[0].nbytes for a in vars(whole).values())
    for room in (10 * row, 33 * row, 1000 * row):
        monkeypatch.setattr(GivenByDraw, "ROOM", room)
        kept = GivenByDraw()
        for rows in asked:
            found = kept.given(theta[rows], data._given)
            for name, values in vars(found).items():
                wanted = getattr(whole, name)[rows]
                np.testing.assert_allclose(values, wanted, rtol=1e-4, atol=1e-5)


def test_common_draws_move_curves_together(law):  # noqa: F811
    """With one discrepancy for all, equal curves get equal draws; without, draws of their own."""
    twice = [Curve.parse("300 crowd")] * 2
    apart, together = (
        law.outcomes(twice, np.random.default_rng(3), draws=80, runs=5, common=c)
        for c in (False, True)
    )
    np.testing.assert_array_equal(together.mean[:, 0], together.mean[:, 1])
    np.testing.assert_array_equal(together.spread[:, 0], together.spread[:, 1])
    assert (apart.mean[:, 0] != apart.mean[:, 1]).all()
    # Each curve by itself is drawn as before.
    assert together.mean[:, 0].std() == pytest.approx(apart.mean[:, 0].std(), rel=0.3)


def test_every_block_is_worked_on_once():
    """Blocks cover everything, once, with few of them and with many."""
    for count, step in ((0, 3), (1, 1), (10, 4), (1000, 7)):
        seen = np.zeros(count, dtype=int)

        def work(first: int, last: int, seen: np.ndarray = seen) -> None:
            seen[first:last] += 1

        in_threads(work, count, step)
        assert (seen == 1).all()


def test_what_goes_wrong_in_a_thread_is_raised():
    """An error inside a block is not lost."""

    def work(first: int, last: int) -> None:
        raise ValueError(f"block {first}")

    with pytest.raises(ValueError, match="block 0"):
        in_threads(work, 100, 5)


def test_runs_that_meet_a_criterion_are_counted_exactly():
    """Shares of passing runs agree with counting every run at every place, also at the edges."""
    rng = np.random.default_rng(4)
    for runs, metrics in ((1, 1), (150, 3), (700, 2)):
        residuals = rng.standard_normal((runs, metrics)).astype(np.float32)
        room = (3.0 * rng.standard_normal((metrics, 500))).astype(np.float32)
        room[:, 0], room[:, 1] = residuals.max(axis=0), residuals.min(axis=0)
        room[:, 2], room[:, 3] = np.inf, -np.inf
        met = (residuals[:, :, None] <= room[None]).all(axis=1).mean(axis=0)
        np.testing.assert_array_equal(_share_met(residuals, room), met)
        assert met[0] == 1.0
        assert len(np.unique(met)) > min(runs, 20)
