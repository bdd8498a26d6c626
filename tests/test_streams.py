"""Named streams of chance: what keeps them apart."""

import numpy as np
import pytest

from suffice._streams import Stream


def test_no_two_streams_draw_the_same_numbers():
    """Every stream under one seed, and every part of one stream, starts elsewhere."""
    first = [s.rng(7).random() for s in Stream] + [
        Stream.SLIDERS_AND_OPERATORS.rng(7, k).random() for k in (1, 2)
    ]
    assert len(set(first)) == len(first)


def test_zeros_at_the_end_are_refused_because_numpy_does_not_read_them():
    """The trap that the numbering avoids is real, and the guard stands before it."""
    same = [np.random.default_rng(list(entropy)).random() for entropy in ((7,), (7, 0), (7, 0, 0))]
    assert len(set(same)) == 1
    assert 0 not in {int(s) for s in Stream}
    with pytest.raises(ValueError, match="from 1"):
        Stream.SLIDERS_AND_OPERATORS.rng(7, 0)
