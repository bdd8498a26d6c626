"""What README and docs say is so: commands, options, messages, examples, files."""

from __future__ import annotations

import ast
import json
import re
import shlex
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cyclopts import App

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from picture import LARGEST, SCHEMES  # noqa: E402 - tools/ is no package
from shown import PAGES, PYTHON_PAGES, renewed  # noqa: E402

TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in PAGES}
EXAMPLE = tomllib.loads((ROOT / "examples" / "ratings.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def app() -> App:
    """The command line."""
    from suffice.cli import build

    return build()


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXTS[page], re.MULTILINE | re.DOTALL)


def _commands() -> Iterator[tuple[str, list[str]]]:
    """Every `suffice` command of every page, as (page, arguments)."""
    for page, text in TEXTS.items():
        lines = [line for block in _blocks(page, "sh") for line in block.splitlines()]
        lines += re.findall(r"<!-- shown: (.*?) -->", text)
        prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
        lines += re.findall(r"`(suffice [^`]+)`", prose)
        for line in lines:
            tokens = shlex.split(line, comments=True)
            # What the shell does with the output is none of ours.
            end = next((i for i, t in enumerate(tokens) if t in (">", "|")), len(tokens))
            if tokens[:1] == ["suffice"] and "COMMAND" not in tokens:
                yield page, tokens[1:end]


def _options(app: App, command: str) -> set[str]:
    """The names of a command's options; ``--no-X`` counts only where X is on by default."""
    arguments = app[command].assemble_argument_collection()
    names = {n for a in arguments for n in a.names if n.startswith("--")}
    off = {f"--no-{a.name.removeprefix('--')}" for a in arguments if not a.field_info.default}
    return names - off


def test_commands_parse(app: App) -> None:
    """Every command shown names a command and options that exist."""
    known = set(app)
    shown = list(_commands())
    assert len(shown) > 40
    for page, arguments in shown:
        if arguments[0].startswith("-"):
            assert arguments[0] in app.help_flags + app.version_flags, (page, arguments)
            continue
        assert arguments[0] in known, (page, arguments)
        if len(arguments) > 1:
            app.parse_args(arguments, exit_on_error=False, print_error=False)


def test_command_check_can_fail(app: App) -> None:
    """An option that is misspelled is noticed."""
    from cyclopts import CycloptsError

    with pytest.raises(CycloptsError):
        app.parse_args(["run", "--outt", "x"], exit_on_error=False, print_error=False)


def test_all_options_are_documented(app: App) -> None:
    """docs/cli.md has a section for every command, with exactly its options."""
    commands = [name for name in app if not name.startswith("-")]
    sections = dict(
        re.findall(r"^## suffice ([a-z]+)\n(.*?)(?=^## )", TEXTS["docs/cli.md"], re.M | re.S)
    )
    assert set(sections) == set(commands)
    for command, text in sections.items():
        rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
        written = {name for row in rows for name in re.findall(r"(--[a-z-]+)", row)}
        assert written == _options(app, command), command
        assert f"suffice {command}" in "\n".join(_blocks("docs/cli.md", "sh"))


def test_schemes_take_what_the_page_says() -> None:
    """docs/training.md lists every scheme with exactly the kinds of labels that it takes."""
    from suffice.demand import load_scheme

    rows = re.findall(r"^\| `([a-z]+)`[^|]*\|[^|]*\| ([^|]*?) \|", TEXTS["docs/training.md"], re.M)
    stated = {name: text for name, text in rows if name in ("probe", "finetune", "lora", "dpo")}
    assert stated == {name: ", ".join(load_scheme(name).takes) for name in stated}
    assert len(stated) == 4


def _constants() -> list[str]:
    """Every string in the code, with … where values are put in."""
    found = []
    for path in (ROOT / "src" / "suffice").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = (p.value if isinstance(p, ast.Constant) else "…" for p in node.values)
                found.append("".join(str(p) for p in parts))
    return found


def test_messages_exist() -> None:
    """Every message that docs/your-data.md explains is one that the code can print."""
    table = TEXTS["docs/your-data.md"].partition("| message | means |")[2]
    messages = re.findall(r"^\| `(.*?)` \|", table, re.MULTILINE)
    assert len(messages) > 30
    from_pydantic = "input should be greater than or equal to 0"
    known = _constants()
    gone = [
        m
        for m in messages
        if m != from_pydantic
        and not any(re.search(re.escape(m).replace("…", ".*"), text, re.DOTALL) for text in known)
    ]
    assert gone == []


def test_preference_rows_are_read(tmp_path: Path) -> None:
    """The rows shown for preference files are read as they are meant."""
    from suffice.labels import read_preferences

    plain, talks = _blocks("docs/your-data.md", "jsonl")
    (tmp_path / "plain.jsonl").write_text(plain, encoding="utf-8")
    table = read_preferences(tmp_path / "plain.jsonl")
    assert (len(table), table.conversational) == (2, False)
    for number, line in enumerate(talks.splitlines()):
        path = tmp_path / f"{number}.jsonl"
        path.write_text(line, encoding="utf-8")
        table = read_preferences(path)
        assert table.conversational
        assert table.implicit_prompt == ("prompt" not in json.loads(line))
        assert table.frame["prompt"][0].startswith("user: ")


def test_study_sections_are_valid() -> None:
    """The parts of study files that are shown make valid studies."""
    from suffice.study import parse_study

    rest: dict[str, Any] = {
        "name": "shown",
        "criterion": {"error": 0.2},
        "models": {"target": "minilm-l6"},
        "budget": {"money": 100},
    }
    kinds = [
        parse_study(tomllib.loads(b) | rest).task.kind for b in _blocks("docs/your-data.md", "toml")
    ]
    assert kinds == ["preferences", "votes"]


def test_shown_answer_is_of_this_study() -> None:
    """The answer in README and quickstart is one to the example as it stands."""
    criterion = EXAMPLE["criterion"]
    limits = [
        criterion["error"],
        criterion["worst_slice_error"],
        *criterion["slice_error"].values(),
    ]
    for page in ("README.md", "docs/quickstart.md"):
        (answer,) = re.findall(r"<!-- shown: suffice run -->\n```text\n(.*?)```", TEXTS[page], re.S)
        shown = re.findall(r"at most (\S+) %", " ".join(answer.split()))
        assert [float(s) for s in shown] == [round(100 * x, 1) for x in limits], page
        assert all(f"all {source}" in answer for source in EXAMPLE["sources"])
        assert f"/{EXAMPLE['check']['runs']}" in answer


def test_prices_are_of_this_study() -> None:
    """The prices in the README are those of the example."""
    prices = [f"${source['price']:.2f}" for source in EXAMPLE["sources"].values()]
    assert re.findall(r"\$0\.\d\d", TEXTS["README.md"].partition("<!-- shown")[0]) == prices


def test_pages_are_listed() -> None:
    """docs/index.md leads to every page."""
    linked = set(re.findall(r"\]\(([a-z-]+\.md)\)", TEXTS["docs/index.md"]))
    assert linked == {p.name for p in (ROOT / "docs").glob("*.md")} - {"index.md"}


STEP = re.compile(r"`([a-z_/]+\.py): ([A-Za-z_.]+)`")


def test_steps_of_the_flow_exist() -> None:
    """Every file and function that docs/flow.md walks through is there, and stands in that file."""
    page = TEXTS["docs/flow.md"]
    steps = STEP.findall(page)
    assert len(steps) == len(re.findall(r"\.py", page)), "a file without its function"
    assert [f"{file}: {name}" for file, name in steps if not _defines(file, name)] == []
    assert page.count("\n## ") == 5


def test_flow_check_can_fail() -> None:
    """A file, a function or a method that is not there is seen."""
    assert _defines("estimate.py", "Estimate.from_draws")
    assert not _defines("estimate.py", "Estimate.from_nothing")
    assert not _defines("estimate.py", "from_draws")
    assert not _defines("nowhere.py", "Estimate")


def _defines(file: str, name: str) -> bool:
    """Whether a file below src/suffice defines a name, dotted for what stands in a class."""
    path = ROOT / "src" / "suffice" / file
    if not path.is_file():
        return False
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for part in name.split("."):
        found = next((node for node in body if part in _names(node)), None)
        if found is None:
            return False
        body = getattr(found, "body", [])
    return True


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [t.id for t in targets if isinstance(t, ast.Name)]


def test_pictures_are_small() -> None:
    """The hero picture is there, light and dark, each below 300 kB."""
    for scheme in SCHEMES:
        path = ROOT / "docs" / "img" / f"picture-{scheme}.png"
        assert 10_000 < path.stat().st_size <= LARGEST


def test_python_names_exist() -> None:
    """What the pages import can be imported."""
    for page in TEXTS:
        for block in _blocks(page, "python"):
            imports = [
                n for n in ast.parse(block).body if isinstance(n, ast.Import | ast.ImportFrom)
            ]
            exec(compile(ast.Module(body=imports, type_ignores=[]), page, "exec"), {})


def test_every_command_is_a_function(app: App) -> None:
    """docs/python.md names a function that exists for every command."""
    import suffice
    import suffice.fetch
    from suffice import stages

    rows = re.findall(r"^\| `suffice ([a-z]+)` \| `([a-z_.]+)` \| ", TEXTS["docs/python.md"], re.M)
    assert sorted(name for name, _ in rows) == sorted(n for n in app if not n.startswith("-"))
    for _, place in rows:
        found: Any = {"stages": stages, "suffice": suffice}[place.split(".")[0]]
        for part in place.split(".")[1:]:
            found = getattr(found, part)
        assert callable(found), place


def test_outputs_are_renewed(tmp_path: Path) -> None:
    """The tool replaces what is shown, and nothing else."""
    page = (
        "Text.\n\n```python\nx = 2\nprint(x + 1)\n```\n\n<!-- shown: python -->\n```text\nold\n"
        "```\n\n<!-- shown: suffice --version -->\n```text\nold\n```\n\n```text\nkept\n```\n"
    )
    from suffice import __version__

    after = renewed(page, tmp_path, python=True)
    assert after == page.replace("old", "3", 1).replace("old", __version__, 1)


@pytest.mark.slow
@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_python_runs(
    page: str,
    packaged_data: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The Python of a page runs as it stands, and gives an answer with a check."""
    import shutil

    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in _blocks(page, "python"):
        exec(compile(block, page, "exec"), names)
    assert "P = 0." in capsys.readouterr().out
    result = names["result"]
    assert {c.total for c in result.checks} == {EXAMPLE["check"]["runs"]}
    listed = set(re.findall(r"^\| `([a-z.]+)` \| ", TEXTS["docs/quickstart.md"], re.MULTILINE))
    written = {p.name for p in (tmp_path / "suffice-out").iterdir()}
    assert {name for name in listed if "." in name} == written


@pytest.mark.slow
def test_votes_example_runs(
    tmp_path: Path, packaged_data: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """The worked example on votes gives a checked answer, and keeps gold out of training."""
    import runpy

    import polars as pl

    from suffice import run

    script = runpy.run_path(str(ROOT / "examples" / "votes_from_ratings.py"))
    script["main"](tmp_path)
    result = run(tmp_path / "study.toml", tmp_path / "results")
    assert [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()] == re.findall(
        r"votes/[a-z]+\.csv: (.* rows)", TEXTS["docs/your-data.md"]
    )
    assert result.plan.recommended.p.mean is not None
    assert all(c.total == 40 for c in result.checks)
    gold = set(pl.read_csv(tmp_path / "gold.csv")["task"])
    crowd = set(pl.read_csv(tmp_path / "crowd.csv")["task"])
    assert pl.read_parquet(tmp_path / "results" / "runs.parquet")["tasks"].max() <= len(
        crowd - gold
    )
