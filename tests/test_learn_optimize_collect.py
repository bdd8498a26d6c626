"""With one source and one round the plan is Learn-Optimize-Collect: q* = F^-1(1 - eps)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import noisy_source

from suffice.demand import Outcomes
from suffice.errors import InfeasibleError
from suffice.forecast import Criterion
from suffice.metric import error_rate
from suffice.plan import Market, make_plan


class PowerLaw:
    """A posterior over power laws of one source, without scatter: each draw has one requirement."""

    metrics = (error_rate(),)

    def __init__(self, seed: int, draws: int = 400) -> None:
        rng = np.random.default_rng([seed, 71])
        self.scale = np.exp(rng.normal(-0.3, 0.15, draws))
        self.power = rng.normal(0.3, 0.03, draws)

    def requirement(self, error: float) -> np.ndarray:
        """Labels that each draw needs to reach an error [draw]: its own D*."""
        return (self.scale / error) ** (1.0 / self.power)

    def outcomes(self, curves, rng, *, draws, runs, half=None, common=False) -> Outcomes:
        """All draws, always: so that every P is an exact share of them."""
        tasks = np.array([c.curve.tasks for c in curves], dtype=float)
        mean = self.scale[:, None] * tasks ** -self.power[:, None]
        return Outcomes(mean[:, :, None], np.full((*mean.shape, 1), 1e-9), np.zeros((4, 1)))

    def distance(self, curve) -> str:
        return "inside"


def one_source(money: float) -> Market:
    """A market with one source at a price of .1."""
    source = noisy_source("crowd", 0.2, 0.1)
    return Market({"crowd": source}, ("crowd",), {"crowd": (1,)}, {"crowd": None}, money, 4.0, 1)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1000), st.floats(0.02, 0.6), st.floats(0.12, 0.2))
def test_the_plan_is_the_quantile_of_the_requirement(seed, eps, error):
    """To the label: the cheapest purchase with P >= 1 - eps is F^-1(1 - eps), F being the posterior
    of the number of labels needed."""
    law = PowerLaw(seed)
    needed = np.ceil(law.requirement(error) - 1e-7)
    want = int(np.quantile(needed, 1.0 - eps, method="inverted_cdf"))
    made = make_plan(law, one_source(1e5), Criterion(error), seed=0, target=1.0 - eps)
    got = made.recommended.curve.tasks
    assert got == want
    assert np.mean(needed <= got) >= 1.0 - eps > np.mean(needed <= got - 1)


def test_a_requirement_beyond_the_budget_is_refused():
    """Where F at the whole budget is below 1 - eps, that is said with the best there is."""
    law = PowerLaw(1)
    most = float(np.quantile(law.requirement(0.15), 0.5)) * 0.1
    with pytest.raises(InfeasibleError, match=r"reaches P = 0.9; the best has P = \.(4[89]|50)"):
        make_plan(law, one_source(most), Criterion(0.15), seed=0, target=0.9)


def test_without_a_target_the_budget_is_spent_as_far_as_it_helps():
    """The highest P is that of the requirement at the whole budget, less what is good enough."""
    law = PowerLaw(2)
    market = one_source(100.0)
    made = make_plan(law, market, Criterion(0.2), seed=0)
    highest = np.mean(law.requirement(0.2) <= 1000)
    assert made.recommended.forecast.p.value == pytest.approx(highest, abs=0.0101)
    assert made.decision.startswith("There is one source")
