"""The long run: drivers compose as they should, bands are calibrated, theory clips what it may."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_transfer import GRID, Toy
from toy_laws import SimpleLaw

from suffice.channel import FixedPosterior, NoisyChannel, Source
from suffice.cli import main
from suffice.curve import Curve, Tranche
from suffice.demand import transfer_law
from suffice.errors import InputError
from suffice.forecast import Criterion
from suffice.forecast.horizon import (
    Driver,
    Horizon,
    MeasuredChange,
    Needed,
    Outlook,
    SourceStart,
    Trend,
    TrendPoint,
    labels_needed,
    load_outlook,
    look_ahead,
)
from suffice.forecast.horizon import Path as ScalePath
from suffice.forecast.horizon._file import parse_outlook
from suffice.forecast.horizon._path import distance
from suffice.forecast.horizon._trend import fit_trend

EXAMPLE = Path(__file__).parents[1] / "examples" / "horizon.toml"
GROWS = Driver("grows", "demand", "made up", per_decade=(0.3, 0.1))
SAVES = Driver("saves", "demand", "made up", per_decade=(-0.5, 0.2), measured=True)
ONCE = Driver("once", "demand", "made up", in_all=(0.4, 0.2), chance=0.5)
FOOLS = Driver("fools", "shared_error", "made up", per_decade=(0.5, 0.3))
FLOOR = Driver("floor", "floor", "made up", share=(0.05, 2.0))


def outlook(*drivers: Driver, holds: bool = False, bits: float = 20.0) -> Outlook:
    """An outlook with these drivers."""
    return Outlook(
        target=0.5,
        unit="parameters",
        models={"large": 100.0, "small": 10.0},
        path=ScalePath((0.5, 0.1), (2.0, 0.5), 6.0),
        floor_bits=(bits, 2.0),
        floor_per_decade=(-0.2, 0.1),
        floor_holds=holds,
        drivers=drivers,
    )


def start(shared: float = 0.05, labels: float = 1000.0, error: float = 0.2) -> SourceStart:
    """A source that today's model needs about so many labels of."""
    rng = np.random.default_rng(17)
    many = labels * np.exp(0.1 * rng.standard_normal(2000))
    return SourceStart("crowd", many, np.full(50, error), np.full(50, shared))


def ahead(look: Outlook, *starts: SourceStart, draws: int = 2000, points: int = 9) -> Horizon:
    """Look ahead with a fixed seed."""
    rng = np.random.default_rng(5)
    return look_ahead(look, starts or (start(),), 0.25, rng, draws=draws, points=points)


def bands(rows: tuple[Needed, ...]) -> list[tuple[float, float, float]]:
    """(low, median, high) of rows."""
    return [(r.low, r.median, r.high) for r in rows]


# ---- drivers -------------------------------------------------------------------------------------


def test_today_is_what_was_measured() -> None:
    """At today's scale the band is the measured one, whatever the drivers say."""
    now = ahead(outlook(GROWS, SAVES, ONCE, FOOLS, FLOOR)).rows[0]
    plain = ahead(outlook()).rows[0]
    assert (now.decades, now.distance) == (0.0, "inside")
    assert bands((now,)) == bands((plain,))


@pytest.mark.parametrize("one", [GROWS, ONCE, FOOLS, FLOOR, SAVES])
def test_off_is_a_multiplier_of_one(one: Driver) -> None:
    """A driver that never acts, and one that is switched off, give the very same numbers."""
    others = tuple(d for d in (GROWS, ONCE, FOOLS, FLOOR, SAVES) if d is not one)
    full = outlook(*others, one)
    idle = outlook(*others, replace(one, chance=0.0))
    off = ahead(full.without((one.name,)))
    assert bands(ahead(idle).rows) == bands(off.rows)
    assert ahead(idle).effects[one.name] == (1.0, 1.0, 1.0)
    assert bands(ahead(full).rows) != bands(off.rows)


def test_no_drivers_change_nothing() -> None:
    """Without drivers the need stays what it is today at every scale."""
    found = ahead(outlook())
    assert len(set(bands(found.rows))) == 1
    assert len(set(bands(found.danger))) == 1


