"""Labels on a scale: agreement, models, coverage, suspects, gold, and the command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from suffice.cli import main
from suffice.errors import InputError
from suffice.labels import LabelTable
from suffice.labels.kinds import kind_of
from suffice.records import ScaleRecord
from suffice.supply import ScaleAudit, audit
from suffice.supply.scales import alpha_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools" / "bench_sbc"))

import sbc_scales

STEPS = np.array([-2.2, -0.7, 0.7, 2.2])
KRIPPENDORFF = """\
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 ."""
"""Four observers, twelve units: the example of Krippendorff (2011)."""


def crowd(
    seed: int, *, values: int = 5, tasks: int = 150, workers: int = 10, each: int = 4
) -> tuple[LabelTable, dict[str, Any]]:
    """Labels by workers of unequal skill and strictness, and the truth behind them."""
    rng = np.random.default_rng(seed)
    worth = rng.normal(size=tasks)
    skill = np.maximum(rng.normal(2.0, 0.4, workers), 0.3)
    strict = rng.normal(0.0, 0.6, workers)
    rows = []
    for task in range(tasks):
        for worker in rng.choice(workers, each, replace=False):
            heard = skill[worker] * worth[task] - strict[worker]
            if values == 5:
                label = 1 + int((heard + rng.logistic() > STEPS).sum())
            else:
                label = round(float(50 + 9 * heard + 7 * rng.normal()), 1)
            rows.append((f"t{task:03d}", f"w{worker}", label))
    frame = pl.DataFrame(rows, schema=["task", "worker", "rating"], orient="row", strict=False)
    table = LabelTable.from_frame(
        frame.rename({"rating": "label"}), columns={"label": "rating"}, origin="ratings.csv"
    )
    truth = {f"t{task:03d}": float(2.0 * worth[task]) for task in range(tasks)}
    return table, {"worth": truth, "strict": strict, "skill": skill}


def scale(table: LabelTable, **more: Any) -> ScaleAudit:
    """The audit of a table that must be seen as a scale."""
    found = audit(table, **more)
    assert isinstance(found, ScaleAudit)
    return found


def points(worth: float) -> float:
    """What a worker without noise and bias gives: halfway between two values at their step."""
    return float(np.interp(worth, [-2.933, *STEPS, 2.933], [1.0, 1.5, 2.5, 3.5, 4.5, 5.0]))


def test_alpha_is_krippendorffs() -> None:
    """The published values of the example with four observers: .815 by order, .849 by distance."""
    rows = [
        (unit, float(value))
        for line in KRIPPENDORFF.splitlines()
        for unit, value in enumerate(line.split())
        if value != "."
    ]
    task, value = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    assert alpha_of(value, task, 12, ordinal=True) == pytest.approx(0.815, abs=5e-4)
    assert alpha_of(value, task, 12, ordinal=False) == pytest.approx(0.849, abs=5e-4)
    # Order alone counts for the first, distances for the second.
    squared = alpha_of(value**2, task, 12, ordinal=True)
    assert squared == pytest.approx(alpha_of(value, task, 12, ordinal=True), abs=1e-12)
    assert alpha_of(3.0 * value + 7.0, task, 12, ordinal=False) == pytest.approx(0.849, abs=5e-4)


@pytest.mark.parametrize("kind", ["linear", "graded"])
def test_models_rank_the_truth_uniformly(kind: str) -> None:
    """Simulation-based calibration on tables drawn from the priors (Talts et al. 2018)."""
    from scipy.special import chdtrc

    sims = 200 if kind == "linear" else 32
    found = sbc_scales.ranks(kind, sims, 3, burn=120, keep=31, thin=4)
    p = {}
    for name, place in found.items():
        counts = np.bincount((place * 4).astype(int), minlength=4)
        p[name] = float(chdtrc(3, ((counts - sims / 4) ** 2 / (sims / 4)).sum()))
    assert min(p.values()) > 1e-4, p


@pytest.mark.parametrize("values", [5, 100])
def test_intervals_cover(values: int) -> None:
    """90 % intervals of workers' biases, and of tasks' truth, hold about nine in ten."""
    inside: dict[str, list[bool]] = {"bias": [], "truth": []}
    for seed in range(4 if values == 5 else 10):
        table, truth = crowd(seed, values=values)
        found = scale(table, seed=seed)
        load = found.workers["labels"].to_numpy() / found.workers["labels"].sum()
        # Of the simulated workers, in the order of the table, about the average one.
        order = [int(name[1:]) for name in found.workers["worker"]]
        strict = truth["strict"][order]
        if values == 100:
            wanted = -9.0 * (strict - load @ strict)
            centre = found.workers["bias"].to_numpy() @ load
            low, high = (
                found.workers[f"bias_{end}"].to_numpy() - centre for end in ("low", "high")
            )
            inside["bias"] += ((low <= wanted) & (wanted <= high)).tolist()
        # Truth is what the average worker of the table would give.
        lean, reach = float(load @ strict), float(load @ truth["skill"][order]) / 2.0
        for task, low, high in found.tasks.select("task", "low", "high").iter_rows():
            at = truth["worth"][task] - lean
            value = 50.0 + 9.0 * (reach * truth["worth"][task] - lean)
            value = points(at) if values == 5 else value
            inside["truth"].append(low <= value <= high)
    if values == 100:
        assert 0.8 <= np.mean(inside["bias"]) <= 1.0
    assert 0.85 <= np.mean(inside["truth"]) <= 0.95


def test_workers_are_recovered() -> None:
    """Who is lenient, and who only guesses, comes out of many labels."""
    table, truth = crowd(1, tasks=600, workers=8, each=4)
    found = scale(table).workers.sort("worker")
    assert np.corrcoef(found["bias"].to_numpy(), -truth["strict"])[0, 1] > 0.95
    assert np.corrcoef(found["tells"].to_numpy(), truth["skill"])[0, 1] > 0.6


def spoiled(seed: int, worker: str, how: str) -> LabelTable:
    """A crowd one of whose workers is no good."""
    table, _ = crowd(seed, tasks=300, workers=8)
    rng = np.random.default_rng(seed)
    given = np.array([int(label) for label in table.frame["label"]])
    mine = (table.frame["worker"] == worker).to_numpy()
    other = {"inverted": 6 - given, "one-value": np.full_like(given, 4)}
    other["spammer"] = rng.integers(1, 6, len(given))
    label = pl.Series("label", np.where(mine, other[how], given).astype(str))
    return LabelTable(table.frame.with_columns(label), table.columns, (), table.origin)


@pytest.mark.parametrize("how", ["inverted", "one-value", "spammer"])
def test_suspects_are_found_and_nobody_else(how: str) -> None:
    """A worker who inverts, gives one value or guesses is named with the reason."""
    found = scale(spoiled(3, "w3", how))
    assert found.suspects["worker"].to_list() == ["w3"]
    assert found.summary.suspects.by_kind == {how: 1}


def test_no_honest_worker_is_a_suspect() -> None:
    """Unequal skill and strictness are no reason to be named."""
    assert sum(scale(crowd(seed, tasks=100)[0]).summary.suspects.count for seed in range(2)) == 0


def test_gold_is_in_the_same_scale() -> None:
    """Gold says how far all labels lean and what they get wrong together."""
    table, truth = crowd(2, tasks=200)
    gold = {task: min(5, round(points(w)) + 1) for task, w in list(truth["worth"].items())[:60]}
    found = scale(table, gold=gold)
    shared = found.summary.shared_error
    assert shared.known
    assert shared.lean is not None
    assert shared.lean.high < -0.3
    known = found.tasks.filter(pl.col("task").is_in(list(gold)))
    assert (known["low"] == known["high"]).all()
    with pytest.raises(InputError, match="labels go from 1 to 5"):
        audit(table, gold={"t000": 9})
    with pytest.raises(InputError, match="no number on the scale"):
        audit(table, gold={"t000": "good"})


def test_row_order_and_names_of_values_change_nothing() -> None:
    """Rows in another order give the same digits; a few values keep their places whatever they are
    called, and many may be counted from another zero."""
    table, _ = crowd(3)
    plain = scale(table)
    turned = LabelTable(table.frame.sample(fraction=1.0, shuffle=True, seed=1), table.columns)
    again = scale(turned)
    assert plain.tasks["truth"].to_list() == pytest.approx(again.tasks["truth"].to_list(), abs=0.4)
    assert again.summary.agreement["all"].krippendorff_alpha["ordinal"].value == pytest.approx(
        plain.summary.agreement["all"].krippendorff_alpha["ordinal"].value, abs=1e-12
    )
    tens = table.frame.with_columns((pl.col("label").cast(pl.Int64) * 10).cast(pl.String))
    wide = scale(LabelTable(tens, table.columns))
    assert (wide.tasks["label"] == 10 * plain.tasks["label"]).all()
    assert wide.tasks["confidence"].to_list() == plain.tasks["confidence"].to_list()
    many, _ = crowd(3, values=100)
    more = many.frame.with_columns((pl.col("label").cast(pl.Float64) + 1000.0).cast(pl.String))
    one, two = scale(many), scale(LabelTable(more, many.columns))
    np.testing.assert_allclose(two.tasks["truth"], one.tasks["truth"] + 1000.0, atol=1e-3)


def numbers(labels: list[list[object]], name: str = "label") -> LabelTable:
    """A table of the labels of each task."""
    rows = [(t, f"w{w}", str(v)) for t, task in enumerate(labels) for w, v in enumerate(task)]
    frame = pl.DataFrame(rows, schema=["task", "worker", "label"], orient="row")
    return LabelTable.from_frame(frame, columns={"label": name})


def test_values_decide_which_kind_labels_are() -> None:
    """Half points, values below 0 and ratings are scales; so are numbers whose dissent is near."""
    rng = np.random.default_rng(0)
    near = [[t % 5 + 1, min(max(t % 5 + 1 + rng.integers(-1, 2), 1), 5)] for t in range(200)]
    named = [[t % 5, (t % 5 + rng.integers(0, 5)) % 5] for t in range(200)]
    assert kind_of(numbers(near))[0] == "scale"
    kind, note = kind_of(numbers(named))
    assert kind == "classes"
    assert "--kind scale" in note
    assert kind_of(numbers(named, "rating"))[0] == "scale"
    assert kind_of(numbers([[1.5, 2], [3, 3.5]]))[0] == "scale"
    assert kind_of(numbers([[-3, 2], [0, 3]]))[0] == "scale"
    assert kind_of(numbers([[0, 1], [1, 1]]))[0] == "classes"
    assert kind_of(numbers([["a", "b"], ["c", "c"]])) == ("classes", "")
    assert kind_of(numbers([["left", "right"]]))[0] == "pairs"


def test_an_interval_of_alpha_has_width_where_every_task_dissents() -> None:
    """All tasks a step apart: another task may agree, or be further apart."""
    found = scale(numbers([[t % 4 + 1, t % 4 + 2] for t in range(40)], "rating"))
    for alpha in found.summary.agreement["all"].krippendorff_alpha.values():
        assert alpha.low < alpha.value < alpha.high


def test_one_label_a_task_is_audited_and_said_to_be_the_priors() -> None:
    """Without a second opinion or gold nothing is known, and that is said."""
    found = scale(numbers([[t % 5 + 1] for t in range(40)], "rating"))
    assert not found.summary.verdict.known
    assert "one worker" in " ".join(found.summary.cautions)


def command(arguments: list[str]) -> int:
    """The exit code of a command."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


