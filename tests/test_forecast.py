"""The forecast of one curve: three views, parts that add up, and no point far from the runs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from small import profile
from test_choose import MARKET, METRICS, SEED, criterion, law  # noqa: F401 - law is a fixture

import suffice
from suffice._streams import Stream
from suffice.channel import NoisyChannel, Profile
from suffice.curve import Curve
from suffice.errors import InputError
from suffice.forecast import forecast, make_forecasts, shown
from suffice.forecast._parts import HELD, IN_INTERVAL, counted_parts, moved_alone
from suffice.plan import About, make_plan, plan_record
from suffice.records import Probability

CURVE = Curve.parse("600 crowd + 120 panel")
WANTED = criterion(0.275)
SHIFTS = 0.02 * np.random.default_rng(3).standard_normal((200, 2))
FAR = Curve.parse("90000 crowd + 9000 panel")


@dataclass(frozen=True)
class Unsure:
    """A source whose error is only known within limits."""

    name: str
    low: float
    high: float

    def draw(self, rng: np.random.Generator, capability: float | None) -> NoisyChannel:
        return NoisyChannel(self.name, profile(float(rng.uniform(self.low, self.high))))

    def mean(self) -> NoisyChannel:
        return MARKET.sources[self.name].posterior.mean()


def unsure(spread: float) -> dict[str, suffice.Source]:
    """The market's sources with doubt about the crowd's error."""
    crowd = MARKET.sources["crowd"]
    doubted = replace(crowd, posterior=Unsure("crowd", 0.3 - spread, 0.3 + spread))
    return {**MARKET.sources, "crowd": doubted}


def sds(made: suffice.Forecast) -> dict[str, float]:
    """Standard deviations by part."""
    return {p.name: p.sd for p in made.parts}


def test_the_room_answers_the_question(law):  # noqa: F811
    """``suffice.forecast(...)`` is the room's function, and the room stays a room."""
    said = suffice.forecast(law, CURVE, MARKET.sources, WANTED)
    assert said.p == forecast(law, CURVE, MARKET.sources, WANTED).p
    assert suffice.forecast.make_forecasts is make_forecasts
    assert suffice.forecast.__name__ == "suffice.forecast"


def test_what_is_held_fixed_is_as_before(law):  # noqa: F811
    """P for this pool and this gold is that of many curves at once, to the last digit, whatever is
    doubted of the sources."""
    made = suffice.forecast(law, CURVE, unsure(0.1), WANTED, gold_shifts=SHIFTS, seed=7)
    plain = make_forecasts(
        law,
        [CURVE.resolve(MARKET.sources)],
        WANTED,
        Stream.FORECAST.rng(7),
        gold_shifts=SHIFTS,
    )[0]
    assert made.p == plain.p
    assert made.new_gold == plain.new_gold
    assert made.held_fixed == "this pool of texts and this gold"


def test_other_random_numbers_move_p_by_no_more_than_is_stated(law):  # noqa: F811
    """Over repeats with other streams P scatters by the stated Monte Carlo error at most, and that
    is no empty bound: with few draws both grow."""
    resolved = [CURVE.resolve(MARKET.sources)]
    stated = {}
    for draws, runs in ((40, 60), (500, 2000)):
        made = [
            make_forecasts(
                law, resolved, WANTED, np.random.default_rng([8, k]), draws=draws, runs=runs
            )[0]
            for k in range(40)
        ]
        scatter = float(np.std([f.p.value for f in made], ddof=1))
        stated[draws] = float(np.mean([f.monte_carlo for f in made]))
        # Forty repeats know a scatter to a ninth.
        assert 0.2 * stated[draws] < scatter < 1.25 * stated[draws]
    assert stated[40] > 2.0 * stated[500]