def test_multipliers_multiply() -> None:
    """Exact drivers compose to the product of their multipliers."""
    two = Driver("two", "demand", "x", per_decade=(np.log10(2.0), 0.0))
    third = Driver("third", "demand", "x", per_decade=(-np.log10(3.0), 0.0))
    found, today = ahead(outlook(two, third)), ahead(outlook())
    for row, base in zip(found.rows, today.rows, strict=True):
        assert row.median == pytest.approx(base.median * (2.0 / 3.0) ** (row.decades or 0.0))


def test_floor_in_samples() -> None:
    """Savings end at the floor's share; what is added to the tasks is not touched by it."""
    share = Driver("share", "floor", "x", share=(0.1, 1.0))
    huge = Driver("huge", "demand", "x", per_decade=(-4.0, 0.0))
    more = Driver("more", "demand", "x", per_decade=(0.5, 0.0))
    base = ahead(outlook()).rows[-1].median
    assert ahead(outlook(huge, share)).rows[-1].median == pytest.approx(0.1 * base, rel=1e-3)
    assert bands(ahead(outlook(more, share)).rows) == bands(ahead(outlook(more)).rows)


def test_shared_error_can_make_labels_useless() -> None:
    """With enough shared error no number of labels will do; without any, nothing is lost."""
    wild = replace(FOOLS, per_decade=(4.0, 0.0))
    # A model that imitates less than half of the shared error can still be saved by numbers.
    assert ahead(outlook(wild), start(shared=0.1)).rows[-1].never > 0.95
    assert ahead(outlook(wild), start(shared=0.0)).rows[-1].never == 0.0
    assert bands(ahead(outlook(wild), start(shared=0.0)).rows) == bands(ahead(outlook()).rows)
    growing = ahead(outlook(FOOLS), start(shared=0.1)).rows
    assert growing[-1].shared[1] > growing[0].shared[1] == pytest.approx(0.1)
    nevers = [r.never for r in growing]
    assert nevers == sorted(nevers)


def test_worth_of_a_label_falls_with_its_error() -> None:
    """A little more shared error multiplies the need by the ratio of Fisher informations."""
    small = Driver("a little", "shared_error", "x", per_decade=(0.3, 0.0))
    row = ahead(outlook(small), start(shared=0.02, error=0.2)).rows[-1]
    shared = row.shared[1]
    alone = (0.2 - 0.02) / (1.0 - 0.04)
    error = shared + alone * (1.0 - 2.0 * shared)
    ratio = ((1.0 - 0.4) / (1.0 - 2.0 * error)) ** 2
    assert row.median == pytest.approx(ratio * ahead(outlook()).rows[-1].median, rel=1e-6)


# ---- calibration ---------------------------------------------------------------------------------


def test_bands_are_calibrated() -> None:
    """A hundred worlds whose drivers are drawn from the priors: the 90 % bands cover.

    In each, four models are measured with error, the trend is fitted, and the true need one and
    two decades on is computed from the world's own numbers.
    """
    rng = np.random.default_rng(40)
    look = outlook(SAVES, GROWS, ONCE, FOOLS)
    x = np.array([-0.9, -0.6, -0.3, 0.0])
    covered, above = [], []
    for _ in range(100):
        slope, tau = rng.normal(*SAVES.per_decade), abs(rng.normal(0.0, 0.2))
        need = 3.0 + slope * x + tau * rng.standard_normal(4)
        points = []
        for at, true in zip(x, need, strict=True):
            seen = true + 0.05 * rng.standard_normal()
            labels = 10.0 ** (seen + 0.05 * rng.standard_normal(600))
            points.append(TrendPoint(f"m{at}", float(at), labels, 1e9))
        line = fit_trend(points, SAVES.per_decade, rng)
        trend = Trend("crowd", tuple(points), line)
        shared0, error0 = rng.uniform(0.01, 0.05), 0.15
        begin = SourceStart(
            "crowd", points[-1].labels, np.full(9, error0), np.full(9, shared0), trend
        )
        found = look_ahead(
            look, [begin], 0.25, rng, measured=trend.change(rng), draws=800, points=7
        )
        grows, once = rng.normal(0.3, 0.1), rng.normal(0.4, 0.2) * (rng.random() < 0.5)
        fools, taught = rng.normal(0.5, 0.3), rng.beta(8.0, 2.0)
        for row in (r for r in found.rows if r.decades in (1.0, 2.0)):
            far = float(row.decades or 0.0)
            log_need = 3.0 + slope * far + tau * rng.standard_normal()
            log_need += grows * far + once * (1.0 - 10.0**-far)
            odds = 2.0 * shared0 / (1.0 - 2.0 * shared0) * np.exp(fools * far)
            shared = 0.5 * odds / (1.0 + odds)
            slips = (error0 - shared0) / (1.0 - 2.0 * shared0)
            error = shared + slips * (1.0 - 2.0 * shared)
            log_need += 2.0 * np.log10((1.0 - 2.0 * error0) / (1.0 - 2.0 * error))
            truth = np.inf if taught * shared > 0.25 else 10.0**log_need
            covered.append(row.low <= truth <= row.high)
            above.append(truth > row.median)
    assert len(covered) == 200
    assert 0.83 < np.mean(covered) < 0.97
    assert 0.38 < np.mean(above) < 0.62


