"""Public sets through the commands as a new user would, and whether each verdict came true.

    python tools/bench_firstfile.py ../shared/data/preferences [--write docs/results/firstfile.md]

Each set becomes label files and a study with nothing tuned; `run`, `plan --target`, `next`
and `report` run as processes, in an empty folder. The criterion takes three values a set, so that
some are easy and some out of reach. A verdict is held against the runs that the check trains with
fresh seeds after its forecast is on disk.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ERRORS = (0.05, 0.15, 0.3)
"""Criteria that each set is asked about: chosen before any was run."""

RUNS = 40
_HEAD = """name = "{name}"
question = "{question}"
seed = 1

{task}

[criterion]
error = {error}

{sources}

[models]
target = "minilm-l6"

[budget]
money = {money}
weeks = 4

[grid]
seeds = 8
mixtures = 12

[check]
runs = {runs}
"""


@dataclass(frozen=True)
class FirstStudy:
    """What a new user would write: a question, a task, sources, and what may be spent."""

    name: str
    question: str
    task: str
    sources: str
    money: float


def xstest(data: Path, folder: Path) -> FirstStudy:
    """Does an answer comply? Two annotators, an AI judge and string matching, gold on a quarter."""
    rows: list[dict[str, str]] = []
    labels: dict[str, list[tuple[str, str, str]]] = {"people": [], "gpt4": [], "strings": []}
    gold: list[tuple[str, str]] = []
    places = data / "xstest" / "evaluation" / "automated_evaluation_labels"
    for path in sorted(places.glob("*_gpteval.csv")):
        matched = path.with_name(path.name.replace("gpteval", "streval"))
        with path.open(encoding="utf-8") as one, matched.open(encoding="utf-8") as two:
            for judged, strings in zip(csv.DictReader(one), csv.DictReader(two), strict=True):
                task = f"{path.stem.split('_')[3]}-{judged['id']}"
                text = f"{judged['prompt']}\n\n{judged['completion']}"
                rows.append({"task": task, "text": text, "group": judged["id"]})

                def said(value: str) -> str:
                    return "yes" if value == "1_full_compliance" else "no"

                for k in (1, 2):
                    labels["people"].append((task, f"a{k}", said(judged[f"annotation_{k}"])))
                labels["gpt4"].append((task, "gpt4", said(judged["gpt4_label"])))
                labels["strings"].append((task, "strings", said(strings["strmatch_label"])))
                if int(judged["id"].split("-")[-1]) % 4 == 0:
                    gold.append((task, said(judged["final_label"])))
    _write(folder / "items.csv", ("task", "text", "group"), [tuple(r.values()) for r in rows])
    _write(folder / "gold.csv", ("task", "label"), gold)
    for name, given in labels.items():
        _write(folder / f"{name}.csv", ("task", "worker", "label"), given)
    task = (
        '[task]\nkind = "votes"\nitems = "items.csv"\ngold = "gold.csv"\n'
        'classes = ["no", "yes"]\ngroup = "group"'
    )
    sources = "\n\n".join(
        f'[sources.{name}]\nlabels = "{name}.csv"\nprice = {price}\ncapacity = 5000'
        for name, price in (("people", 0.5), ("gpt4", 0.02), ("strings", 0.001))
    )
    return FirstStudy("xstest", "Does the answer comply?", task, sources, 400.0)


def harmless(data: Path, folder: Path) -> FirstStudy:
    """Which answer is less harmful? One source of pairs, gold on a quarter of the prompts."""
    path = data / "hh-rlhf-harmless-test" / "test.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [line for line in file if line.strip()]
    _lines(folder / "gold.jsonl", lines[::4])
    _lines(folder / "crowd.jsonl", [line for i, line in enumerate(lines) if i % 4])
    task = '[task]\nkind = "preferences"\ngold = "gold.jsonl"'
    sources = '[sources.crowd]\nlabels = "crowd.jsonl"\nprice = 0.4\ncapacity = 1000'
    return FirstStudy("harmless", "Which answer is less harmful?", task, sources, 600.0)


def pandalm(data: Path, folder: Path) -> FirstStudy:
    """Which of two answers is better? Three people, two judges; two of the people are gold."""
    rows = json.loads((data / "pandalm" / "testset-v1.json").read_text(encoding="utf-8"))
    judges = {
        "gpt35": json.loads(
            (data / "pandalm" / "gpt-3.5-turbo-testset-v1.json").read_text("utf-8")
        ),
        "judge7b": json.loads((data / "pandalm" / "pandalm-7b-testset-v1.json").read_text("utf-8")),
    }
    items, gold = [], []
    labels: dict[str, list[tuple[str, str, str]]] = {"person": [], **{n: [] for n in judges}}
    for k, row in enumerate(rows):
        task = f"t{k}"
        asked = f"{row['instruction']}\n{row['input']}"
        a, b = (f"{row[f'response{i}']}\n\n{asked}" for i in (1, 2))
        items.append((task, a, b))
        one, two, three = (int(row[f"annotator{i}"]) for i in (1, 2, 3))
        if k % 3 == 0 and one == two and one:
            gold.append((task, "a" if one == 1 else "b"))
        elif three:
            labels["person"].append((task, "annotator3", "a" if three == 1 else "b"))
        for name, said in judges.items():
            verdict = said[k].get(f"{_KEYS[name]}", 0)
            if verdict in (1, 2, "1", "2") and k % 3:
                labels[name].append((task, name, "a" if int(verdict) == 1 else "b"))
    _write(folder / "items.csv", ("task", "text_a", "text_b"), items)
    _write(folder / "gold.csv", ("task", "label"), gold)
    for name, given in labels.items():
        _write(folder / f"{name}.csv", ("task", "worker", "label"), given)
    task = '[task]\nkind = "votes"\nitems = "items.csv"\ngold = "gold.csv"\nclasses = ["b", "a"]'
    sources = "\n\n".join(
        f'[sources.{name}]\nlabels = "{name}.csv"\nprice = {price}\ncapacity = 1000'
        for name, price in (("person", 0.5), ("gpt35", 0.02), ("judge7b", 0.005))
    )
    return FirstStudy("pandalm", "Which answer is better?", task, sources, 200.0)


_KEYS = {"gpt35": "gpt_result", "judge7b": "pandalm_result"}


_PAGE = """# Public sets as a new user would try them

