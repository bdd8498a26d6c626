"""Laws of models that have no grid: honest with five pilot runs, and with none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from suffice.curve import Curve
from suffice.demand import Outcomes, SourceTable, transfer_law
from suffice.errors import InputError
from suffice.forecast import Criterion, make_forecasts
from suffice.metric import Metric, error_rate

TABLE = SourceTable(
    names=("expert", "judge"),
    log_worth=np.log([1.0, 0.4]),
    repeats={"expert": {1: 0.0}, "judge": {1: 0.0}},
    bias=np.array([2.0, 8.0]),
)
METRICS = (error_rate(), error_rate("easy"), error_rate("odd"))
GRID = tuple(
    Curve.parse(text)
    for n in (60, 150, 400, 1000)
    for text in (f"{n} expert", f"{n} judge", f"{n // 2} judge + {n // 2} expert")
)
PILOTS = tuple(
    Curve.parse(text)
    for text in ("200 expert", "1000 expert", "300 judge", "1000 judge", "500 judge + 500 expert")
)
ASKED = tuple(
    Curve.parse(text)
    for text in (
        "500 expert",
        "4000 expert",
        "4000 judge",
        "3000 judge + 500 expert",
        "1000 judge + 2000 expert (round 2)",
    )
)


@dataclass(frozen=True)
class Toy:
    """A model whose errors are known exactly, and its law: a ``Law`` as far as these tests go."""

    model: str
    floor: float
    scale: float
    taught: float
    above: float = 0.0
    falls: float = 0.0
    size: float = 1.0
    wobble: float = 0.002
    scheme: str = "probe"
    metrics: tuple[Metric, ...] = METRICS
    table: SourceTable = TABLE
    curves: tuple[Curve, ...] = GRID
    largest: int = 1000

    @classmethod
    def of_size(cls, size: float, rng: np.random.Generator) -> Toy:
        """A model of a population with a trend: larger ones need fewer labels, and err less."""
        return cls(
            f"size {size:.1f}",
            floor=0.2 - 0.02 * np.log(size) + 0.01 * rng.standard_normal(),
            scale=300.0 * np.exp(-0.4 * np.log(size) + 0.15 * rng.standard_normal()),
            taught=0.04 + 0.01 * rng.standard_normal(),
            size=size,
        )

    def truth(self, curve: Curve) -> np.ndarray:
        """Mean error [metric]."""
        worth = {t.source: t.tasks * (0.4 if t.source == "judge" else 1.0) for t in curve}
        total = sum(worth.values())
        share = worth.get("judge", 0.0) / total
        missing = (1.0 + total / self.scale) ** -0.5
        easy = self.above + self.floor + (0.5 - self.floor) * missing
        odd = easy + 0.03 * (1.0 - missing) + 2.0 * self.taught * share * (1.0 - missing)
        return np.array([(easy + odd) / 2.0, easy, odd])

    def run(self, curve: Curve, rng: np.random.Generator) -> np.ndarray:
        """Metrics of one run [1, metric]."""
        noise = 0.6 * rng.standard_normal() + 0.8 * rng.standard_normal(2)
        noise *= self.width(curve)
        slices = self.truth(curve)[1:] + noise
        return np.array([[slices.mean(), *slices]])

    def width(self, curve: Curve) -> float:
        """Run-to-run sd of a slice: less where more is bought."""
        return 0.012 * (500.0 / curve.tasks) ** self.falls

    def distance(self, curve: Curve) -> str:
        """Like a law's."""
        return "inside" if curve.tasks <= self.largest else "near"

    def outcomes(self, curves, rng, *, draws, runs, half=None, common=False) -> Outcomes:
        """The truth, as uncertain as a fitted law."""
        mean = np.array([self.truth(c) for c in curves])
        mean = mean + self.wobble * rng.standard_normal((draws, len(curves), 1))
        common, own = rng.standard_normal((runs, 1)), rng.standard_normal((runs, 2))
        slices = 0.6 * common + 0.8 * own
        joint = np.column_stack([slices.mean(axis=1) / np.sqrt(0.68), slices])
        spread = np.zeros(mean.shape) + np.array([self.width(c) for c in curves])[:, None]
        spread[:, :, 0] *= np.sqrt(0.68)
        return Outcomes(mean, spread, joint)