def test_trend_counts_models_that_did_not_get_there() -> None:
    """A small model that never met the criterion makes the slope steeper, not flatter."""
    rng = np.random.default_rng(2)
    spread = np.exp(0.05 * rng.standard_normal(500))
    points = [
        TrendPoint("large", 0.0, 100.0 * spread, 1e4),
        TrendPoint("mid", -0.5, 200.0 * spread, 1e4),
    ]
    lost = TrendPoint("small", -1.0, np.full(500, np.inf), 1e4)
    slopes = [fit_trend(p, (-0.4, 0.5), rng).slope.mean() for p in (points, [*points, lost])]
    assert slopes[1] < slopes[0]
    assert fit_trend([lost], (-0.4, 0.5), rng) is None
    assert Trend("crowd", (lost,), None).change(rng) is None


# ---- theory --------------------------------------------------------------------------------------


def test_floor_clips_only_where_it_holds() -> None:
    """The floor leaves the forecast alone unless the prior behind it is the model's own."""
    deep = replace(SAVES, per_decade=(-2.0, 0.2))
    flagged = ahead(outlook(deep, bits=200.0))
    clipped = ahead(outlook(deep, bits=200.0, holds=True))
    plain = ahead(outlook(deep, bits=1e-6))
    assert bands(flagged.rows) == bands(plain.rows)
    assert flagged.rows[-1].below_floor > 0.9
    assert clipped.rows[-1].below_floor == flagged.rows[-1].below_floor
    for row, free in zip(clipped.rows, flagged.rows, strict=True):
        assert row.floor == free.floor
        assert row.low >= row.floor[0]
        assert row.high >= max(row.floor[2], free.high) - 1e-9
        assert row.median >= free.median
    assert bands(clipped.rows)[-1] != bands(flagged.rows)[-1]


def test_floor_is_information_over_capacity() -> None:
    """Bits over the capacity of today's labels."""
    row = ahead(outlook(bits=30.0), start(error=0.11, shared=0.0)).rows[0]
    assert row.floor[1] == pytest.approx(30.0 / 0.5, rel=0.05)  # 1 - H2(.11) is one half


# ---- a driver fitted from verdicts ---------------------------------------------------------------


def test_fitted_driver_replaces_its_prior(tmp_path: Path) -> None:
    """Verdicts on several models give a driver its slope; other drivers keep their draws."""
    from test_capability import judged

    from suffice.forecast import fit_capability, read_verdicts

    path = tmp_path / "verdicts.csv"
    judged(np.random.default_rng(3), 1.5, models=8, per_model=400, tau=0.05).write_csv(path)
    line = fit_capability(read_verdicts(path), prior=FOOLS.per_decade).line
    change = MeasuredChange(line.slope, np.zeros_like(line.slope))
    look, rngs = outlook(GROWS, FOOLS), [np.random.default_rng(5) for _ in range(2)]
    before = look_ahead(look, [start()], 0.25, rngs[0])
    after = look_ahead(look, [start()], 0.25, rngs[1], fitted={"fools": change})
    assert [d.measured for d in before.drivers] == [False, False]
    assert [d.measured for d in after.drivers] == [False, True]
    assert after.drivers[1].slope.mean() == pytest.approx(1.4, abs=0.3)
    assert after.rows[-1].shared[1] > before.rows[-1].shared[1]
    assert after.effects["grows"] == before.effects["grows"]
    with pytest.raises(InputError, match="no such file"):
        read_verdicts(tmp_path / "none.csv")


