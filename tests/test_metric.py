"""Metrics: each knows its direction, range, slice and words, and files call it by its name."""

from __future__ import annotations

import numpy as np
import pytest

from suffice.metric import (
    ATTACK,
    CALIBRATION,
    LOG_LOSS,
    Metric,
    error_rate,
    metric_named,
    names,
    regret_of,
    signs,
)


@pytest.mark.parametrize(
    "metric",
    [error_rate(), error_rate("hard"), error_rate("a:b"), LOG_LOSS, CALIBRATION, regret_of(16),
     ATTACK],
    ids=str,
)  # fmt: skip
def test_a_name_in_a_file_leads_back_to_its_metric(metric):
    """What pools declare is what a reader of their names gets."""
    assert metric_named(metric.name) == metric
    assert metric.words != metric.name


def test_unknown_names_stand_for_themselves():
    """Nothing is made up about a metric of one's own: no range, no unit, its name as words."""
    own = metric_named("win_rate")
    assert (own.kind, own.words, own.is_share, own.slice) == ("other", "win_rate", False, None)
    assert np.isinf([own.low, own.high]).all()
    part = metric_named("win_rate:law")
    assert (part.slice, part.words) == ("law", "win_rate in slice law")


def test_direction_decides_which_limit_is_stricter():
    """Lower is better unless said otherwise; a free limit is met by everything."""
    loss, gain = Metric("loss"), Metric("gain", better="higher")
    assert signs((loss, gain)).tolist() == [1.0, -1.0]
    assert names((loss, gain)) == ("loss", "gain")
    assert loss.stricter(0.1, 0.2) == loss.stricter(0.2, 0.1) == 0.1
    assert gain.stricter(0.1, 0.2) == gain.stricter(0.2, 0.1) == 0.2
    assert (loss.free, gain.free) == (np.inf, -np.inf)


@pytest.mark.parametrize("broken", [{"name": " "}, {"name": "x", "low": 1.0, "high": 1.0}])
def test_a_metric_needs_a_name_and_a_range(broken):
    """Nonsense is refused where it is made."""
    with pytest.raises(ValueError, match=r"a metric needs a name|lies between"):
        Metric(**broken)