def world(seed: int) -> tuple[list[Toy], Toy, np.random.Generator]:
    """Four known models and a new one, of any sizes."""
    rng = np.random.default_rng(seed)
    *known, new = (Toy.of_size(s, rng) for s in np.exp(0.8 * rng.standard_normal(5)))
    return known, new, rng


@pytest.fixture(scope="module")
def scored() -> dict[str, tuple[float, float]]:
    """Of many worlds: share of true means in the 90 % interval, and RMS miss of the mean error."""
    inside: dict[str, list[np.ndarray]] = {"pilots": [], "size": [], "neither": []}
    miss: dict[str, list[np.ndarray]] = {name: [] for name in inside}
    for seed in range(40):
        known, new, rng = world(seed)
        runs = [new.run(c, rng) for c in PILOTS]
        laws = {
            "pilots": transfer_law(known, PILOTS, runs, model="new"),
            "size": transfer_law(known, model="new", sizes=[k.size for k in known], size=new.size),
            "neither": transfer_law(known, model="new"),
        }
        true = np.array([new.truth(c) for c in ASKED])
        for name, law in laws.items():
            mean = law.outcomes(ASKED, rng, draws=200, runs=20).mean
            low, high = np.quantile(mean, [0.05, 0.95], axis=0)
            inside[name].append((low <= true) & (true <= high))
            miss[name].append((mean.mean(axis=0) - true)[:, 0])
    return {
        name: (float(np.mean(inside[name])), float(np.sqrt(np.mean(np.square(miss[name])))))
        for name in inside
    }


@pytest.mark.parametrize("name", ["pilots", "size", "neither"])
def test_intervals_are_honest(scored: dict[str, tuple[float, float]], name: str) -> None:
    """True means of new models lie in their 90 % interval about as often as that says."""
    assert 0.83 <= scored[name][0] <= 0.98


def test_pilots_and_size_sharpen_the_forecast(scored: dict[str, tuple[float, float]]) -> None:
    """Five runs, or the trend in size, come closer than taking all models for alike."""
    assert scored["pilots"][1] < 0.75 * scored["neither"][1]
    assert scored["size"][1] < 0.9 * scored["neither"][1]


@pytest.fixture(scope="module")
def of_another_kind() -> dict[str, tuple[float, float]]:
    """New models far above all known ones, shaped like the strongest: RMS misses, and coverage.

    Of the known models the weaker ones learn more slowly, too, and runs differ less the more is
    bought: as encoders cut to fewer layers, and vectors of single words, are found to do.
    """
    miss: dict[str, list[np.ndarray]] = {"transfer": [], "shift": []}
    inside = []
    for seed in range(40):
        rng = np.random.default_rng([seed, 7])
        known = [
            Toy(f"known {k}", 0.2, 300.0 * np.exp(0.15 * k), 0.04, 0.01 * k, falls=0.5)
            for k in range(4)
        ]
        scale = 300.0 * np.exp(0.05 * rng.standard_normal())
        new = Toy("new", 0.2, scale, 0.04, above=rng.uniform(0.06, 0.09), falls=0.5)
        runs = [new.run(c, rng) for c in PILOTS]
        law = transfer_law(known, PILOTS, runs, model="new")
        mean = law.outcomes(ASKED, rng, draws=200, runs=20).mean
        true = np.array([new.truth(c) for c in ASKED])
        low, high = np.quantile(mean, [0.05, 0.95], axis=0)
        inside.append((low <= true) & (true <= high))
        miss["transfer"].append((mean.mean(axis=0) - true)[:, 0])
        before = np.array([known[0].truth(c)[0] for c in PILOTS])
        moved = np.mean([r[:, 0].mean() for r in runs] - before)
        miss["shift"].append(np.array([known[0].truth(c)[0] for c in ASKED]) + moved - true[:, 0])
    rms = {name: float(np.sqrt(np.mean(np.square(m)))) for name, m in miss.items()}
    return {"rms": (rms["transfer"], rms["shift"]), "inside": (float(np.mean(inside)), 0.9)}


def test_a_shift_by_the_pilots_mean_miss_is_no_better(
    of_another_kind: dict[str, tuple[float, float]],
) -> None:
    """Where the new model differs by its level alone, that rule is right, and nothing is lost."""
    transfer, shift = of_another_kind["rms"]
    assert transfer <= 1.05 * shift


def test_intervals_hold_a_model_of_another_kind(
    of_another_kind: dict[str, tuple[float, float]],
) -> None:
    """A level far outside those of the known models is found, with an honest width."""
    assert 0.83 <= of_another_kind["inside"][0] <= 0.98


