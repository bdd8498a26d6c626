"""Quality control as a decision of the plan: markets, laws, labels and words that hold it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small import noisy_source, profile, tasks, vote_files
from test_stages import small_study
from toy_laws import SimpleLaw

from suffice import stages
from suffice.channel import FixedPosterior, NoisyChannel, Profile, Source
from suffice.curve import Curve, Tranche, operated_name
from suffice.demand import SourceTable
from suffice.demand.law._law_file import LawTask
from suffice.demand.law._terms import Terms
from suffice.errors import InfeasibleError, InputError, StudyError
from suffice.estimate import Estimate
from suffice.forecast import Criterion, make_forecasts
from suffice.metric import error_rate
from suffice.plan import Market, make_plan
from suffice.plan._candidates import candidates, neighbours, worthwhile
from suffice.plan._decide import AS_THEY_COME
from suffice.progress import SilentProgress
from suffice.stages._train import can_train
from suffice.stages._workspace import Workspace
from suffice.study import load_study, parse_study
from suffice.supply.operators import StatedPool, build_variants


def crowd(error: float = 0.2, shared: float = 0.03, **more) -> Source:
    """A crowd that errs as it says, with three bins of difficulty."""
    channel = NoisyChannel("crowd", profile([[0.4 * error, error, 1.6 * error]], shared))
    more = {"price": 0.1, "capacity": 1000.0, "max_labels_per_task": 9} | more
    return Source("crowd", posterior=FixedPosterior(channel), **more)


def market(
    base: Source,
    settings_: list[str],
    pool: StatedPool | None = None,
    *,
    limit: int | None = None,
    **more,
) -> Market:
    """A market of one crowd under some settings of quality control, and an expert."""
    found = build_variants(base, settings_, pool or StatedPool(labels_per_worker=500))
    expert = noisy_source("expert", 0.05, 1.0)
    sources = {base.name: base, **{n: v.source for n, v in found.items()}, "expert": expert}
    error = {n: s.posterior.mean().profile.error_of_mean(1).mean() for n, s in sources.items()}
    more = {"money": 120.0, "weeks": 2.0, "smallest": 20} | more
    return Market(
        sources,
        (base.name, "expert"),
        dict.fromkeys(sources, (1,)),
        {n: None if n == "expert" else limit for n in sources},
        variants={n: v.base for n, v in found.items()},
        ranks=tuple(sorted(error, key=lambda n: -error[n])),
        takes={n: {"hours": 0.01 * v.effort} for n, v in found.items()} | {"crowd": {"hours": 0.01}}
        if "weekly" in more
        else {},
        **more,
    )


# ---- names


@given(
    st.sampled_from(["test:10:8", "gold:.1", "test:10:8,x3", "adaptive:7:.95", "bonus:.02:.3:.2"]),
    st.integers(1, 5000),
    st.integers(1, 5),
    st.integers(1, 2),
)
def test_names_survive_being_written(setting, count, repeats, order):
    """A curve with quality control reads back as it was printed."""
    name = operated_name("crowd-1.b", setting)
    curve = Curve((Tranche(name, count, repeats, round=order), Tranche("panel", 7)))
    assert Curve.parse(str(curve)) == curve
    assert curve.tranches[0].base == "crowd-1.b"


def test_a_setting_that_cannot_be_written_is_refused():
    """Spaces are dropped; what a curve's own signs would break is refused."""
    assert operated_name("crowd", "test:10:8, x3") == "crowd/test:10:8,x3"
    with pytest.raises(InputError, match="cannot be written in a curve"):
        operated_name("crowd", "bonus:1e+3:.2:.1")


# ---- what is sold


def test_as_it_comes_it_errs_as_it_was_measured():
    """Stated workers, hostile ones among them, together err as the record does; one label a task is
    worth what a recorded one is."""
    base = crowd()
    known = float(base.posterior.mean().profile.error_of_mean(1).mean())
    for pool in (StatedPool(), StatedPool(hostile=0.02)):
        one = build_variants(base, ["x1"], pool)["crowd/x1"]
        got = float(one.source.posterior.mean().profile.error_of_mean(1).mean())
        assert got == pytest.approx(known, abs=0.004)
        assert one.source.price == pytest.approx(base.price)
        assert one.effort == pytest.approx(1.0)
    many = build_variants(base, ["x3", "test:10:8"], StatedPool(hostile=0.02))
    assert many["crowd/x3"].effort == pytest.approx(3.0)
    assert many["crowd/x3"].source.capacity == pytest.approx(base.capacity / 3.0)
    test = many["crowd/test:10:8"]
    assert test.effort > 1.0
    assert test.source.capacity < base.capacity
    assert test.estimates["attack"].value < 0.02


