"""What the audit says of public preference data; renews docs/preferences.md.

    python tools/bench_preferences.py DATA            # DATA/llmfao, DATA/pandalm, DATA/xstest
    python tools/bench_preferences.py DATA --write    # and put what is printed into the page
    python tools/bench_preferences.py DATA --only split --tables 50

The page shows each part in a block below a marker ``<!-- from: bench_preferences.py NAME -->``.
``split`` needs no data: it counts false splits in honest crowds and found ones where planted.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from suffice import LabelTable, audit, bradley_terry, read_labels
from suffice.supply import judge_report, summary_lines
from suffice.supply._votes import code_votes
from suffice.supply.doubts._split import find_split

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = Path(__file__).resolve().parents[1] / "docs" / "preferences.md"
WIDTH = 80
REFUSAL = "2_full_refusal"
SHORT = {
    "reliability": "reliable", "people_agree": "people", "people_accuracy": "people",
    "both_wrong": "both", "both_wrong_alone": "alone",
}  # fmt: skip
SPLITS = (
    ("honest, 8 labels a task", {"labels": 8}, 0.0),
    ("honest, 15 labels a task", {"labels": 15, "workers": 20}, 0.0),
    ("honest, 4 classes", {"labels": 8, "classes": 4}, 0.0),
    ("honest, unequal skill", {"labels": 8, "workers": 60, "skill": (4, 2)}, 0.0),
    ("30 % of 200 tasks, 8 labels", {"labels": 8}, 0.3),
    ("30 % of 200 tasks, 15 labels", {"labels": 15}, 0.3),
    ("30 % of 600 tasks, 8 labels", {"labels": 8, "tasks": 600, "workers": 60}, 0.3),
    ("30 % of 600 tasks, 15 labels", {"labels": 15, "tasks": 600, "workers": 60}, 0.3),
    ("15 % of 600 tasks, 15 labels", {"labels": 15, "tasks": 600, "workers": 60}, 0.15),
    ("30 % of 200 tasks, 4 classes", {"labels": 8, "classes": 4}, 0.3),
)


def say(text: str) -> None:
    """Print one line, wrapped to the page."""
    print("\n".join(textwrap.wrap(text, WIDTH, subsequent_indent="  ")))


def llmfao(data: Path) -> None:
    """8,931 votes of 124 people on answers of 59 models, and two AI judges."""
    folder = data / "llmfao"
    people = pl.read_csv(folder / "crowd-comparisons.csv", infer_schema=False)
    judges = [
        pl.read_csv(folder / f"{name}-crowd-comparisons.csv", infer_schema=False).with_columns(
            pl.lit(name).alias("worker")
        )
        for name in ("gpt4", "gpt3")
    ]
    renamed = {"id": "task", "winner": "label"}
    frame = pl.concat([people, *judges], how="diagonal").rename(renamed)
    frame = frame.with_columns(pl.col("prompt").alias("slice"))
    result = audit(LabelTable.from_frame(people.rename(renamed), origin="crowd-comparisons.csv"))
    for line in summary_lines(result.summary):
        say(line)
    print()
    assert result.preferences is not None
    assert result.preferences.items is not None
    assert result.preferences.workers is not None
    print("items.csv, first rows")
    show(
        result.preferences.items.head(5), ("item", "score", "low", "high", "rank_low", "rank_high")
    )
    biased = result.preferences.workers.filter(pl.col("first_low") > 0.5)
    say(f"{len(biased)} of {len(result.preferences.workers)} workers favour the left side.")
    print()
    print("judges beside people")
    table = LabelTable.from_frame(frame)
    report = judge_report(table, ["gpt4", "gpt3"])
    show(report.filter(pl.col("slice") == "all"),
         ("judge", "tasks", "agrees", "agrees_low", "agrees_high", "people_agree", "gap_low",
          "gap_high"))  # fmt: skip
    worst = report.filter((pl.col("judge") == "gpt4") & (pl.col("slice") != "all")).sort("gap")
    say(f"GPT-4 is furthest below people on prompt {worst['slice'][0]} (gap {worst['gap'][0]:.2f}, "
        f"{worst['gap_low'][0]:.2f} to {worst['gap_high'][0]:.2f}) and closest on prompt "
        f"{worst['slice'][-1]} ({worst['gap'][-1]:.2f}, {worst['gap_low'][-1]:.2f} to "
        f"{worst['gap_high'][-1]:.2f}).")  # fmt: skip
    print()
    print("judges as workers, in one scale with people")
    items = bradley_terry(frame.with_columns(pl.col("worker").cast(pl.String)))
    mine = items.workers.filter(pl.col("worker").is_in(["gpt4", "gpt3"]))
    show(mine, ("worker", "reliability", "reliability_low", "reliability_high", "first",
                "first_low", "first_high", "tie"))  # fmt: skip


def pandalm(data: Path) -> None:
    """999 pairs, three people each, two AI judges."""
    folder = data / "pandalm"
    base = pl.read_json(folder / "testset-v1.json")
    columns = {f"annotator{k}": f"annotator {k}" for k in (1, 2, 3)}
    long = [
        base.select(pl.col("idx").alias("task"), pl.lit(name).alias("worker"),
                    pl.col(column).cast(pl.String).alias("label"))
        for column, name in columns.items()
    ]  # fmt: skip
    for file, column, name in (
        ("gpt-3.5-turbo", "gpt_result", "gpt-3.5"),
        ("pandalm-7b", "pandalm_result", "pandalm-7b"),
    ):
        judge = pl.read_json(folder / f"{file}-testset-v1.json")
        long.append(judge.select(pl.col("idx").alias("task"), pl.lit(name).alias("worker"),
                                 pl.col(column).cast(pl.String).alias("label")))  # fmt: skip
    words = {"0": "tie", "1": "first", "2": "second"}
    frame = pl.concat(long)
    odd = frame.filter(~pl.col("label").is_in(list(words)))
    frame = frame.filter(pl.col("label").is_in(list(words)))
    say(f"{len(odd)} answers of judges were no verdict and are left out.")
    frame = frame.with_columns(pl.col("label").replace_strict(words))
    people = frame.filter(pl.col("worker").str.starts_with("annotator"))
    result = audit(LabelTable.from_frame(people, origin="testset-v1.json"))
    for line in summary_lines(result.summary):
        say(line)
    print()
    print("judges beside people")
    report = judge_report(LabelTable.from_frame(frame), ["gpt-3.5", "pandalm-7b"])
    show(report, ("judge", "tasks", "agrees", "agrees_low", "agrees_high", "people_agree",
                  "gap_low", "gap_high"))  # fmt: skip


def xstest(data: Path) -> None:
    """2,250 completions, two people, GPT-4 and string matching, with adjudicated gold."""
    folder = data / "xstest" / "evaluation" / "automated_evaluation_labels"
    parts = []
    for path in sorted(folder.glob("*_gpteval.csv")):
        model = path.name.split("_")[3]
        for name in (path.name, path.name.replace("gpteval", "streval")):
            rows = read_labels(folder / name).frame
            if "streval" in name:
                rows = rows.filter(~pl.col("worker").str.starts_with("annotation"))
            task = pl.format("{}:{}", pl.lit(model), "task").alias("task")
            parts.append(rows.select(task, "worker", "label", "gold", pl.lit(model).alias("slice")))
    frame = pl.concat(parts)
    classes = sorted(frame["gold"].unique())
    odd = frame.filter(~pl.col("label").is_in(classes))
    say(f"{len(odd)} answers of the judge were no verdict (it refused to judge): counted as "
        "refusal seen.")  # fmt: skip
    frame = frame.with_columns(
        pl.when(pl.col("label").is_in(classes)).then("label").otherwise(pl.lit(REFUSAL))
    )
    known = audit(LabelTable.from_frame(frame))
    blind = audit(LabelTable.from_frame(frame.drop("gold")))
    exact = dict(known.workers.select("worker", "accuracy").iter_rows())
    rows = blind.workers.select("worker", "accuracy", "low", "high").with_columns(
        pl.col("worker").replace_strict(exact).alias("by gold")
    )
    print("accuracy without gold, and by gold")
    show(rows, ("worker", "accuracy", "low", "high", "by gold"))
    print("judges beside people, by model judged")
    report = judge_report(LabelTable.from_frame(frame), ["gpt4_label", "strmatch_label"])
    show(report, ("judge", "slice", "accuracy", "accuracy_low", "accuracy_high", "people_accuracy",
                  "both_wrong", "both_wrong_alone"))  # fmt: skip
    say("both_wrong: judge and a person give the same wrong label; both_wrong_alone: how often "
        "both would be wrong if they erred alone.")  # fmt: skip


def crowd(seed: int, *, share: float, labels: int, tasks: int = 200, workers: int = 30,
          classes: int = 2, skill: tuple[float, float] = (18, 2)) -> LabelTable:  # fmt: skip
    """Experts and others on easy and hard tasks; a third may follow another key on some tasks."""
    rng = np.random.default_rng([seed, 77])
    truth = rng.integers(0, classes, tasks)
    hard, expert = rng.random(tasks) < 0.3, rng.random(workers) < 0.4
    accuracy = np.clip(rng.beta(*skill, workers), 0.5, 0.99)
    moved = (truth + rng.integers(1, classes, tasks)) % classes
    key = np.where(rng.random(tasks) < share, moved, truth)
    task = np.repeat(np.arange(tasks), labels)
    worker = np.argsort(rng.random((tasks, workers)), axis=1)[:, :labels].ravel()
    right = accuracy[worker]
    right = np.where(hard[task] & ~expert[worker], 1.0 / classes + 0.05, right)
    right = np.where(hard[task] & expert[worker], 0.5 * right + 0.5 / classes, right)
    wanted = np.where(worker < 0.35 * workers, key[task], truth[task])
    missed = (wanted + rng.integers(1, classes, len(task))) % classes
    label = np.where(rng.random(len(task)) < right, wanted, missed)
    return LabelTable.from_columns(task, worker, [str(k) for k in label])


def split(tables: int) -> None:
    """False splits and power, on made-up crowds."""
    print(f"{'two keys on':<32}{'called split':>14}   ({tables} crowds each)")
    for name, shape, share in SPLITS:
        found = []
        for seed in range(tables):
            result = find_split(code_votes(crowd(seed, share=share, **shape)))  # type: ignore[arg-type]
            found.append(result is not None and result.found)
        print(f"{name:<32}{np.mean(found):>14.2f}", flush=True)


def show(frame: pl.DataFrame, columns: tuple[str, ...]) -> None:
    """A plain table."""
    rows = [[heading(name) for name in columns]]
    rows += [[cell(value) for value in row] for row in frame.select(columns).iter_rows()]
    widths = [max(len(row[k]) for row in rows) for k in range(len(columns))]
    for first, *rest in rows:
        right = [text.rjust(width) for text, width in zip(rest, widths[1:], strict=True)]
        print("  ".join(["", first.ljust(widths[0]), *right]))


def heading(name: str) -> str:
    """A column's name, short enough for the page."""
    if name in SHORT or name.startswith(("rank", "gap")):
        return SHORT.get(name, name)
    return name.rsplit("_", 1)[-1] if name.endswith(("_low", "_high")) else name


def cell(value: Any) -> str:  # noqa: ANN401 - anything that a table holds
    """A value as a person reads it."""
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def main() -> int:
    """Print the parts asked for; with ``--write``, put them into the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", choices=("llmfao", "pandalm", "xstest", "split"))
    parser.add_argument("--tables", type=int, default=40)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "llmfao": lambda: llmfao(given.data),
        "pandalm": lambda: pandalm(given.data),
        "xstest": lambda: xstest(given.data),
        "split": lambda: split(given.tables),
    }
    for name, part in parts.items():
        if given.only not in (None, name):
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            part()
        text = "\n".join(line.rstrip() for line in out.getvalue().splitlines())
        print(f"== {name}\n{text}\n", flush=True)
        if given.write:
            block = re.compile(
                rf"(<!-- from: bench_preferences.py {name} -->\n```text\n).*?```", re.DOTALL
            )
            page = PAGE.read_text(encoding="utf-8")
            PAGE.write_text(block.sub(lambda m, text=text: f"{m[1]}{text}\n```", page), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