# ---- the path ------------------------------------------------------------------------------------


def test_danger_and_years_integrate_the_path() -> None:
    """A path and a dangerous scale that are known give the rows at that scale."""
    sure = replace(outlook(GROWS, FOOLS), path=ScalePath((0.5, 0.0), (2.0, 0.0), 4.0))
    found = ahead(sure)
    at_two = next(r for r in found.rows if r.decades == 2.0)
    assert bands(found.danger) == bands((at_two,))
    assert found.danger_year == (4.0, 4.0, 4.0)
    assert bands((found.years[-1][1],)) == bands((at_two,))
    unsure = ahead(replace(sure, path=ScalePath((0.5, 0.2), (2.0, 1.0), 4.0)))
    assert unsure.danger[0].high > found.danger[0].high
    assert unsure.danger_year[0] < 4.0 < unsure.danger_year[2]
    # Scale always grows, however unsure its pace.
    pace = ScalePath((0.5, 5.0), (2.0, 1.0), 4.0).draw_rate(np.random.default_rng(0), 1000)
    assert pace.min() > 0.0


def test_distance_in_words() -> None:
    """Near is as far beyond as measured models lie apart; beyond that no point value is given."""
    assert [distance(x, 0.8) for x in (-0.5, 0.0, 0.8, 0.81)] == ["inside", "inside", "near", "far"]
    assert [distance(x, 0.0) for x in (0.5, 0.6)] == ["near", "far"]
    for row in ahead(outlook(GROWS)).rows:
        assert (row.record().median is None) == (row.distance == "far")
        assert row.record().low is not None


# ---- labels that a measured model needs ----------------------------------------------------------


class Measured(SimpleLaw):
    """The simple law, with the cells that it was measured on."""

    def __init__(self, model: str, scale: float, largest: int) -> None:
        super().__init__(model, scale)
        self.curves = (Curve((Tranche("crowd", largest),)),)

    def distance(self, curve):
        return "inside" if curve.tasks <= self.curves[0].tasks else "near"

    def outcomes(self, curves, rng, *, draws, runs, half=None):
        from small import profile

        channel = NoisyChannel("crowd", profile(0.2))
        crowd = {"crowd": Source("crowd", 1.0, FixedPosterior(channel))}
        resolved = [c.resolve(crowd) for c in curves]
        return super().outcomes(resolved, rng, draws=draws, runs=runs)


def test_labels_needed_are_those_of_the_law() -> None:
    """Where the law is known, the labels needed are where it meets the criterion."""
    law = Measured("m", 50.0, 4000)
    labels, most = labels_needed(law, "crowd", Criterion(error=0.2), 0.5, np.random.default_rng(0))
    # .1 + .4 / (1 + .36 n / 50) = .2 at n = 417; the law's mean wobbles by .005.
    assert np.median(labels) == pytest.approx(3.0 * 50.0 / 0.36, rel=0.05)
    assert most == 12_000
    strict, _ = labels_needed(law, "crowd", Criterion(error=0.2), 0.95, np.random.default_rng(0))
    assert np.median(strict) > 1.1 * np.median(labels)
    never, _ = labels_needed(law, "crowd", Criterion(error=0.05), 0.5, np.random.default_rng(0))
    assert np.isinf(never).all()


def test_a_transferred_law_is_asked_as_far_as_all_known_models_go() -> None:
    """Of two known models, one with cells of 1,000 and one of 400 labels, the second is the end."""
    wide, narrow = Toy("wide", 0.15, 300.0, 0.04), Toy("narrow", 0.18, 200.0, 0.05)
    narrow = replace(narrow, curves=tuple(c for c in GRID if c.tasks <= 400), largest=400)
    law = transfer_law([wide, narrow], model="new")
    assert max(c.tasks for c in law.curves) == 1000
    rng = np.random.default_rng(0)
    assert labels_needed(law, "expert", Criterion(error=0.3), 0.5, rng)[1] == 1200
    # A law of its own cells is asked as far as these go.
    assert labels_needed(wide, "expert", Criterion(error=0.3), 0.5, rng)[1] == 3000


# ---- the file ------------------------------------------------------------------------------------


