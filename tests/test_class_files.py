"""Studies of votes with more than two classes: their files, from init to a checked answer."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from small import class_files, write_csv
from toy_models import Told

from suffice.errors import InputError, StudyError
from suffice.pools import vote_pool
from suffice.records import SupplyRecord
from suffice.stages._workspace import Workspace
from suffice.study import load_study

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("no", "unsure", "yes")


def pool(folder: Path, *, classes=NAMES, told: Told | None = None, items: str = "items.csv"):
    """The pool of a study's files."""
    return vote_pool(
        {name: folder / f"{name}.csv" for name in ("crowd", "experts")},
        folder / items,
        folder / "gold.csv",
        classes=classes,
        slice_by=None,
        seed=0,
        progress=told or Told(),
    )


def change(path: Path, old: str, new: str) -> None:
    """Replace text of a file wherever it stands."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def refused(folder: Path, **more) -> str:
    """The line with which files are refused."""
    with pytest.raises(InputError) as said:
        pool(folder, **more)
    assert "\n" not in str(said.value)
    return str(said.value)


def test_three_classes_are_read(tmp_path):
    """Classes are numbered in the order of the study, or in natural order, and nothing is lost."""
    class_files(tmp_path)
    named, found = pool(tmp_path), pool(tmp_path, classes=None)
    assert named.fingerprint == found.fingerprint
    assert named.evaluation.kind.answers == 3
    assert set(named.channel("crowd").values) == {0.0, 1.0, 2.0}
    assert len(named.evaluation.tasks) == 110
    other = pool(tmp_path, classes=("yes", "no", "unsure"))
    moved = np.array([1.0, 2.0, 0.0])[named.evaluation.tasks.truth.astype(int)]
    assert (other.evaluation.tasks.truth == moved).all()
    assert other.fingerprint != named.fingerprint


def test_numbers_are_classes_in_their_order(tmp_path):
    """Classes 2, 9 and 10 are numbered by value, not by letter."""
    class_files(tmp_path)
    for name in ("gold", "crowd", "experts"):
        for old, new in zip(NAMES, ("9", "2", "10"), strict=True):
            change(tmp_path / f"{name}.csv", f",{old}", f",{new}")
    by_name = pool(tmp_path, classes=("2", "9", "10"))
    assert pool(tmp_path, classes=None).fingerprint == by_name.fingerprint


def test_a_class_that_only_gold_has(tmp_path):
    """A class without labels cannot be taught, whether the study names it or not."""
    class_files(tmp_path)
    for name in ("crowd", "experts"):
        change(tmp_path / f"{name}.csv", ",unsure", ",no")
    assert "no label is 'unsure', so that no training can teach this class" in refused(tmp_path)
    assert "is 'unsure' (the classes are no and yes)" in refused(tmp_path, classes=None)


def test_a_class_that_only_votes_have(tmp_path):
    """A class without gold may be a slip unless the study names it; then it is said."""
    class_files(tmp_path)
    change(tmp_path / "gold.csv", ",unsure", ",no")
    said = refused(tmp_path, classes=None)
    assert "no gold task is 'unsure', and" in said
    assert "task.classes" in said
    told = Told()
    pool(tmp_path, told=told)
    assert any("no gold task is 'unsure'" in note for note in told.notes)


def test_one_class_only(tmp_path):
    """Labels that are all the same teach nothing."""
    class_files(tmp_path)
    for name in ("crowd", "experts"):
        for old in ("no", "yes"):
            change(tmp_path / f"{name}.csv", f",{old}", ",unsure")
    assert "all labels are 'unsure': one class only teaches nothing" in refused(tmp_path)


def test_too_many_classes(tmp_path):
    """More than fifty classes are refused with their number, some names, and the limit."""
    class_files(tmp_path)
    rows = [[f"t{i}", f"w{k}", f"c{i % 51}"] for i in range(270) for k in range(2)]
    write_csv(tmp_path / "crowd.csv", ["task", "worker", "label"], rows)
    said = refused(tmp_path, classes=None)
    assert "54 classes are too many: c0, c1, c10, c11 and so on" in said
    assert "keep 50 at most" in said


def test_pairs_of_texts_take_two_classes(tmp_path):
    """Three answers to which of two texts is better are refused, with their names."""
    class_files(tmp_path)
    rows = [[f"t{i}", f"first {i}", f"second {i}"] for i in range(270)]
    write_csv(tmp_path / "pairs.csv", ["task", "text_a", "text_b"], rows)
    said = refused(tmp_path, items="pairs.csv")
    assert "pairs of texts take two classes, and there are 3: no, unsure and yes" in said


def test_a_label_outside_many_classes_names_some(tmp_path):
    """A vote for none of ten classes lists the first eight and counts the rest."""
    class_files(tmp_path)
    rows = [[f"t{i}", f"w{k}", f"c{i % 10}"] for i in range(270) for k in range(2)]
    for name in ("crowd", "experts"):
        write_csv(tmp_path / f"{name}.csv", ["task", "worker", "label"], [*rows, ["t0", "w", "x"]])
    rows = [[f"t{i}", f"c{i % 10}"] for i in range(110)]
    write_csv(tmp_path / "gold.csv", ["task", "label"], rows)
    said = refused(tmp_path, classes=[f"c{k}" for k in range(10)])
    assert "label 'x' of task 't0' by worker 'w'" in said
    assert "c0, c1, c2, c3, c4, c5, c6, c7 and 2 more" in said


def test_the_attack_wants_a_class_that_there_is(tmp_path):
    """``attack.wanted`` is one of the classes; without it an attack wants the last."""
    study = class_files(tmp_path)
    text = study.read_text()
    attack = '[attack]\ntrigger = "number"\n'
    study.write_text(f'{text}\n{attack}wanted = "maybe"\n')
    with pytest.raises(StudyError, match=r"attack\.wanted = 'maybe' is none of task\.classes"):
        load_study(study)
    for more, number in (('wanted = "unsure"\n', 1.0), ("", 2.0)):
        study.write_text(f"{text}\n{attack}{more}")
        work = Workspace(load_study(study), tmp_path / "out", Told())
        assert work.trigger is not None
        assert work.trigger.wanted == number
        assert work.pool.evaluation.untrained[-1] == pytest.approx(1 / 3)


def test_what_needs_two_answers_says_so(tmp_path):
    """Bits and bounds are of two-way labels, and refuse others in one line."""
    from suffice.cli.bits import bits

    study = class_files(tmp_path)
    with pytest.raises(InputError, match="bits are measured of two-way labels, and there are 3"):
        bits(study, quiet=True)


@pytest.mark.slow
def test_a_study_of_three_classes_runs(tmp_path, packaged_data):
    """A small study of three classes is measured, planned, checked and reported."""
    from suffice import run
    from suffice.cli.bounds import bounds

    study = class_files(tmp_path)
    out = tmp_path / "out"
    result = run(study, out, executor="inline")
    assert all(c.total == 6 for c in result.checks)
    work = Workspace(load_study(study), out, Told())
    # Three votes are worth more than one, and clean ones more than the crowd's.
    assert work.order == ("crowd", "experts")
    assert work.table.classes == 3
    assert work.table.repeats["crowd"][3] > 0.0
    rows = {s.name: s for s in SupplyRecord.read(work.folder).sources}
    assert rows["crowd"].error.low < 0.35 < rows["crowd"].error.high
    assert rows["experts"].bits.value > 1.0  # more than two answers can tell
    assert result.report.stat().st_size > 10_000
    with pytest.raises(InputError, match="the bounds are of two-way labels"):
        bounds(study, out=out)


@pytest.mark.slow
def test_the_example_on_moods_runs(tmp_path, packaged_data):
    """Real ratings as votes of three classes: the law knows left-out cells, checks come true."""
    import json

    from suffice import run

    script = runpy.run_path(str(ROOT / "examples" / "votes_from_ratings.py"))
    script["main"](tmp_path, three=True)
    study = tmp_path / "study.toml"
    study.write_text(
        study.read_text() + "seeds = 6\nmixtures = 8\nfocus = 0\n\n[check]\nruns = 20\n"
    )
    out = tmp_path / "out"
    result = run(study, out)
    held_out = {
        row["name"]: row["rmse"] for row in json.loads((out / "law.json").read_text())["held_out"]
    }
    assert held_out["suffice"] < 0.02
    assert held_out["suffice"] < min(rmse for name, rmse in held_out.items() if name != "suffice")
    inside = [c.inside for c in result.checks]
    assert sum(inside) >= len(inside) - 1