def test_deployment_states_the_error_of_its_own_draws(law):  # noqa: F811
    """P over drawn sources scatters by what it states at most, and more than a P without them."""
    made = [
        suffice.forecast(law, CURVE, unsure(0.19), WANTED, held_fixed="deployment", seed=k)
        for k in range(20)
    ]
    scatter = float(np.std([f.p.value for f in made], ddof=1))
    assert scatter < 1.4 * np.mean([f.monte_carlo for f in made])
    known = suffice.forecast(law, CURVE, unsure(0.19), WANTED, seed=0)
    assert made[0].monte_carlo > known.monte_carlo


@pytest.mark.parametrize("held", ["pool and gold", "pool", "deployment"])
def test_parts_add_up(law, held):  # noqa: F811
    """The squares of what is counted sum to P(1 - P), the variance of whether a run passes."""
    made = suffice.forecast(
        law, CURVE, unsure(0.1), WANTED, gold_shifts=SHIFTS, held_fixed=held, seed=1
    )
    counted = sum(p.sd**2 for p in made.parts if p.counted != HELD)
    assert counted == pytest.approx(made.p.value * (1.0 - made.p.value), abs=1e-12)
    names = [p.name for p in made.parts]
    assert sorted(names) == sorted(
        ["run to run", "parameters", "choice of law", "supply", "evaluation set"]
    )
    inside = {p.name for p in made.parts if p.counted == IN_INTERVAL}
    assert ("evaluation set" in inside) == (held != "pool and gold")
    assert ("supply" in inside) == (held == "deployment")


def test_supply_counts_where_labels_are_drawn_anew(law):  # noqa: F811
    """Known channels leave no supply part at all; the more is doubted, the larger it is and the
    wider is P in deployment."""
    made = [
        suffice.forecast(law, CURVE, unsure(s), WANTED, held_fixed="deployment", seed=2)
        for s in (0.02, 0.1, 0.19)
    ]
    known = suffice.forecast(law, CURVE, MARKET.sources, WANTED, held_fixed="deployment", seed=2)
    assert sds(known)["supply"] == pytest.approx(0.0, abs=1e-9)
    supply = [sds(m)["supply"] for m in made]
    assert 0.0 < supply[0] < supply[1] < supply[2]
    spread = [m.draws.std() for m in (known, *made)]
    assert spread[0] < spread[2] < spread[3]


def test_deployment_is_the_mean_over_drawn_channels(law):  # noqa: F811
    """P in deployment is what many single forecasts with drawn channels give on average."""
    sources = unsure(0.15)
    made = suffice.forecast(law, CURVE, sources, WANTED, seed=3)
    rng = np.random.default_rng(4)
    resolved = [CURVE.resolve(sources, rng) for _ in range(200)]
    each = make_forecasts(law, resolved, WANTED, rng, draws=100)
    expected = np.mean([f.p.value for f in each])
    error = np.std([f.p.value for f in each]) * np.sqrt(1 / 32 + 1 / 200)
    assert made.deployment.value == pytest.approx(expected, abs=3.0 * error + 0.01)


def test_better_labels_than_the_record_help(law):  # noqa: F811
    """A channel that is surely better than the recorded one raises P, a worse one lowers it."""
    p = {}
    for name, error in (("better", 0.2), ("as it was", 0.3), ("worse", 0.4)):
        crowd = replace(MARKET.sources["crowd"], posterior=Unsure("crowd", error, error))
        made = suffice.forecast(law, CURVE, {**MARKET.sources, "crowd": crowd}, WANTED, seed=5)
        p[name] = made.deployment.value
    assert p["worse"] < p["as it was"] < p["better"]


def test_parts_by_hand():
    """Two families, two sources and two golds whose variances are known."""
    base = np.array([0.3, 0.3, 0.5, 0.5])[:, None, None]
    supply, gold = np.array([-0.05, 0.05])[:, None], np.array([-0.1, 0.1])
    pi = base + supply + gold
    family = np.array([0, 0, 1, 1])
    found = {p.name: p.sd for p in counted_parts(pi, family, varied=("supply", "evaluation set"))}
    assert found["parameters"] == pytest.approx(0.0, abs=1e-12)
    assert found["choice of law"] == pytest.approx(0.1)
    assert found["supply"] == pytest.approx(0.05)
    assert found["evaluation set"] == pytest.approx(0.1)
    assert found["run to run"] ** 2 == pytest.approx((pi * (1 - pi)).mean())