Made by `make bench-firstfile`, which tunes nothing: files, prices and three criteria a set were
fixed before any was run. P is the plan's, with its 90 % interval; *passed* counts fresh trainings
on the best purchase, made after the forecast was on disk; *inside* counts checked curves whose
passes lay in the forecast's 95 % interval. The sets: does an answer comply (xstest, 2,250
answers, two people, GPT-4 and string matching), which answer is less harmful (hh-rlhf, 2,312
pairs of one source), which is better (pandalm, 999 pairs, one person and two judges).

"""


def _write(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(columns)
        out.writerows(rows)


def _lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(lines), encoding="utf-8")


def suffice(folder: Path, *words: str) -> tuple[int, str]:
    """Run a command as a user would, in its own process."""
    command = [sys.executable, "-m", "suffice.cli", *words, "--quiet"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def verdicts(study: FirstStudy, folder: Path) -> list[str]:
    """A row of the table for each criterion."""
    rows = []
    for error in ERRORS:
        text = _HEAD.format(error=error, runs=RUNS, **vars(study))
        (folder / "study.toml").write_text(text, encoding="utf-8")
        out = f"out-{error:g}"
        code, said = suffice(folder, "run", "study.toml", "--out", out)
        if code:
            rows.append(f"| {study.name} | {error:g} | {said.splitlines()[-1]} | | | |")
            continue
        plan = json.loads((folder / out / "plan.json").read_text(encoding="utf-8"))
        for other in (("plan", "--target", ".9"), ("next",)):
            code, said = suffice(folder, other[0], "study.toml", *other[1:], "--out", f"{out}-x")
            if "Traceback" in said:
                raise SystemExit(f"{study.name} {error}: {other[0]}\n{said}")
        head = suffice(folder, "report", "--out", out)[1]
        if "Traceback" in head:
            raise SystemExit(head)
        checked = plan["check"]
        own = next(c for c in checked if c["name"] == "recommended")
        inside = sum(c["predictive_low"] <= c["passed"] <= c["predictive_high"] for c in checked)
        p = plan["p"]
        rows.append(
            f"| {study.name} | {error:g} | {_bought(plan)} | {p['mean']:.2f} "
            f"({p['low']:.2f} to {p['high']:.2f}) | {own['passed']}/{own['total']} | "
            f"{inside} of {len(checked)} |"
        )
        print(rows[-1], "\n   ", plan["decision"], flush=True)
    return rows


def _bought(plan: dict[str, object]) -> str:
    curve = plan["curve"]
    assert isinstance(curve, list)
    return " + ".join(f"{t['tasks']} {t['source']}" for t in curve) + f" (${plan['cost']:g})"


def main() -> None:
    """Print the table, and write it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", help="one set")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    rows = []
    for make in (xstest, harmless, pandalm):
        if asked.only not in (None, make.__name__):
            continue
        with tempfile.TemporaryDirectory() as made:
            rows += verdicts(make(asked.data, Path(made)), Path(made))
    table = "\n".join(
        (
            "| set | error at most | best purchase | P | passed | curves inside |",
            "|---|---|---|---|---|---|",
            *rows,
        )
    )
    print(table)
    if asked.write:
        asked.write.write_text(f"{_PAGE}{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