def test_two_known_models_are_enough() -> None:
    """With two laws the width is mostly prior, and neither zero nor without bound."""
    known, _, rng = world(7)
    for sizes in ({}, {"sizes": (1.0, 4.0), "size": 2.0}):
        law = transfer_law(known[:2], model="new", **sizes)
        sd = law.outcomes(ASKED, rng, draws=200, runs=10).mean[:, :, 0].std(axis=0)
        assert (sd > 0.003).all()
        assert (sd < 0.15).all()


def test_known_laws_do_not_average_their_errors_away() -> None:
    """Laws that err alike leave as much doubt about a mean of them as each has about itself."""
    known = [Toy(f"known {k}", 0.2, 300.0, 0.04, wobble=0.02) for k in range(4)]
    rng = np.random.default_rng(8)
    law = transfer_law(known, model="new", sizes=(1.0, 2.0, 4.0, 8.0), size=3.0)
    sd = law.outcomes(ASKED, rng, draws=1000, runs=10).mean[:, :, 0].std(axis=0)
    assert (sd > 0.018).all()


def test_order_of_the_known_models_says_nothing() -> None:
    """The same laws the other way round give the same forecast, up to the draws."""
    known, new, rng = world(3)
    runs = [new.run(c, rng) for c in PILOTS]
    one, other = (
        transfer_law(laws, PILOTS, runs, model="new").outcomes(
            ASKED, np.random.default_rng(5), draws=2000, runs=10
        )
        for laws in (known, known[::-1])
    )
    gap = np.abs(one.mean.mean(axis=0) - other.mean.mean(axis=0))
    assert gap.max() < 0.15 * one.mean.std(axis=0).max()


def test_many_pilot_runs_outweigh_the_known_models() -> None:
    """A model far from all known ones is found by pilots of many runs, at their own curves."""
    known, _, rng = world(4)
    strange = Toy("strange", floor=0.32, scale=900.0, taught=0.0)
    runs = [np.concatenate([strange.run(c, rng) for _ in range(400)]) for c in PILOTS]
    law = transfer_law(known, PILOTS, runs, model="strange")
    mean = law.outcomes(PILOTS, rng, draws=500, runs=10).mean
    true = np.array([strange.truth(c) for c in PILOTS])
    assert np.abs(mean.mean(axis=0) - true).max() < 0.006


def test_pilots_update_the_same_draws_that_a_criterion_sees() -> None:
    """A transferred law goes wherever a law goes: forecasts carry its interval and distance."""
    known, new, rng = world(5)
    runs = [new.run(c, rng) for c in PILOTS]
    law = transfer_law(known, PILOTS, runs, model="new")
    true = float(new.truth(ASKED[1])[0])
    near, sure = make_forecasts(law, [ASKED[1]] * 2, Criterion(error=true), rng)
    assert near.distance == "near"
    assert near.p.low < 0.5 < near.p.high
    easy = make_forecasts(law, [ASKED[1]], Criterion(error=true + 0.1), rng)[0]
    assert easy.p.value > 0.95 > sure.p.value


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"laws": 1}, "one known law says nothing"),
        ({"sizes": (1, 2, 2, 6), "size": 3}, "two known models have the same size"),
        ({"sizes": (1, 2, 4, 6)}, "the size of every model is needed"),
        ({"sizes": (1, 2, 4, 0), "size": 3}, "a size is a positive number"),
        ({"runs": 4}, "5 pilot curves and runs of 4"),
        ({"width": 2}, "runs of pilot 1 do not fit"),
        ({"other": ("error",)}, "are of different tasks"),
    ],
)
def test_bad_input_ends_in_one_line(change: dict[str, object], says: str) -> None:
    """What does not fit together is named."""
    known, new, rng = world(6)
    laws = known[: int(change.get("laws", 4))]
    if "other" in change:
        laws = [*laws[:3], Toy("odd", 0.2, 300.0, 0.0, metrics=change["other"])]
    runs = [new.run(c, rng)[:, : int(change.get("width", 3))] for c in PILOTS]
    with pytest.raises(InputError, match=says):
        transfer_law(
            laws,
            PILOTS,
            runs[: int(change.get("runs", 5))],
            model="new",
            sizes=change.get("sizes"),
            size=change.get("size"),
        )
