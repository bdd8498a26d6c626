"""The curve that can be bought: the cheapest way to each quality, in time."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small import noisy_source, profile

from suffice import route, supply_curve
from suffice.channel import FixedPosterior, NoisyChannel, Source
from suffice.cli import main
from suffice.errors import InputError
from suffice.labels import LabelTable
from suffice.records import OfferCurve
from suffice.report._supply_curve import supply_curve_figure
from suffice.report._theme import palettes
from suffice.supply import label_sources
from suffice.supply.operators import (
    Chance,
    Qualification,
    Redundancy,
    Scrutiny,
    Training,
    Trial,
    default_menu,
    operate,
    with_workers,
)

CHEAP = noisy_source("cheap", 0.3, 0.1, 0.05, capacity=1000.0)
GOOD = noisy_source("good", 0.05, 1.0, 0.01, capacity=200.0)
MENU = [Redundancy(3), Redundancy(5), Redundancy(7), Redundancy(9)]


def unshared(source: Source, error: float) -> Source:
    """The source with independent errors alone."""
    return replace(source, posterior=FixedPosterior(NoisyChannel(source.name, profile(error))))


def test_nothing_that_is_left_out_is_better() -> None:
    """Every way that was priced is matched by an offer as good and as cheap."""
    curve = supply_curve([CHEAP, GOOD], MENU, [500])
    assert len(curve.ways) == 10
    for way in curve.ways:
        error, cost = way.error.mean(), 500 * way.price.mean()
        assert any(
            o.error.value <= error * 1.03 + 1e-6 and o.cost.value <= cost + 1e-6
            for o in curve.offers
        )
    costs = [o.cost.value for o in curve.offers]
    errors = [o.error.value for o in curve.offers]
    assert costs == sorted(costs)
    assert errors == sorted(errors, reverse=True)
    best = curve.cheapest(500, 0.1)
    assert best is not None
    assert best.how == "good: as it comes"
    assert curve.cheapest(500, 1e-4) is None


def test_capacities_bind_and_sources_are_mixed() -> None:
    """In 2.2 weeks nobody delivers 500 good tasks; the cheapest mix is known by hand."""
    plain = [unshared(CHEAP, 0.3), unshared(GOOD, 0.05)]
    curve = supply_curve(plain, [], [500], weeks=2.2)
    first = curve.offers[0]
    assert (first.how, first.error.value) == ("cheap: as it comes", pytest.approx(0.3))
    # Quality .05 is out of reach in time, so only the cheap one is offered.
    assert len(curve.offers) == 1
    three = supply_curve(plain, [Redundancy(9)], [500], weeks=2.2)
    nine = operate(plain[0], Redundancy(9)).estimates["error"].value  # .0988, 111 tasks a week
    mixed = three.cheapest(500, nine)
    assert mixed is not None
    parts = {w.source.name: n for w, n in mixed.parts}
    assert sum(parts.values()) == pytest.approx(500)
    # Each unit of quality is cheapest from the good source, and the cheap one fills up.
    assert parts["cheap"] == pytest.approx(500 * (nine - 0.05) / 0.25, rel=0.01)
    assert parts["good"] == pytest.approx(500 * (0.3 - nine) / 0.25, rel=0.01)
    assert mixed.weeks <= 2.2 + 1e-6
    assert mixed.error.value == pytest.approx(nine, abs=1e-4)


def test_what_is_slower_to_beat_is_still_offered() -> None:
    """A way that a better one would beat is offered where the better one comes too late."""
    late = replace(unshared(GOOD, 0.05), price=0.5, latency_days=70.0)
    sources = [unshared(CHEAP, 0.3), late, replace(unshared(GOOD, 0.1), name="soon")]
    curve = supply_curve(sources, [], [100], weeks=2.0)
    assert [o.how for o in curve.offers] == ["cheap: as it comes", "soon: as it comes"]


def test_a_trials_effect_is_the_same_wherever_it_is_used() -> None:
    """Mixing two ways that rest on one trial does not average away what the trial left open."""
    teach = Training(Trial(60, 40, 60, 48))
    one, two = supply_curve([CHEAP], [teach, (teach, Redundancy(3))], [10]).ways[1:]
    assert np.corrcoef(one.error, two.error)[0, 1] > 0.97


def test_waiting_counts() -> None:
    """A comment period of two weeks cannot be bought in one."""
    scrutiny = Scrutiny(3, finds=Chance(5.0, 5.0), comment_days=14.0)
    late, soon = (supply_curve([GOOD], [scrutiny], [10], weeks=w) for w in (3.0, 1.0))
    assert any("comments" in o.how for o in late.offers)
    assert not any("comments" in o.how for o in soon.offers)
    assert all(o.weeks <= 3.0 for o in late.offers)


def test_what_is_reported_did_not_take_part_in_the_choice() -> None:
    """Of ten equal sources the luckiest looks best to those who chose it, not in the report."""
    rng = np.random.default_rng(0)

    class Vague:
        def draw(self, rng: np.random.Generator, capability: float | None) -> NoisyChannel:
            return NoisyChannel("v", profile(float(rng.uniform(0.1, 0.3))))

        def mean(self) -> NoisyChannel:
            return NoisyChannel("v", profile(0.2))

    sources = [Source(f"v{k}", 1.0, Vague(), max_labels_per_task=9) for k in range(10)]
    chosen, told = [], []
    for seed in range(8):
        curve = supply_curve(sources, [], [10], seed=int(rng.integers(1000)) + seed)
        best = curve.offers[-1]
        chosen.append(min(w.error[:200].mean() for w in curve.ways))
        told.append(best.error.value)
    assert np.mean(chosen) < 0.195
    assert np.mean(told) == pytest.approx(0.2, abs=0.004)


def test_a_large_menu_is_priced_quickly() -> None:
    """A way among 150 costs no more than a few single ones: draws are shared."""
    sources = [
        with_workers(s, spread=0.8, hostile=Chance.about(0.05)) for s in (CHEAP, GOOD, CHEAP)
    ]
    sources = [replace(s, name=f"s{k}") for k, s in enumerate(sources)]
    menu = default_menu()
    for q in (8, 12, 15, 25):
        menu += [(Qualification(q, q - 1), Redundancy(r)) for r in (1, 3, 5, 7, 9)]
    assert len(menu) >= 48
    supply_curve(sources[:1], menu[:2], [100])  # loads what is loaded once
    begin = time.process_time()
    supply_curve(sources, menu, [100], weeks=4.0)
    a_way = (time.process_time() - begin) / (3 * len(menu))
    begin = time.process_time()
    for _ in range(20):
        operate(sources[0], Qualification(), Redundancy(5, "skill"))
    single = (time.process_time() - begin) / 20
    assert a_way < 4 * single


def test_tables_and_json_say_the_same() -> None:
    """The frame and the JSON hold every offer; what cannot be is said."""
    few = replace(GOOD, name="few", max_labels_per_task=1)
    curve = supply_curve({"cheap": CHEAP, "few": few}, MENU, [100, 1000])
    frame, made = curve.frame(), json.loads(json.dumps(curve.as_dict(), allow_nan=False))
    assert frame["how"].to_list() == [o["how"] for o in made["offers"]]
    assert (frame["error_low"] <= frame["error"] + 1e-9).all()
    assert len(made["left_out"]) == 4
    assert "at most 1 independent label" in made["left_out"][0]
    assert {o["tasks"] for o in made["offers"]} == {100, 1000}


@pytest.mark.parametrize(
    "given",
    [
        {"sources": []},
        {"sources": [CHEAP, CHEAP]},
        {"quantities": [0]},
        {"quantities": []},
        {"weeks": 0.0},
    ],
)
def test_bad_questions_are_refused(given: dict) -> None:
    """No source, one twice, no quantity or no time: one line that says so."""
    call = {"sources": [CHEAP], "quantities": [10], "weeks": None} | given
    with pytest.raises(InputError, match="give"):
        supply_curve(call["sources"], [], call["quantities"], weeks=call["weeks"])


# ---- routing


def sliced(name: str, errors: list[float], price: float) -> Source:
    """A source with its own error in each slice."""
    channel = NoisyChannel(name, profile([[e] for e in errors]))
    return Source(name, price, FixedPosterior(channel))


def test_routing_finds_who_is_best_where() -> None:
    """Each slice goes to the source with the most bits for the money."""
    sources = {"a": sliced("a", [0.1, 0.4], 1.0), "b": sliced("b", [0.3, 0.15], 1.0)}
    found = route(sources, slices=["law", "code"])
    assert found.best == {"law": "a", "code": "b"}
    assert found.frame["p_best"].to_list() == [1.0, 0.0, 0.0, 1.0]
    dear = {**sources, "a": replace(sources["a"], price=10.0)}
    assert route(dear).best == {"slice 0": "b", "slice 1": "b"}


def test_routing_is_as_unsure_as_its_sources() -> None:
    """Two sources with the same evidence are best with even chances, and chances sum to one."""

    class Vague:
        def draw(self, rng: np.random.Generator, capability: float | None) -> NoisyChannel:
            return NoisyChannel("v", profile([[e] for e in rng.uniform(0.1, 0.3, 2)]))

    twins = {name: Source(name, 1.0, Vague()) for name in "xy"}
    found = route(twins, draws=4000)
    assert np.abs(found.frame["p_best"].to_numpy() - 0.5).max() < 0.04
    assert json.loads(json.dumps(found.as_dict()))["best"].keys() == {"slice 0", "slice 1"}


def test_slices_must_agree() -> None:
    """Sources that were measured on different slices cannot be compared."""
    with pytest.raises(InputError, match="different slices"):
        route({"a": sliced("a", [0.1, 0.2], 1.0), "b": sliced("b", [0.1, 0.2, 0.3], 1.0)})


# ---- the chart


def test_chart_has_a_line_for_each_quantity() -> None:
    """Lines, points and names of all quantities, in colours of the theme, with a table."""
    figure = supply_curve_figure(supply_curve([CHEAP, GOOD], MENU, [100, 1000]).record())
    assert figure is not None
    spec = figure.panels[0].spec
    assert len(spec["layer"]) == 8
    text = json.dumps(spec)
    assert "100 tasks" in text
    assert "1,000 tasks" in text
    roles = {part.split('"')[0] for part in text.split("theme:")[1:]}
    assert roles <= set(palettes()["light"])
    assert len(figure.table.rows) == len(supply_curve([CHEAP, GOOD], MENU, [100, 1000]).offers)
    assert supply_curve_figure(OfferCurve()) is None
    assert supply_curve_figure(None) is None


# ---- the command


def test_command_on_a_file_of_labels(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of labels with gold is audited and its workers bought: a table of 80 columns."""
    folder = shared_data / "crowd" / "bluebird"
    given = ["offers", str(folder / "label.csv"), "--gold", str(folder / "truth.csv")]
    given += ["--price", ".05", "--tasks", "1000", "--qc", "x3", "--qc", "test:10:8,x3"]
    with pytest.raises(SystemExit, match="0"):
        main(given)
    shown = capsys.readouterr().out
    assert "test 8/10, 3 labels a task" in shown
    assert "Checked: two labels of a task agree" in shown
    assert max(map(len, shown.splitlines())) <= 80
    with pytest.raises(SystemExit, match="0"):
        main([*given, "--json"])
    made = json.loads(capsys.readouterr().out)
    assert made["routing"] is None
    assert made["doubts"] == []
    assert [c["what"] for c in made["checks"]] == [
        "two labels of a task agree", "tasks are unanimous", "workers differ (sd)",
    ]  # fmt: skip
    assert {w["operators"] for w in made["ways"]} == {
        "as it comes", "3 labels a task", "test 8/10, 3 labels a task",
    }  # fmt: skip


