"""The command line: help, JSON, exit codes, and Ctrl-C."""

from __future__ import annotations

import inspect
import json
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small import VOTES_STUDY, vote_files

from suffice.cli import build, main
from suffice.cli._overview import COMMANDS as OVERVIEW
from suffice.study import load_study

COMMANDS = (
    "run", "init", "audit", "supply", "measure", "fit", "plan", "forecast", "report", "ledger",
    "models", "fetch", "offers", "enough", "next", "bounds", "horizon", "extrapolate", "bits",
    "formats", "convert", "runs", "score", "ask", "tell",
)  # fmt: skip
CALL = [sys.executable, "-m", "suffice.cli"]


def call(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a call in this process."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def environment(cache: Path) -> dict[str, str]:
    """What a process needs to find this package and that cache."""
    path = os.pathsep.join(p for p in sys.path if p)
    return {**os.environ, "PYTHONPATH": path, "SUFFICE_CACHE": str(cache)}


# ---- help and mistakes


def test_every_command_is_listed(capsys):
    """The list of commands is the one that this file tests."""
    assert {n for n in build() if not n.startswith("-")} == set(COMMANDS)
    code, out, _ = call(["--help"], capsys)
    assert code == 0
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(command, capsys):
    """Each command says what it does, with an example and every flag explained."""
    code, out, err = call([command, "--help"], capsys)
    assert code == 0
    assert err == ""
    assert f"suffice {command}" in out
    assert "Example" in out
    boxed = [line.strip("│* ") for line in out.splitlines() if line.startswith("│")]
    flags = [line for line in boxed if line.startswith("--")]
    # A name, its type or its opposite, and then words.
    assert all(len(line.split()) > 3 for line in flags), flags


def computing_time(command: list[str]) -> float:
    """Seconds of computing (not of waiting) that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in (0, 2), done.stderr  # 2: a mistyped command
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("words", [["--help"], ["adit"]])
def test_overview_is_quick(words):
    """``suffice --help`` and a mistyped command take at most half of the computing time that an
    app of the command line's library takes for the help of no command at all.

    Seconds would measure the machine. The two take turns, and the best of five counts for each.
    """
    plainest = [sys.executable, "-c", "from cyclopts import App; App(name='plainest')(['--help'])"]
    times = [(computing_time([*CALL, *words]), computing_time(plainest)) for _ in range(5)]
    ours, least = (min(column) for column in zip(*times, strict=True))
    assert ours < least / 2, times


def loaded_by(words: list[str]) -> set[str]:
    """Names of all modules that are loaded when such a call ends."""
    code = (
        "import atexit, sys; from suffice.cli import main\n"
        "atexit.register(lambda: print('LOADED', *sys.modules))\n"
        f"main({words!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return set(done.stdout.rpartition("LOADED")[2].split())


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["--version"], ["adit"], ["--bogus"]])
def test_overview_loads_no_library(words):
    """The overview, the version and a mistyped command load no package but suffice itself, and of
    suffice no room but the command line."""
    loaded = loaded_by(words)
    assert "suffice.cli._overview" in loaded
    assert not loaded & {
        "attrs", "cyclopts", "markdown_it", "numpy", "polars", "pydantic", "rich",
        "rich.markdown", "scipy",
    }  # fmt: skip
    assert {name for name in loaded if name.startswith("suffice.")} <= {
        "suffice._lazy", "suffice._privacy", "suffice._shown", "suffice.cli", "suffice.errors",
        "suffice.cli._failed", "suffice.cli._overview", "suffice.cli._screen",
    }  # fmt: skip


def test_help_loads_nothing_heavy():
    """The help of a command needs no numbers, no frames, no charts."""
    heavy = {"numpy", "scipy", "polars", "pydantic", "altair", "onnxruntime", "emcee"}
    loaded = loaded_by(["plan", "--help"])
    assert "cyclopts" in loaded
    assert not loaded & heavy


@pytest.mark.parametrize("command", COMMANDS)
def test_overview_says_what_the_help_of_the_command_says(command):
    """The line of the overview is the first paragraph of the command's own help."""
    function = OVERVIEW[command].load(command)
    first = inspect.getdoc(function).partition("\n\n")[0]
    assert OVERVIEW[command].summary == " ".join(first.split())


@pytest.mark.parametrize(("columns", "width"), [("80", 80), ("100", 100), ("20", 60), ("400", 120)])
def test_overview_fits_the_terminal(columns, width, capsys, monkeypatch):
    """The box is as wide as the terminal, within reason, and its lines are all of that width."""
    monkeypatch.setenv("COLUMNS", columns)
    code, out, _ = call(["--help"], capsys)
    assert code == 0
    box = [line for line in out.splitlines() if line[:1] in "╭│╰" and line]
    assert len(box) > len(COMMANDS)
    assert {len(line) for line in box} == {width}
    assert max(map(len, out.splitlines())) == max(width, 78)


def test_overview_where_only_ascii_can_be_written():
    """Without the characters of the box the overview is drawn with those that there are."""
    done = subprocess.run(
        [*CALL, "--help"], capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}
    )
    assert done.returncode == 0
    assert b"+- Commands -" in done.stdout
    assert b"| audit " in done.stdout


