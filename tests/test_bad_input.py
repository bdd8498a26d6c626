"""Bad input on the command line: one line that says what, where and what to do; exit code 2."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from small import VOTES_STUDY, preference_rows, vote_files, write_jsonl

from suffice.cli import main

PREFERENCES_STUDY = """\
name = "own"
[task]
kind = "preferences"
gold = "gold.jsonl"
[criterion]
error = 0.3
[sources.vendor]
labels = "vendor.jsonl"
price = 1.0
[models]
target = "minilm-l6@1"
[budget]
money = 100
[grid]
smallest = 20
"""


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a call is refused with."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    out, err = capsys.readouterr()
    assert stopped.value.code == 2
    assert out == ""
    lines = err.splitlines()
    said = [line for line in lines if line.startswith("suffice: ")]
    assert said == lines[-1:], err
    assert "Traceback" not in err
    return said[0].removeprefix("suffice: ")


def passes(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What a call that succeeds prints: (standard output, standard error)."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
    out, err = capsys.readouterr()
    return out, err


@pytest.fixture(autouse=True)
def nothing_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input must be found before anything is fetched, embedded or trained."""
    monkeypatch.setenv("SUFFICE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A good study of votes; tests break one thing."""
    return vote_files(tmp_path)


def supply(study: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What ``suffice supply`` refuses a study with."""
    out = str(study.parent / "out")
    return refusal(["supply", str(study), "--out", out, "--quiet"], capsys)


def replace_line(path: Path, number: int, text: str) -> None:
    """Change one line of a file; the first is 1."""
    lines = path.read_text().splitlines()
    lines[number - 1] = text
    path.write_text("\n".join(lines) + "\n")


def test_the_good_study_passes(study, capsys):
    """What the other tests break works when it is whole."""
    out = str(study.parent / "out")
    table = json.loads(passes(["supply", str(study), "--out", out, "--json", "--quiet"], capsys)[0])
    errors = {s["name"]: s["error"] for s in table["sources"]}
    assert errors["crowd"]["low"] < 0.25 < errors["crowd"]["high"]
    assert errors["experts"]["high"] < errors["crowd"]["low"]


def test_missing_study(tmp_path, capsys):
    """A study that is not there is named, with the command that writes one."""
    said = refusal(["supply", str(tmp_path / "none.toml")], capsys)
    assert said == f"{tmp_path}/none.toml: no such study file (suffice init writes one)"


@pytest.mark.parametrize("name", ["items.csv", "gold.csv", "crowd.csv"])
def test_missing_file(study, capsys, name):
    """A file that the study names and that is not there is named."""
    (study.parent / name).unlink()
    assert supply(study, capsys) == f"{study.parent / name}: no such file (check the path)"


@pytest.mark.parametrize("name", ["items.csv", "gold.csv", "crowd.csv"])
def test_empty_file(study, capsys, name):
    """An empty file is named, and so is one with a header and no rows."""
    path = study.parent / name
    header = path.read_text().splitlines()[0]
    path.write_text("")
    assert supply(study, capsys).startswith(f"{path}: the file is empty")
    path.write_text(header + "\n")
    said = supply(study, capsys)
    assert said.startswith(f"{path}: ")
    assert "no " in said


@pytest.mark.parametrize("name", ["items.csv", "gold.csv", "crowd.csv"])
def test_not_utf8(study, capsys, name):
    """A file in another encoding is named with the line, and how to convert it."""
    path = study.parent / name
    lines = path.read_bytes().splitlines()
    lines[4] = lines[4].replace(b"t", b"\xe9", 1)
    path.write_bytes(b"\n".join(lines) + b"\n")
    said = supply(study, capsys)
    assert said.startswith(f"{path}: line 5 is not UTF-8 (byte 0xe9)")
    assert "iconv" in said


def test_folder_instead_of_a_file(study, capsys):
    """A folder where a file should be is told apart."""
    path = study.parent / "crowd.csv"
    path.unlink()
    path.mkdir()
    assert supply(study, capsys) == f"{path}: this is a folder (name a file)"


def test_label_outside_the_classes(study, capsys):
    """A label that is none of the classes is quoted, with its task, worker and file."""
    path = study.parent / "crowd.csv"
    replace_line(path, 7, "t1,crowd8,maybe")
    said = supply(study, capsys)
    assert said.startswith(f"{path}")
    for part in ("'maybe'", "'t1'", "'crowd8'", "no and yes", "task.classes"):
        assert part in said


def test_gold_outside_the_classes(study, capsys):
    """The same for gold."""
    path = study.parent / "gold.csv"
    replace_line(path, 4, "t2,perhaps")
    said = supply(study, capsys)
    assert said == f"{path}: gold of task 't2' is 'perhaps' (the classes are no and yes)"


def test_more_than_two_classes(study, capsys):
    """Without named classes a third label that gold does not know is refused as a slip."""
    study.write_text(VOTES_STUDY.replace('classes = ["no", "yes"]\n', ""))
    replace_line(study.parent / "crowd.csv", 7, "t1,crowd8,maybe")
    said = supply(study, capsys)
    assert "no gold task is 'maybe', and 1 label said so (mend a slip, or name the" in said


def test_one_class_only(study, capsys):
    """Labels of one class, or gold of one class, teach nothing."""
    for name in ("crowd", "experts"):
        path = study.parent / f"{name}.csv"
        path.write_text(path.read_text().replace(",no", ",yes"))
    said = supply(study, capsys)
    assert "one class only" in said
    assert "'yes'" in said
    study.write_text(VOTES_STUDY.replace('classes = ["no", "yes"]\n', ""))
    assert "all labels are 'yes': one class only" in supply(study, capsys)


def test_gold_of_one_class_only(study, capsys):
    """Gold that knows one class only cannot judge."""
    path = study.parent / "gold.csv"
    path.write_text(path.read_text().replace(",no", ",yes"))
    assert supply(study, capsys).startswith(f"{path}: gold has one class only")


def test_too_little_gold(study, capsys):
    """A handful of judged tasks is too few, and how many are needed is said."""
    path = study.parent / "gold.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:8]) + "\n")
    assert supply(study, capsys).startswith(f"{path}: 7 tasks with gold are too few")


def test_gold_of_none_of_the_tasks(study, capsys):
    """Gold whose task names match nothing leaves no gold at all."""
    path = study.parent / "gold.csv"
    path.write_text(path.read_text().replace("\nt", "\nx"))
    assert "0 tasks with gold are too few" in supply(study, capsys)


def test_everything_has_gold(study, capsys):
    """Where all tasks are judged nothing is left to train on."""
    lines = [f"t{i},{'yes' if i % 2 else 'no'}" for i in range(240)]
    (study.parent / "gold.csv").write_text("\n".join(["task,label", *lines]) + "\n")
    assert "leaves 0 tasks to train on" in supply(study, capsys)


@pytest.mark.parametrize("cell", ["", "NaN", "nan"])
@pytest.mark.parametrize("name", ["gold", "crowd"])
def test_nan_and_empty_labels(study, capsys, name, cell):
    """An empty or NaN label is refused with its row."""
    path = study.parent / f"{name}.csv"
    line = path.read_text().splitlines()[5].split(",")
    replace_line(path, 6, ",".join([*line[:-1], cell]))
    if name == "gold":
        # A task with an empty gold cell has no gold: that is how tables with gold are written.
        passes(["supply", str(study), "--out", str(study.parent / "out"), "--quiet"], capsys)
        return
    said = supply(study, capsys)
    assert said.startswith(f"{path}: ")
    assert "data row 5" in said or "is 'NaN'" in said or "is 'nan'" in said


@pytest.mark.parametrize("value", [None, float("nan")])
def test_nan_in_json_lines(study, capsys, value):
    """The same for JSON lines, whose NaN is a number."""
    rows = [{"task": f"t{i}", "worker": "w", "label": "yes"} for i in range(240)]
    rows[9]["label"] = value
    path = write_jsonl(study.parent / "crowd.jsonl", rows)
    study.write_text(VOTES_STUDY.replace("crowd.csv", "crowd.jsonl").replace("[1, 3]", "[1]"))
    said = supply(study, capsys)
    assert said.startswith(f"{path}: 1 row without a label (data row 10)")


def test_empty_text(study, capsys):
    """A task without its text is refused."""
    path = study.parent / "items.csv"
    replace_line(path, 5, "t3,,fun")
    said = supply(study, capsys)
    assert said.startswith(f"{path}: ")
    assert "'text'" in said
    assert "row 4" in said


def test_task_without_a_text(study, capsys):
    """A label of a task that is not in the items file names the task and both files."""
    replace_line(study.parent / "crowd.csv", 9, "t777,crowd1,yes")
    said = supply(study, capsys)
    assert "task 't777' has no text" in said
    assert str(study.parent / "items.csv") in said


def test_duplicate_tasks(study, capsys):
    """A task that stands twice in the items file is refused; duplicate labels only noted."""
    path = study.parent / "items.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[3]]) + "\n")
    said = supply(study, capsys)
    assert said.startswith(f"{path}: 1 row repeats the task of an earlier row")
    assert "t2" in said


def test_duplicate_labels_are_noted(study, capsys):
    """Duplicate rows are counted once and said on standard error, not an error."""
    path = study.parent / "crowd.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[3], lines[3]]) + "\n")
    out, err = passes(["supply", str(study), "--out", str(study.parent / "out"), "--json"], capsys)
    json.loads(out)
    assert "crowd.csv: 2 rows repeated an earlier row and counted once" in err


def test_contradicting_gold(study, capsys):
    """A task with two different gold labels is named."""
    with (study.parent / "gold.csv").open("a") as file:
        file.write("t0,yes\nt0,no\n")
    assert "'t0' has two different gold labels" in supply(study, capsys)


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("items.csv", "task,text,topic", "task,body,topic", "no column 'text'"),
        ("items.csv", "task,text,topic", "task,text,theme", "no column 'topic'"),
        ("crowd.csv", "task,worker,label", "task,worker,x", "no column for label"),
        ("gold.csv", "task,label", "thing,stuff", "no task column"),
    ],
)
def test_missing_columns(study, capsys, name, old, new, words):
    """A column that is not there is named, with those that are."""
    path = study.parent / name
    path.write_text(path.read_text().replace(old, new, 1))
    said = supply(study, capsys)
    assert said.startswith(f"{path}: ")
    assert words in said
    assert new.split(",")[1] in said


def test_unknown_slice_in_the_criterion(study, capsys):
    """A threshold on a slice that nobody measures names those that are measured."""
    study.write_text(VOTES_STUDY.replace("error = 0.2", "slice_error = {hard = 0.4}\nerror = 0.2"))
    said = supply(study, capsys)
    assert said == f"{study}: the criterion names slice 'hard' (measured slices: food, fun)"


def test_unknown_source_in_a_curve(study, capsys):
    """A curve that buys from nobody is refused before anything is trained."""
    out = str(study.parent / "out")
    said = refusal(["forecast", "100 oracle", str(study), "--out", out], capsys)
    assert said == "unknown source 'oracle' (known sources: crowd, experts)"


def test_text_that_is_no_curve(study, capsys):
    """A curve that cannot be read shows how to write one."""
    said = refusal(["forecast", "lots of crowd", str(study)], capsys)
    assert "'lots of crowd' is no purchase" in said


def test_labels_a_task_that_are_not_sold(study, capsys):
    """A forecast of repeats that no law has seen is refused instead of taken for fewer."""
    said = refusal(["forecast", "9 crowd x7", str(study), "--quiet"], capsys)
    assert said == "crowd is not sold at 7 labels a task (sold: 1, 3)"


def test_more_labels_a_task_than_recorded(study, capsys):
    """Buying more repeats than the record holds names the key."""
    study.write_text(VOTES_STUDY.replace("labels_per_task = [1, 3]", "labels_per_task = [1, 5]"))
    said = supply(study, capsys)
    assert said == (
        f"{study}: sources.crowd.labels_per_task asks for 5 (its record holds 3 labels of a task)"
    )


def test_budget_that_buys_nothing(study, capsys):
    """A budget below the smallest purchase says what that would cost."""
    study.write_text(VOTES_STUDY.replace("money = 200", "money = 0.5"))
    said = supply(study, capsys)
    assert "nothing can be bought" in said
    assert "smallest purchase of 10 (which costs 1.00)" in said


@pytest.mark.parametrize(
    "command",
    [["measure"], ["plan"], ["plan", "--budget", "0.5"], ["next"], ["forecast", "9 crowd"]],
)
def test_nothing_is_trained_for_a_plan_that_cannot_be(study, capsys, command):
    """Every command that would train refuses a budget that starts nothing, and says by how much it
    is short, before it embeds or trains."""
    if "--budget" not in command:
        study.write_text(VOTES_STUDY.replace("money = 200", "money = 0.5"))
    name, *rest = command
    given = [*rest, str(study)] if name == "forecast" else [str(study), *rest]
    said = refusal([name, *given, "--out", str(study.parent / "out"), "--quiet"], capsys)
    assert "the budget is 0.50 short of 'crowd'" in said
    assert not (study.parent / "cache" / "runs.sqlite").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["plan", "--budget", "abc"], 'unable to convert "abc" into float'),
        (["plan", "--robust", "median"], 'Choose from: "cvar", "worst"'),
        (["plan", "--buget", "3"], "Did you mean --budget?"),
        (["forecast"], "--curve requires an argument"),
        (["plans"], 'did you mean "plan"? `suffice --help` lists all'),
    ],
)
def test_words_that_are_none(capsys, arguments, words):
    """A misspelled command, option or value is one plain line, too."""
    assert words in refusal(arguments, capsys)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("minilm-l7", "did you mean minilm-l"),
        ("hf:/no/such/folder", "/no/such/folder"),
    ],
)
def test_model_that_cannot_be_loaded(study, capsys, model, words):
    """A model that is not there is named before anything is embedded."""
    study.write_text(VOTES_STUDY.replace("minilm-l6@1", model))
    said = refusal(["measure", str(study), "--out", str(study.parent / "out"), "--quiet"], capsys)
    assert words in said


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--target", "1.5"], "--target 1.5 is no probability"),
        (["--target", "0"], "--target 0 is no probability"),
        (["--budget", "-3"], "--budget -3 is no budget"),
        (["--target", "nan"], "is no probability"),
        (["--budget", "nan"], "--budget nan is no budget"),
        (["--budget", "inf"], "--budget inf is no budget"),
        (["--weeks", "0"], "--weeks 0 is no time"),
        (["--bought", "9 nobody"], "unknown source 'nobody'"),
        (["--bought", "crowd"], "'crowd' is no purchase"),
    ],
)
def test_flags_that_cannot_be(study, capsys, flags, words):
    """Impossible targets and budgets are refused before anything is trained."""
    assert words in refusal(["plan", str(study), *flags], capsys)


def test_results_that_are_not_there(tmp_path, capsys):
    """Commands that read results name the file and the command that writes it."""
    for command in ("ledger", "report"):
        said = refusal([command, str(tmp_path)], capsys)
        assert str(tmp_path) in said
        assert "suffice" in said


def test_a_folder_that_cannot_be_written(study, capsys):
    """A file where the folder for results should be is told in one line."""
    (study.parent / "out").write_text("")
    said = supply(study, capsys)
    assert str(study.parent / "out") in said
    assert "cannot be written" in said


# ---- preferences


def prefer(folder: Path, vendor: list[dict[str, object]], gold: list[dict[str, object]]) -> Path:
    """A study of preferences with these rows."""
    write_jsonl(folder / "vendor.jsonl", vendor)
    write_jsonl(folder / "gold.jsonl", gold)
    study = folder / "study.toml"
    study.write_text(PREFERENCES_STUDY)
    return study


def test_preferences_that_pass(tmp_path, capsys):
    """Whole preference files are audited."""
    study = prefer(tmp_path, preference_rows(100, wrong=0.2), preference_rows(40))
    said = passes(["supply", str(study), "--out", str(tmp_path / "out"), "--quiet"], capsys)
    assert said[0].startswith("vendor ")


def test_preferences_without_an_answer(tmp_path, capsys):
    """A pair that lacks an answer is named by row and file."""
    rows = preference_rows(100)
    rows[41]["rejected"] = None
    study = prefer(tmp_path, rows, preference_rows(40))
    said = supply(study, capsys)
    assert said.startswith(f"{tmp_path}/vendor.jsonl: row 42 lacks its chosen or rejected text (")


def test_preferences_that_all_agree_with_themselves(tmp_path, capsys):
    """Pairs of equal texts say nothing at all."""
    rows = [{**r, "rejected": r["chosen"]} for r in preference_rows(50)]
    study = prefer(tmp_path, rows, preference_rows(40))
    assert "vendor.jsonl: there is no pair of different texts" in supply(study, capsys)


def test_preferences_with_a_damaged_line(tmp_path, capsys):
    """A line that is no JSON is named by number."""
    study = prefer(tmp_path, preference_rows(100), preference_rows(40))
    replace_line(tmp_path / "vendor.jsonl", 17, '{"prompt": "cut o')
    assert f"{tmp_path}/vendor.jsonl: line 17 is no JSON" in supply(study, capsys)


def test_preferences_without_the_columns(tmp_path, capsys):
    """A file of another kind names the columns that it has."""
    study = prefer(tmp_path, [{"text": "a", "score": 1}], preference_rows(40))
    said = supply(study, capsys)
    assert "vendor.jsonl: no column 'chosen' among: text, score" in said


def test_preferences_whose_source_has_no_gold_pass(tmp_path, capsys):
    """A source none of whose tasks is judged is still allowed: its error is unknown, and said."""
    rows = preference_rows(140)
    study = prefer(tmp_path, rows[40:], rows[:40])
    out = str(tmp_path / "out")
    said = passes(["supply", str(study), "--out", out, "--json", "--quiet"], capsys)
    source = json.loads(said[0])["sources"][0]
    assert source["audited_tasks"] == 0
    assert "nothing is known" in source["shared_note"]
    assert source["error"]["high"] - source["error"]["low"] > 0.3
    line = passes(["supply", str(study), "--out", out, "--quiet"], capsys)[0]
    assert line.split()[:3] == ["vendor", "error", "unknown,"]


# ---- in a process of its own


def test_debug_shows_the_traceback(tmp_path):
    """``--debug`` shows where an error was raised; without it there is one line."""
    call = [sys.executable, "-m", "suffice.cli", "supply", str(tmp_path / "none.toml")]
    plain = subprocess.run(call, capture_output=True, text=True, check=False)
    debug = subprocess.run([*call, "--debug"], capture_output=True, text=True, check=False)
    assert plain.returncode == 2
    assert len(plain.stderr.splitlines()) == 1
    assert "Traceback" in debug.stderr
    assert "StudyError" in debug.stderr
    assert debug.returncode != 0