def test_sources_of_a_file_are_offered_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each source of a file has its own price and quality; who is best for a slice is said."""
    rng = np.random.default_rng(0)
    rows = ["id,who,answer,source,slice,cost,mood"]
    wrong = {("vendor", "law"): 0.05, ("vendor", "code"): 0.4,
             ("crowd", "law"): 0.4, ("crowd", "code"): 0.05}  # fmt: skip
    gold = ["id,truth"]
    for task in range(200):
        truth, place = int(rng.integers(2)), ("law", "code")[task % 2]
        gold.append(f"{task},{truth}")
        for worker in rng.choice(12, 6, replace=False):
            source, cost = ("vendor", 2) if worker < 6 else ("crowd", 1)
            label = truth ^ int(rng.random() < wrong[source, place])
            rows.append(f"{task},w{worker},{label},{source},{place},{cost},fine")
    (tmp_path / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "gold.csv").write_text("\n".join(gold), encoding="utf-8")
    given = ["offers", str(tmp_path / "labels.csv"), "--gold", str(tmp_path / "gold.csv")]
    given += ["--column", "worker=who", "--tasks", "100", "--qc", "x3"]
    with pytest.raises(SystemExit, match="0"):
        main(given)
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    text = " ".join(shown.split())
    assert "fewest errors from vendor" in text.partition("Slice law")[2].partition("Slice code")[0]
    assert "Slice code: most bits for the money and fewest errors from crowd" in text
    assert "Checked: crowd: two labels of a task agree" in text


def test_what_speaks_against_a_file_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the audit cannot know, the offers say so first; a class never given is named."""
    rows = ["task,worker,label", *(f"{t},w{t % 4},{t % 2}" for t in range(60))]
    (tmp_path / "one.csv").write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(SystemExit, match="0"):
        main(["offers", str(tmp_path / "one.csv"), "--price", "1", "--tasks", "10", "--qc", "x3"])
    shown = capsys.readouterr().out
    assert "Caution: Cannot know: no two workers labelled the same task" in shown
    assert "Checked" not in shown
    rng = np.random.default_rng(1)
    lines = [
        (t, f"{source}{w}", min(t % 3, 1) if source == "b" else t % 3, source)
        for t in range(90) for source in "ab" for w in rng.choice(5, 3, replace=False)
    ]  # fmt: skip
    task, worker, label, source = zip(*lines, strict=True)
    table = LabelTable.from_columns(task, worker, label, source=source)
    found = label_sources(table, price=1.0)
    assert any("source 'b' never gives a class" in doubt for doubt in found.doubts)
    assert not any("source 'a'" in doubt for doubt in found.doubts)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["labels.csv"], "give --price"),
        (["labels.csv", "--price", "-1"], "no price"),
        (["--gold", "gold.csv"], "belong to a file of labels"),
        (["labels.csv", "--price", "1", "--hostile", ".1"], "are for studies"),
        (["labels.csv", "--price", "1", "--labels-per-worker", "0"], "give at least 1"),
        (["labels.csv", "--price", "1", "--qc", "magic"], "no quality control"),
        (["labels.csv", "--price", "1", "--tasks", "0"], "give positive whole numbers"),
        (["labels.csv", "--price", "1", "--seed", "-1"], "-1 is no seed"),
        (["labels.csv", "--price", "1", "--column", "worker"], "which column is which"),
    ],
)
def test_command_says_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    given: list[str], said: str,
) -> None:  # fmt: skip
    """A mistake is one line on standard error and exit code 2."""
    rows = [f"t{t},w{w},{int((t * 7 + w) % 5 < 2)}" for t in range(12) for w in range(3)]
    (tmp_path / "labels.csv").write_text("\n".join(["task,worker,label", *rows]))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main(["offers", *given])
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_command_on_the_example_study(
    packaged_data: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The example's sources are measured and offered within its four weeks."""
    given = ["offers", "--qc", "x3", "--tasks", "1000", "--spread", ".8", "--hostile", ".02"]
    with pytest.raises(SystemExit, match="0"):
        main([*given, "--out", str(tmp_path), "--json", "--quiet"])
    made = json.loads(capsys.readouterr().out)
    assert {w["source"] for w in made["ways"]} == {"lexicon_judge", "crowd", "panel"}
    assert all(o["weeks"] <= 4.0 + 1e-6 for o in made["offers"])
    assert "how workers differ is a stated prior" in made["notes"]