@pytest.mark.parametrize(
    ("settings_", "pool", "automatic", "said"),
    [
        (["nonsense"], StatedPool(), False, "is no quality control"),
        ([" "], StatedPool(), False, "is no quality control"),
        (["x3", "x3"], StatedPool(), False, "stands twice"),
        (["x3"], None, True, "does nothing to an automatic judge"),
        (["test:10:8"], None, False, "nothing is known of how those of 'crowd' differ"),
        (["x3w"], None, False, "tells workers apart"),
        (["x11"], None, False, "gives at most 9 independent labels of a task, and 11 are asked"),
        (["x3,test:10:8"], StatedPool(), False, "put a qualification test before"),
    ],
)
def test_what_cannot_be_is_refused(settings_, pool, automatic, said):
    """Each impossible setting is refused in one line that says why."""
    with pytest.raises(InputError) as caught:
        build_variants(crowd(), settings_, pool, automatic=automatic)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_labels_err_as_often_as_quality_control_leaves_them():
    """Mended labels err at the computed rate in every cell of difficulty, keep ties where they were
    not touched, and are refused where the truth is unknown."""
    base = crowd()
    found = build_variants(base, ["test:10:8", "x3"], StatedPool(hostile=0.05))
    n = 60_000
    asked = tasks(n, difficulty=np.tile([0.1, 0.5, 0.9], n // 3))
    marks = set()
    for variant in found.values():
        channel = variant.source.posterior.mean()
        marks.add(channel.fingerprint)
        labels = channel.draw(asked, 1, np.random.default_rng(0))[:, 0]
        wrong = np.abs(labels - asked.truth)
        for k in range(3):
            want = channel.profile.error[0, k]
            got = wrong[channel.profile.bins(asked) == k].mean()
            assert got == pytest.approx(want, abs=4.0 * np.sqrt(0.25 / (n / 3)))
        drawn = variant.source.draw(np.random.default_rng(1))
        assert drawn.profile.error.shape == channel.profile.error.shape
    assert len(marks) == 2
    blind = replace(asked, truth=np.full(n, np.nan))
    with pytest.raises(InputError, match="with the help of gold, which some tasks lack"):
        channel.draw(blind, 1, np.random.default_rng(0))


# ---- limits that are shared


@settings(max_examples=25, deadline=None)
@given(
    st.floats(40.0, 900.0),
    st.floats(30.0, 300.0),
    st.none() | st.integers(50, 900),
    st.floats(1.0, 20.0),
    st.sampled_from([0.0, 6.0]),
)
def test_a_source_and_its_variants_share_their_limits(capacity, money, limit, hours, days):
    """No candidate and no neighbour asks more of a source's people, record or shared hours than
    there is for it and all its variants together."""
    base = crowd(capacity=capacity, latency_days=1.0)
    m = market(
        base, ["x3", "test:10:8", f"panel:3:1:.05:{days:g}:6:6"], limit=limit, money=money,
        weekly={"hours": hours},
    )  # fmt: skip
    try:
        found = candidates(m, levels=[0.4, 1.0])
    except InfeasibleError as error:
        assert "nothing can be bought" in str(error)  # noqa: PT017
        return
    near = [c for curve in found[:: max(len(found) // 12, 1)] for c in neighbours(curve, m)]
    for curve in [*found, *near]:
        kin = [t for t in curve if t.base == "crowd"]
        assert curve.cost(m.sources) <= money * (1 + 1e-6)
        assert limit is None or sum(t.tasks for t in kin) <= limit
        used = sum(m.takes[t.source]["hours"] * t.labels for t in kin)
        assert used <= hours * m.weeks * (1 + 1e-6)
        for wait in {m.sources[t.source].latency_days / 7.0 for t in kin}:
            later = [t for t in kin if m.sources[t.source].latency_days / 7.0 >= wait]
            work = sum(t.labels / m.sources[t.source].capacity for t in later)
            assert work <= (m.weeks - wait) * (1 + 1e-6)


def test_without_quality_control_nothing_changes():
    """The plain market of one with variants gives the very candidates of one that never had any."""
    m = market(crowd(), ["x3", "test:10:8"])
    never = replace(m.plain(), variants={}, ranks=())
    assert set(never.sources) == {"crowd", "expert"}
    assert candidates(m.plain()) == candidates(never)
    assert candidates(m)[: len(candidates(never))] == candidates(never)


def test_what_is_beaten_in_everything_is_not_weighed():
    """Two labels a task, whose majority is that of one, are left out; what mends errors stays."""
    m = market(crowd(), ["test:10:8", "x2", "x3"])
    kept = worthwhile(m)
    assert "crowd/test:10:8" in kept
    assert "crowd/x3" in kept
    assert "crowd/x2" not in kept
    start = Curve((Tranche("crowd", 300), Tranche("expert", 40)))
    near = {t.source for c in [*candidates(m), *neighbours(start, m)] for t in c}
    assert near == {"crowd", "expert", "crowd/test:10:8", "crowd/x3"}


class FineLaw(SimpleLaw):
    """Without the wobble, so that P depends on the curve alone."""

    def outcomes(self, curves, rng, *, draws, runs, half=None, common=False):
        quantiles = np.linspace(-2.5, 2.5, 41)[:, None]
        made = super().outcomes(curves, np.random.default_rng(0), draws=2, runs=2, half=half)
        mean = np.repeat(made.mean[:1], 2, axis=0)
        return replace(made, mean=mean, spread=np.full_like(mean, 0.02), residuals=quantiles)

    def distance(self, curve) -> str:
        return "inside"


NAMES = ("crowd", "crowd/test:10:8", "crowd/test:10:8,x3", "expert")


def lattice(m: Market) -> list[Curve]:
    """Every split of the money in steps of an eighth; what capacity cannot take stays unspent."""
    found = []
    for shares in np.array(np.meshgrid(*[np.linspace(0.0, 1.0, 9)] * 4)).reshape(4, -1).T:
        if not 0.0 < shares.sum() <= 1.0 + 1e-9:
            continue
        counts = [int(s * m.money / m.sources[n].price) for n, s in zip(NAMES, shares, strict=True)]
        curve = Curve(tuple(Tranche(n, k) for n, k in zip(NAMES, counts, strict=True) if k))
        while not m.has_room(curve):
            curve = Curve(tuple(
                replace(t, tasks=int(0.94 * t.tasks)) if t.base == "crowd" else t for t in curve
            ))  # fmt: skip
        if m.allows(curve):
            found.append(curve)
    return found


@pytest.mark.parametrize(
    ("capacity", "expert", "error"), [(5000.0, 1.0, 0.18), (300.0, 0.4, 0.22), (300.0, 5.0, 0.3)]
)
def test_the_search_against_brute_force(capacity, expert, error):
    """No curve on a lattice over labels as they come, tested ones, tripled ones and experts is
    better by more than a hundredth; where capacity is plenty, quality control is what pays."""
    base = crowd(error=0.3, capacity=capacity)
    m = market(base, ["test:10:8", "test:10:8,x3"], StatedPool(spread=1.5, labels_per_worker=2000))
    m = replace(m, sources={**m.sources, "expert": noisy_source("expert", 0.05, expert)})
    law, wanted = FineLaw("m", 120.0), Criterion(error)
    weighed = m.resolve(lattice(m))
    rng = np.random.default_rng(0)
    best = max(f.p.value for f in make_forecasts(law, weighed, wanted, rng, draws=2, runs=41))
    made = make_plan(law, m, wanted, seed=1)
    assert 0.05 < best < 0.97
    assert made.recommended.forecast.p.value >= best - 0.011
    if capacity == 5000.0:
        assert any(t.source in m.variants for t in made.recommended.curve)
        plain = next(a for a in made.alternatives if a.name == AS_THEY_COME)
        assert plain.cost <= made.recommended.cost + 1e-6
        assert plain.forecast.p.value < made.recommended.forecast.p.value - 0.01
        assert "Quality control pays for crowd under test:10:8" in made.decision


# ---- what the law reads


def table(m: Market) -> SourceTable:
    """What a law would believe of the market's sources."""
    return SourceTable(
        ("expert", "crowd"),
        np.log([1.0, 0.4]),
        {"expert": {1: 0.0}, "crowd": {1: 0.0}},
        np.array([2.0, 4.0]),
        {n: s.posterior.mean().profile for n, s in m.sources.items()},
    )


def test_the_law_reads_a_variant_as_its_source_with_another_profile():
    """A variant stands at its source's number, worth more by the ratio of Fisher informations;
    resolved or not, it is the same; a law fitted to such cells has another key if quality control
    changes, though its name does not."""
    m = market(crowd(), ["test:10:8"])
    known = table(m)
    curve = Curve((Tranche("crowd/test:10:8", 100), Tranche("crowd", 100)))
    plain, resolved = Terms.of([curve], known), Terms.of(m.resolve([curve]), known)
    assert plain.source.tolist() == [[1, 1]]
    assert (plain.repeat == resolved.repeat).all()
    errors = [
        float(known.profiles[n].error_of_mean(1).mean()) for n in ("crowd/test:10:8", "crowd")
    ]
    ratio = 2.0 * np.log((1.0 - 2.0 * errors[0]) / (1.0 - 2.0 * errors[1]))
    assert plain.repeat[0].tolist() == pytest.approx([ratio, 0.0])
    assert ratio > 0.0
    tried = Terms.of([Curve((Tranche("crowd", 50),))], known)
    assert plain.untried(tried, known)[0] > 0.0

    def key(t: SourceTable) -> str:
        return LawTask(
            (curve,), (np.zeros((4, 1)),), (error_rate(),), t, "m", "probe", 0, (0.5,)
        ).key()

    better = {**known.profiles, "crowd/test:10:8": profile([[0.01, 0.02, 0.03]])}
    assert key(known) != key(replace(known, profiles=better))
    with pytest.raises(InputError, match="has not seen source 'vendor'"):
        known.number("vendor/test:10:8")


# ---- studies


def qc_study(**more):
    """The small example, whose crowd may be tested."""
    values = small_study().model_dump()
    values.pop("folder", None)
    values["sources"]["crowd"] |= {
        "qc": ["test:10:8", "test:10:8,x3"],
        "workers": {"spread": 1.2, "labels_per_worker": 2000.0},
        "capacity": None,
    } | more
    return values


@pytest.fixture(scope="module")
def checked(packaged_data: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study with quality control on offer, planned and checked by training."""
    out = tmp_path_factory.mktemp("qc")
    return stages.run(parse_study(qc_study()), out).folder


def test_plans_with_quality_control_are_trained_and_called_synthetic(checked: Path) -> None:
    """A curve bought under quality control is planned, forecast, trained, and marked as synthetic
    in the plan, its check, the limits and the report."""
    plan = json.loads((checked / "plan.json").read_text())
    curves = {"recommended": plan["curve"]}
    curves |= {a["name"]: a["curve"] for a in plan["alternatives"]}
    operated = {n for n, c in curves.items() if any("/" in row["source"] for row in c)}
    assert operated
    for rows in curves.values():
        for row in rows:
            assert row.get("synthetic", False) == ("/" in row["source"])
            assert row.get("quality_control", "") == row["source"].partition("/")[2]
    trained = {c["name"] for c in plan["check"] if c.get("synthetic")}
    assert trained
    assert trained <= operated
    assert any("Labels under quality control are synthetic" in limit for limit in plan["limits"])
    assert any("how workers differ is a stated prior" in a for a in plan["assumptions"])
    supply = json.loads((checked / "supply.json").read_text())
    assert [v["name"] for v in supply["quality_control"]] == [
        "crowd/test:10:8", "crowd/test:10:8,x3"
    ]  # fmt: skip
    sliders = json.loads((checked / "forecast.json").read_text())["sliders"]
    sold = sliders["sources"]
    for s in sold:
        if "/" in s["name"]:
            assert sold[s["of"]]["name"] == s["name"].partition("/")[0]
    cost = sum(tasks * r * sold[s]["price"] for s, tasks, r, _ in sliders["curves"][0])
    assert cost == pytest.approx(plan["cost"])
    page = (checked / "report.html").read_text()
    assert "synthetic" in page


def test_bits_of_a_purchase_are_those_of_its_quality_control(checked: Path, tmp_path: Path) -> None:
    """Bounds after a plan that buys quality control count an answer by its own error, which is less
    than the crowd's, and refuse a plan that the study does not offer."""
    study = parse_study(qc_study())
    for name in ("supply.json", "forecast.json", "plan.json"):
        (tmp_path / name).write_text((checked / name).read_text())
    plan = json.loads((tmp_path / "plan.json").read_text())

    def bought(source: str) -> Estimate:
        curve = [{"source": source, "tasks": 1000, "labels_per_task": 1, "round": 1}]
        (tmp_path / "plan.json").write_text(json.dumps(plan | {"curve": curve}))
        found = stages.bounds(study, tmp_path).bits_bought
        assert found is not None
        return found

    assert stages.bounds(study, checked).bits_bought.value > 0.0
    rows = json.loads((checked / "supply.json").read_text())
    plain = next(row["bits"] for row in rows["sources"] if row["name"] == "crowd")
    assert bought("crowd").value == pytest.approx(1000 * plain["value"])
    tested, thrice = bought("crowd/test:10:8"), bought("crowd/test:10:8,x3")
    assert bought("crowd").value < tested.value < thrice.value < 1000.0
    assert tested.low < tested.value < tested.high
    # A learner who sees how hard a task is learns no less than one who does not.
    unseen = {row["name"]: row["bits"]["value"] for row in rows["quality_control"]}
    assert tested.value > 1000 * unseen["crowd/test:10:8"] - 1.0
    with pytest.raises(InputError, match="which the study does not offer"):
        bought("crowd/gold:.1")


def test_a_study_without_quality_control_is_as_it_was() -> None:
    """Saying nothing of quality control leaves a study's digest alone; saying something counts."""
    plain = small_study()
    loaded = plain.model_dump()
    loaded.pop("folder", None)
    assert parse_study(loaded).digest() == plain.digest()
    assert '"qc"' not in plain.model_dump_json(
        exclude={"sources": {n: {"qc", "workers"} for n in plain.sources}}
    )
    assert parse_study(qc_study()).digest() != plain.digest()


@pytest.mark.parametrize(
    ("source", "change", "said"),
    [
        ("lexicon_judge", {"qc": ["x3"]}, "does nothing to an automatic judge"),
        ("crowd", {"qc": ["test:10:8"], "workers": None}, "state it, for instance workers"),
        ("panel", {"qc": ["x5"]}, "gives at most 2 independent labels"),
    ],
)
def test_settings_that_do_not_fit_the_source(packaged_data, tmp_path, source, change, said) -> None:
    """The refusal names source and key, and says what to do."""
    values = small_study().model_dump()
    values.pop("folder", None)
    values["sources"][source] |= change
    work = Workspace(parse_study(values), tmp_path, SilentProgress())
    with pytest.raises(InputError) as caught:
        _ = work.market
    assert f"sources.{source}.qc: " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"qc": ["tset:10:8"]}, "sources.crowd.qc: 'tset:10:8' is no quality control (one of: xN"),
        (
            {"qc": ["test:10:12"]},
            "sources.crowd.qc: a test of 10 questions with pass mark 12 cannot",
        ),
        ({"qc": []}, "sources.crowd.workers means nothing without sources.crowd.qc"),
        ({"workers": {"spred": 1.0}}, "unknown key 'sources.crowd.workers.spred'"),
        ({"workers": {"hostile": 0.7}}, "sources.crowd.workers.hostile = 0.7"),
    ],
)
def test_a_study_file_with_bad_quality_control(change, said) -> None:
    """What is wrong in the file is found when it is opened, and named by its key, in one line."""
    with pytest.raises(StudyError) as caught:
        Workspace.of(parse_study(qc_study(**change)))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_own_tasks_without_gold_are_planned_but_not_trained(tmp_path) -> None:
    """One's own tasks to train on have no gold: quality control can be priced and planned, and its
    labels cannot be made; the pool says so."""
    path = vote_files(tmp_path)
    text = path.read_text().replace(
        "labels_per_task = [1, 3]",
        'labels_per_task = [1, 3]\nqc = ["test:10:8"]\nworkers = { spread = 0.8 }',
    )
    path.write_text(text)
    work = Workspace(load_study(path), tmp_path / "out", SilentProgress())
    assert can_train(work, Curve((Tranche("crowd", 50),)))
    assert not can_train(work, Curve((Tranche("crowd/test:10:8", 50),)))
    assert work.market.limits["crowd/test:10:8"] == work.market.limits["crowd"]
    assert isinstance(work.buyable["crowd/test:10:8"].posterior.mean().profile, Profile)
