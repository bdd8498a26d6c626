"""The terminal: names from data are text, any width will do, and a stream may be full or closed."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from report_study import study_files, write_study
from small import write_csv

from suffice._shown import CleanStream, clean, clean_lines, one_line
from suffice.cli._failed import Terminated, failure
from suffice.errors import InputError

NASTY = "a\x1b[2J\x1b]0;taken\x07\x9b31m\u202eb\u2066c\u200bd\u2028e\U000e0041\x7f\x00"
"""Clears a screen, renames a window, turns text round and hides parts of it."""


def environment(**more: str) -> dict[str, str]:
    """As on a user's machine, without a width."""
    kept = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    return {**kept, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), **more}


def call(*words: str, **more: object) -> subprocess.CompletedProcess[bytes]:
    """A command in a process of its own."""
    settings = {"env": environment(), "capture_output": True, "timeout": 120, **more}
    return subprocess.run([sys.executable, "-m", "suffice.cli", *words], **settings)


def unseen(text: str) -> set[str]:
    """Characters that no reader sees, ends of lines aside."""
    return {c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}}


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels whose workers, sources and slices have nasty names, one worker a bad one."""
    rows = [
        [f"t{i}", f"w{w}{NASTY}", ("yes", "no")[(i * (w + 1) // 2 if w == 3 else i) % 2],
         f"source{w // 2}{NASTY}", f"slice{i % 2}\n{NASTY}", 0.1]
        for i in range(80) for w in range(4)
    ]  # fmt: skip
    head = ["task", "worker", "label", "source", "slice", "cost"]
    path = tmp_path_factory.mktemp("nasty") / "labels.csv"
    write_csv(path, head, [[str(v).replace("\x00", "") for v in row] for row in rows])
    return path


def test_what_cannot_be_seen_is_spelt_out():
    """Controls, overrides and invisible characters; letters of all scripts and emoji stay."""
    assert clean("a\x1bb\nc\u202ed\ud800") == "a\\u001bb\\nc\\u202ed\\ud800"
    kept = "Zoë שלום नमस्ते 你好 می‌خواهم 👩‍🔬 e\u0301"
    assert clean(kept) == kept
    assert clean_lines("a\nb\tc") == "a\nb    c"
    assert unseen(clean_lines(NASTY)) == set()


def test_json_stays_the_same_json():
    """A document printed with its characters as they are is read as the same values."""
    values = {f"a{NASTY}": [NASTY, "\n\t", "\ud800"]}
    text = clean_lines(json.dumps(values, ensure_ascii=False, indent=1))
    assert json.loads(text) == values
    assert unseen(text) == set()


def test_long_lines_keep_both_ends():
    """A line of many thousand characters is cut in the middle, and says how much is missing."""
    line = one_line("begin " + "x" * 10_000 + " end")
    assert len(line) < 1_100
    assert line.startswith("begin x")
    assert line.endswith("x end")
    assert "9,011 characters" in line


def test_a_stream_that_cannot_hold_a_character():
    """An ASCII terminal gets an escape in place of an error."""
    below = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    CleanStream(below).write("Zo\u00eb \u4f60\n")
    below.seek(0)
    assert below.read() == "Zo\\xeb \\u4f60\n"


@pytest.mark.parametrize("command", ["audit", "offers"])
def test_no_control_code_of_a_name_reaches_the_terminal(labels, command):
    """Names are shown, spelt out, in text, notes and errors."""
    done = call(command, str(labels))
    assert done.returncode == 0, done.stderr
    for text in (done.stdout.decode(), done.stderr.decode()):
        assert unseen(text) == set()
    assert b"source" in done.stdout
    assert b"\\u001b" in done.stdout
    missing = call(command, f"no{NASTY}\n".replace("\x00", ""))
    assert missing.returncode == 2
    assert len(missing.stderr.decode().splitlines()) == 1
    assert unseen(missing.stderr.decode()) == set()


def test_names_are_not_taken_for_markup(tmp_path):
    """Square brackets and emoji names are printed as they stand, in tables and lines."""
    names = ("gpt[small]", "gpt[large]", "[red]x[/red]", "a:smile:")
    rows = [[n, x, x**-0.3] for n in names for x in (10, 20, 40, 80)]
    file = str(tmp_path / "curves.csv")
    write_csv(Path(file), ["curve", "x", "y"], rows)
    for width in ("120", "40"):
        done = call("extrapolate", file, "--at", "4x", env=environment(COLUMNS=width))
        assert done.returncode == 0, done.stderr
        assert all(name in done.stdout.decode() for name in names)
    write_study(tmp_path / "study", study_files(source="gpt[small]", judge="[b]j"))
    told = summary(tmp_path / "study", "100")
    assert "gpt[small]" in told
    assert "[b]j" in told


def summary(folder: Path, width: str) -> str:
    """What ``suffice plan`` and ``suffice run`` print of a folder."""
    code = (
        "import sys; from pathlib import Path; from suffice.cli._common import print_summary; "
        "print_summary(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], env=environment(COLUMNS=width),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("width", ["0", "1", "20", "45", "70", "79", "80", "200"])
def test_the_summary_fits_any_width(tmp_path, width):
    """Names are whole words at every width; 0 and 1 are taken for what a terminal has at least."""
    write_study(tmp_path, study_files())
    told = summary(tmp_path, width)
    wide = {"0": 80, "1": 20}.get(width, int(width))
    assert max(map(len, told.splitlines())) <= wide
    for name in ("crowd", "panel", "judge", "recommended"):
        assert name in told


@pytest.mark.parametrize("width", ["0", "20", "30", "69"])
def test_every_help_at_any_width(width):
    """Also where the terminal says that it has no columns at all."""
    for words in ([], ["audit", "--help"], ["plan", "--help"]):
        done = call(*words, env=environment(COLUMNS=width))
        assert done.returncode == 0, done.stderr


# ---- streams that are full, closed or gone


def test_full_and_closed_output_is_one_line(labels):
    """A full disk behind standard output, or none at all, is said, with exit code 2."""
    with Path("/dev/full").open("wb") as full:
        done = call("audit", str(labels), "--quiet", stdout=full, capture_output=False,
                    stderr=subprocess.PIPE)  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == ["suffice: no space left on device"]
    shell = f"{sys.executable} -m suffice.cli audit '{labels}' --quiet >&-"
    done = subprocess.run(["sh", "-c", shell], env=environment(), capture_output=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == [
        "suffice: standard output is closed: the answer could not be shown"
    ]


def test_a_reader_that_goes_away_is_no_error(labels):
    """`| head -1` ends quietly; a reader of notes that went away changes nothing."""
    shell = f"({sys.executable} -m suffice.cli audit '{labels}'; echo $? >&2) | true"
    done = subprocess.run(["sh", "-c", shell], env=environment(), capture_output=True, timeout=60)
    said = done.stderr.decode()
    assert said.splitlines()[-1] in {"1", "0"}
    assert "Traceback" not in said
    assert "BrokenPipe" not in said
    whole = call("audit", str(labels)).stdout
    for gone in ("2>&-", "2>/dev/full", "2> >(true)"):
        shell = f"{sys.executable} -m suffice.cli audit '{labels}' {gone}"
        done = subprocess.run(
            ["bash", "-c", shell], env=environment(), stdout=subprocess.PIPE, timeout=60
        )
        assert (done.returncode, done.stdout) == (0, whole), gone


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_any_locale(labels, locale):
    """Also where Python may write ASCII alone."""
    more = {"LANG": locale, "LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = call("audit", str(labels), env=environment(**more))
    assert done.returncode == 0, done.stderr
    done = call("audit", "Zo\u00eb.csv".encode(), env=environment(**more))
    assert done.returncode == 2
    assert done.stderr.startswith(b"suffice: Zo")
    assert call(env=environment(**more)).returncode == 0


# ---- errors and their exit codes


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (InputError("wrong", where="a.csv"), 2, "a.csv: wrong"),
        (KeyboardInterrupt(), 130, "stopped; everything finished so far is kept"),
        (Terminated(), 143, "stopped by SIGTERM"),
        (BrokenPipeError(), 1, ""),
        (MemoryError(), 2, "memory is used up"),
        (RecursionError(), 2, "nested too deeply"),
        (OSError(36, "File name too long", "a" * 300), 2, "a: file name too long"),
        (OSError(40, "Too many levels of symbolic links", "loop"), 2, "loop: too many levels"),
        (ZeroDivisionError("x"), 70, "a mistake in suffice, not in what you gave: ZeroDivision"),
    ],
)
def test_every_error_is_one_line_with_its_code(error, code, words):
    """Whatever went wrong."""
    found = failure(error)
    assert found.code == code
    assert words in found.line
    assert "\n" not in found.line


def test_exit_codes_are_documented():
    """docs/cli.md lists them all."""
    import suffice.cli._failed as failed

    text = (Path(__file__).parents[1] / "docs" / "cli.md").read_text(encoding="utf-8")
    codes = (failed.DONE, failed.READER_GONE, failed.MISTAKE, failed.BUG, failed.INTERRUPTED,
             failed.TERMINATED)  # fmt: skip
    assert all(f"| {code} |" in text for code in codes)
