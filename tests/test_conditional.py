"""Blocks and threads change nothing: the law given its cells is the textbook's."""

from __future__ import annotations

import numpy as np
import pytest
from test_choose import MARKET, law  # noqa: F401 - law is a fixture

from suffice._threads import in_threads
from suffice.curve import Curve
from suffice.demand._cells import kernel
from suffice.demand._conditional import conditional
from suffice.demand._terms import Shape, Terms, basis
from suffice.plan._candidates import candidates


def test_conditioning_is_the_textbook_formula(law):  # noqa: F811
    """Mean and variance of curves given cells, against the plain formula on the whole arrays."""
    data, theta = law._data, law.posterior.draws[:50]
    curves = [*candidates(MARKET)[::9], Curve.parse("90000 crowd")]
    terms = Terms.of(curves, law.table)
    covariance, seen = data._covariance(theta)
    inverse, left = np.linalg.inv(covariance), data._left(seen)
    spread = np.linspace(0.5, 1.5, len(curves))
    told = conditional(theta, terms, law.table, seen, (spread, data.spread), inverse, left)
    shape = Shape.unpack(theta, law.table)
    new = basis(terms, shape, law.table)
    cross = (new.rows * new.sd**2) @ seen.rows.transpose(0, 2, 1)
    cross += kernel(new.places, seen.places, spread, data.spread, shape)
    before = (new.rows**2 * new.sd**2).sum(axis=2)
    before += np.exp(2.0 * shape.log_amplitude)[:, None] * spread**2
    variance = before - (cross @ inverse * cross).sum(axis=2)
    np.testing.assert_allclose(told.mean, cross @ inverse @ left, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(told.variance, variance, rtol=1e-4)
    np.testing.assert_array_equal(told.learned, new.learned)


@pytest.mark.parametrize("size", [1, 7, 400])
def test_forecasts_do_not_depend_on_the_blocks(law, monkeypatch, size):  # noqa: F811
    """The same draws come out whatever the size of a block and however many threads there are."""
    from suffice.demand import _cells as module
    from suffice.demand import _conditional, _widths

    curves = candidates(MARKET)[:40]

    def drawn() -> tuple[np.ndarray, np.ndarray]:
        found = law.outcomes(curves, np.random.default_rng(2), draws=60, runs=10)
        return found.mean, found.spread

    expected = drawn()
    monkeypatch.setattr(_conditional, "_BASES", size * 40)
    monkeypatch.setattr(_conditional, "_IN_CACHE", size * 40)
    monkeypatch.setattr(module, "_FINISHED", size * 40)
    monkeypatch.setattr(_widths, "_BLOCK", size * 40)
    for got, wanted in zip(drawn(), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-9)


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
