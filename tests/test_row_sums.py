"""Sums over labels by task or worker: three ways, one answer."""

from __future__ import annotations

import numpy as np
import pytest

from suffice.supply import _row_sums
from suffice.supply._row_sums import RowSums


@pytest.mark.parametrize("way", ["dense", "pieces", "sparse"])
def test_every_way_adds_up_the_same_rows(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of no label, of a few and of hundreds: each sum is that of a plain loop."""
    rng = np.random.default_rng(3)
    group = np.concatenate([np.full(300, 5), rng.integers(7, 60, 900), [3]])
    row = rng.integers(0, 40, len(group))
    table = rng.normal(size=(40, 6))
    wanted = np.zeros((64, 6))
    for place, number in zip(group, row, strict=True):
        wanted[place] += table[number]
    monkeypatch.setattr(_row_sums, "_DENSE", 10**9 if way == "dense" else 0)
    monkeypatch.setattr(_row_sums, "_MANY", 0 if way == "sparse" else 10**9)
    np.testing.assert_allclose(RowSums(group, row, 64, 40)(table), wanted, atol=1e-12)


def test_no_label_at_all() -> None:
    """Without labels every sum is zero."""
    nothing = np.empty(0, dtype=np.int64)
    assert not RowSums(nothing, nothing, 300, 400)(np.ones((400, 2))).any()