def write(path: Path, table: LabelTable) -> Path:
    """A CSV file of a table."""
    table.frame.rename({"label": "rating"}).write_csv(path)
    return path


def test_the_command_prints_writes_and_says_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``suffice audit`` sees the scale, prints its summary, and leaves its tables."""
    path = write(tmp_path / "ratings.csv", crowd(5)[0])
    assert command(["audit", str(path), "--quiet", "--out", str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    for said in ("a scale of 5 values from 1 to 5", "alpha (ordinal)", "alpha (interval)", "lies"):
        assert said in text
    record = ScaleRecord.read(tmp_path / "out")
    assert record.model.kind == "ordinal"
    tasks = pl.read_csv(tmp_path / "out" / "tasks.csv")
    assert tasks.columns[:3] == ["task", "label", "confidence"]
    assert command(["audit", str(path), "--quiet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "scale"
    assert command(["audit", str(path), "--quiet", "--kind", "classes"]) == 0
    assert "5 classes" in capsys.readouterr().out


def test_words_are_no_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A scale that is asked for where labels are words is refused with what to do."""
    path = tmp_path / "words.csv"
    path.write_text("task,worker,label\n1,a,good\n1,b,bad\n2,a,bad\n", encoding="utf-8")
    assert command(["audit", str(path), "--kind", "scale", "--quiet"]) == 2
    assert "'good' of data row 1 is no number" in capsys.readouterr().err