def test_gold_alone_is_found_beside_the_law():
    """Two chances that share a gold and nothing else show what the gold alone moves."""
    rng = np.random.default_rng(0)
    gold = 0.1 * rng.standard_normal(200_000)
    first, second = (gold + 0.2 * rng.standard_normal(len(gold)) for _ in range(2))
    assert moved_alone(first, second) == pytest.approx(0.1, rel=0.02)
    assert moved_alone(first - gold, second - gold) < 0.02


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"held_fixed": "gold"}, "held_fixed = 'gold' .one of pool and gold, pool, deployment"),
        ({"held_fixed": "pool"}, "the gold has no replicas"),
    ],
)
def test_what_cannot_be_held_fixed_is_one_line(law, more, said):  # noqa: F811
    """An unknown word, and gold that cannot be redrawn."""
    with pytest.raises(InputError, match=said):
        suffice.forecast(law, CURVE, MARKET.sources, WANTED, **more)


def test_an_unknown_source_is_named(law):  # noqa: F811
    """A curve that buys from nobody."""
    with pytest.raises(InputError, match="unknown source 'nobody'"):
        suffice.forecast(law, Curve.parse("10 nobody"), MARKET.sources, WANTED)


def test_far_gives_bounds_unless_asked(law):  # noqa: F811
    """Far beyond the runs JSON has a low and a high end and no mean; asked for, it has one."""
    made = suffice.forecast(law, FAR, MARKET.sources, WANTED)
    assert made.distance == "far"
    assert made.said().mean is None
    assert (made.said().low, made.said().high) == (made.p.low, made.p.high)
    assert made.said(points=True).mean == made.p.value
    assert shown(made.deployment, made.distance).mean is None
    near = suffice.forecast(law, CURVE, MARKET.sources, WANTED)
    assert near.said().mean == near.p.value
    assert Probability.model_validate_json(made.said().model_dump_json()) == made.said()


def test_a_plan_that_lies_far_says_so(law):  # noqa: F811
    """With money for far more than was ever trained, the decision warns and gives bounds; the same
    plan asked for points gives them."""
    rich = replace(MARKET, money=20_000.0, smallest=40)
    wanted = criterion(0.19)
    about = About("s", "q", "m")
    made = make_plan(law, rich, wanted, seed=SEED)
    assert made.recommended.forecast.distance == "far"
    assert "far beyond what was measured" in made.decision
    low, high = made.recommended.forecast.p.low, made.recommended.forecast.p.high
    assert low < high
    said = plan_record(made, rich, wanted, about)
    assert said.p.mean is None
    assert said.p_deployment.mean is None
    assert said.distance == "far"
    asked = plan_record(
        make_plan(law, rich, wanted, seed=SEED, points=True), rich, wanted, about, points=True
    )
    assert asked.p.mean == made.recommended.forecast.p.value
    assert "far beyond what was measured" in asked.decision


def test_profiles_of_any_shape_are_drawn(law):  # noqa: F811
    """Slices and bins of a drawn profile need not be those of the record."""
    crowd = replace(
        MARKET.sources["crowd"],
        posterior=suffice.channel.FixedPosterior(
            NoisyChannel(
                "crowd", Profile(np.full((2, 3), 0.3), np.full((2, 3), 1 / 3), np.zeros((2, 3)))
            )
        ),
    )
    made = suffice.forecast(law, CURVE, {**MARKET.sources, "crowd": crowd}, WANTED, seed=5)
    plain = suffice.forecast(law, CURVE, MARKET.sources, WANTED, seed=5)
    assert made.deployment.value == pytest.approx(plain.deployment.value, abs=0.02)
    assert law.metrics == METRICS