@pytest.mark.parametrize("words", [["audit", "--help"], ["--help", "audit"]])
def test_help_before_or_after_the_command(words, capsys):
    """Help is that of the command wherever it is asked for."""
    code, out, _ = call(words, capsys)
    assert code == 0
    assert out.startswith("Usage: suffice audit")


def test_mistyped_command_is_one_line_with_the_nearest(capsys):
    """A mistyped command ends in one line that names the command that was meant."""
    code, out, err = call(["adit"], capsys)
    assert (code, out) == (2, "")
    assert err == (
        'suffice: unknown command "adit": did you mean "audit"? `suffice --help` lists all\n'
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ruin"], "ruin"),
        (["run", "--bogus"], "--bogus"),
        (["forecast"], "curve"),
        (["plan", "--budget", "much"], "much"),
        (["init", "x.toml", "--kind", "poem"], "poem"),
    ],
)
def test_wrong_calls_exit_with_2(arguments, words):
    """A command or flag that does not exist is named on standard error; the exit code is 2."""
    done = subprocess.run([*CALL, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_version(capsys):
    """The version is that of the package."""
    from suffice import __version__

    assert call(["--version"], capsys)[1].strip() == __version__


def test_a_reader_that_goes_away_is_no_error():
    """``suffice models | head -1`` leaves no traceback."""
    done = subprocess.run(
        f"{sys.executable} -m suffice.cli models --json | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "[\n"
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


# ---- init


@pytest.mark.parametrize("kind", ["preferences", "votes", "ratings"])
def test_init_writes_a_study_that_is_valid(kind, tmp_path, capsys):
    """What ``init`` writes passes the checks as it stands, with every commented key switched on
    as well, and is not overwritten."""
    path = tmp_path / "new" / "study.toml"
    code, out, _ = call(["init", str(path), "--kind", kind], capsys)
    assert code == 0
    assert str(path) in out
    assert load_study(path).task.kind == kind
    text = path.read_text()
    switched = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    if kind != "ratings":
        assert switched != text
    (tmp_path / "all.toml").write_text(switched)
    load_study(tmp_path / "all.toml")
    code, _, err = call(["init", str(path), "--kind", kind], capsys)
    assert code == 2
    assert "--force overwrites it" in err
    assert call(["init", str(path), "--kind", kind, "--force"], capsys)[0] == 0


def test_init_where_nothing_can_be_written(tmp_path, capsys):
    """A path through a file is one line."""
    (tmp_path / "file").write_text("")
    code, _, err = call(["init", str(tmp_path / "file" / "study.toml")], capsys)
    assert code == 2
    assert err.startswith("suffice: ")
    assert len(err.splitlines()) == 1


# ---- the stages on a small study of one's own


@pytest.fixture(scope="module")
def cache(packaged_data, example_cache, tmp_path_factory) -> Path:
    """A cache with the packaged weights and nothing else."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "packages").symlink_to(example_cache / "packages")
    return folder


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A small study of votes."""
    return vote_files(tmp_path_factory.mktemp("study"))


@pytest.fixture
def stage(cache, study, capsys, monkeypatch):
    """Calls a stage with ``--json`` and reads what it prints."""
    monkeypatch.setenv("SUFFICE_CACHE", str(cache))

    def run(command: str, *more: str) -> object:
        words = [command, *more, str(study), "--out", str(study.parent / "out"), "--json"]
        code, out, err = call(words, capsys)
        assert code == 0, err
        for line in err.splitlines():
            json.loads(line)  # progress is JSON lines
        return json.loads(out)  # the whole of standard output is one document

    return run


def test_stages_one_by_one_in_json(stage, study):
    """Each stage alone prints one JSON document, and writes the file that it says."""
    out = study.parent / "out"
    supply = stage("supply")
    assert [s["name"] for s in supply["sources"]] == ["crowd", "experts"]
    assert json.loads((out / "supply.json").read_text()) == supply
    measured = stage("measure")
    cells = measured["cells"]["minilm-l6@1"] + measured["attacked_cells"]["minilm-l6@1"]
    assert measured["runs"] == 4 * cells
    assert Path(measured["file"]).exists()
    law = stage("fit")
    assert law["rhat"] < 1.05
    assert law["cells"] == measured["cells"]["minilm-l6@1"]
    plan = stage("plan")
    assert plan["cost"] <= 200.0
    assert plan == json.loads((out / "plan.json").read_text())
    small = stage("plan", "--budget", "40")
    assert small["cost"] <= 40.0
    said = stage("forecast", "100 crowd x3 + 40 experts")
    assert said["cost"] == pytest.approx(110.0)
    assert 0.0 <= said["p"]["low"] <= said["p"]["high"] <= 1.0
    assert 0.0 <= said["p"]["mean"] <= 1.0


def test_run_report_and_ledger(stage, study, cache, capsys):
    """``run`` answers with plan.json and its check; the report and the ledger can be had again."""
    out = study.parent / "out"
    plan = stage("run")
    assert plan["check"]
    assert plan["check"][0]["total"] == 6
    assert (out / "report.html").stat().st_size > 10_000
    code, said, _ = call(["ledger", str(out), "--json"], capsys)
    assert code == 0
    told = json.loads(said)
    assert [r["passed"] for r in told["forecasts"]] == [c["passed"] for c in plan["check"]]
    assert told["record"]["scored"] == len(plan["check"])
    code, said, _ = call(["ledger", str(out)], capsys)
    assert f"{plan['check'][0]['passed']}/6 passed" in said
    (out / "report.html").unlink()
    assert call(["report", str(out)], capsys)[1].strip() == str(out / "report.html")
    code, said, err = call(["run", str(study), "--out", str(out), "--no-check", "--quiet"], capsys)
    assert code == 0
    assert err == ""
    assert "Report: " in said
    assert json.loads((out / "plan.json").read_text())["check_skipped"] is True


def test_models_in_words_and_json(capsys):
    """Every model has a line; JSON says whether it was fetched."""
    rows = json.loads(call(["models", "--json"], capsys)[1])
    lines = call(["models"], capsys)[1].splitlines()
    assert len(rows) == len(lines) > 5
    assert all(row["name"] in line for row, line in zip(rows, lines, strict=True))


def stored(cache: Path) -> dict[tuple[str, int], float]:
    """Every stored run with its time: one that is trained again has another time."""
    path = cache / "runs.sqlite"
    if not path.exists():
        return {}
    try:
        with sqlite3.connect(path) as db:
            rows = db.execute("select cell, seed, seconds from run").fetchall()
        db.close()
    except sqlite3.OperationalError:
        return {}
    return {(cell, seed): seconds for cell, seed, seconds in rows}


def test_ctrl_c_in_the_middle_of_measuring_and_on_again(cache, tmp_path):
    """Ctrl-C exits with 130 and one line; the next call trains only what is left."""
    study = vote_files(tmp_path, seed=7)
    study.write_text(VOTES_STUDY.replace("seeds = 4", "seeds = 40"))
    words = [*CALL, "measure", str(study), "--out", str(tmp_path / "out")]
    before = stored(cache)
    process = subprocess.Popen(
        [*words, "--quiet"],
        env=environment(cache),
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(stored(cache)) <= len(before) and process.poll() is None:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert err == (
        "suffice: stopped; everything finished so far is kept, run the same command to go on\n"
    )
    kept = stored(cache)
    again = subprocess.run(
        [*words, "--json"], env=environment(cache), capture_output=True, text=True, check=True
    )
    measured = json.loads(again.stdout)
    after = stored(cache)
    assert kept.items() <= after.items()  # nothing that was kept was trained again
    assert len(before) < len(kept) < len(after)
    assert len(after) - len(before) == measured["runs"]