def test_example_outlook_names_its_evidence() -> None:
    """Every driver of the example has evidence, and each consideration of the design is there."""
    look = load_outlook(EXAMPLE)
    names = {d.name for d in look.drivers}
    assert len(names) == 11
    assert all(len(d.evidence) > 40 for d in look.drivers)
    assert {d.on for d in look.drivers} == {"demand", "shared_error", "floor"}
    assert not look.floor_holds
    assert {"minilm-l6", "minilm-l6@1"} <= set(look.models)
    with pytest.raises(InputError, match=r"no driver is called 'sample'.*there are: sample eff"):
        look.without(("sample",))


BASE = {
    "scale": {"unit": "x", "models": {"m": 1.0}},
    "path": {"decades_per_year": [0.4, 0.1]},
    "danger": {"decades": [3.0, 1.0]},
    "floor": {"bits": [20.0, 3.0]},
}
ONE = {"name": "a", "on": "demand", "evidence": "e", "per_decade": [0.1, 0.1]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": 1.5}, "target"),
        ({"driver": [{**ONE, "per_decade": [0.1, -0.1]}]}, "per_decade"),
        ({"driver": [{**ONE, "evidence": ""}]}, "evidence"),
        ({"driver": [ONE, ONE]}, "two drivers are called 'a'"),
        ({"driver": [{**ONE, "on": "floor"}]}, "driver 'a' on floor needs share"),
        ({"driver": [{**ONE, "per_decade": None}]}, "needs in_all or per_decade"),
        ({"driver": [{**ONE, "on": "shared_error", "measured": True}]}, "can be measured"),
        ({"driver": [{**ONE, "chance": 2}]}, "chance"),
        ({"driver": [{**ONE, "verdicts": "v.csv"}]}, "verdicts are for per_decade on shared"),
        ({"path": {"decades_per_year": [-0.4, 0.1]}}, "decades_per_year"),
        ({"scale": {"unit": "x", "models": {"m": 0.0}}}, "scale.models"),
        ({"dangers": {}}, "dangers"),
    ],
)
def test_bad_outlook(change: dict[str, object], words: str) -> None:
    """What cannot be is refused, with the key that says it."""
    parse_outlook({**BASE, "driver": [ONE]})
    with pytest.raises(InputError, match=words):
        parse_outlook({**BASE, **change})


def test_outlook_file_must_be_there(tmp_path: Path) -> None:
    """A missing file and one that is no TOML are told apart."""
    with pytest.raises(InputError, match="no such file"):
        load_outlook(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("target = ")
    with pytest.raises(InputError, match="is no valid TOML"):
        load_outlook(tmp_path / "bad.toml")


# ---- the command ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--target", "1.2"], "--target 1.2 is no probability"),
        (["--without", "nothing"], "no driver is called 'nothing'"),
        (["--drivers", "none.toml"], "no such file"),
    ],
)
def test_bad_arguments(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A mistake is said before anything is measured."""
    with pytest.raises(SystemExit) as ended:
        main(["horizon", "--out", str(tmp_path), *arguments])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


SMALL = """\
name = "small"
[task]
kind = "ratings"
texts = 1500
evaluation_pairs = 1200
[criterion]
error = 0.40
[sources.crowd]
raters = 1
price = 0.1
[sources.panel]
raters = 3
price = 0.28
[models]
target = "minilm-l6@2"
others = ["minilm-l6@1"]
[budget]
money = 100
[grid]
seeds = 4
mixtures = 6
focus = 0
"""


@pytest.mark.slow
def test_horizon_of_a_real_study(
    packaged_data: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two depths of a real encoder are measured, and the command writes what it promises."""
    study = tmp_path / "small.toml"
    study.write_text(SMALL)
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as ended:
        main(["horizon", str(study), "--out", str(out), "--quiet"])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if not line.startswith("Picture")) <= 80
    assert any(line.startswith("sample efficiency") and "measured" in line for line in lines)
    found = json.loads((out / "horizon.json").read_text())
    measured = {(p["source"], p["model"]) for p in found["trend"]}
    assert len(measured) == 4
    assert all(r["low"] is None or r["low"] > 0.0 for r in found["rows"])
    assert {r["distance"] for r in found["rows"]} == {"inside", "near", "far"}
    assert (out / "horizon.html").exists()
