"""Time and memory of reading a million labels of each layout, beside pandas and datasets.

    python tools/bench_read.py [--rows 1000000] [--only NAME] [--folder FOLDER]

Each file is made of seeded random numbers, read in a process of its own by ``read_labels`` and by
the others' plain readers of the same file (which make no labels of it), and removed. The table goes
to standard output; seconds are of the wall and, in brackets, of the processors (which other work on
the machine does not change), imports left out; memory is the process's largest. ``datasets`` is
measured where it is installed (it is no dependency), without its cache.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS, REPEATS = 200, 5
WORDS = ["light", "water", "honest", "thanks", "steps", "warm", "plan", "town", "road", "read"]


def labels(rows: int) -> Iterator[dict[str, Any]]:
    """Rows of a long table."""
    draw = random.Random(0)
    for n in range(rows):
        worker, label = f"w{draw.randrange(WORKERS)}", draw.choice(("yes", "no"))
        seconds = round(draw.random() * 60, 1)
        yield {"task": n // REPEATS, "worker": worker, "label": label, "seconds": seconds}


def text(draw: random.Random, words: int) -> str:
    """Some words."""
    return " ".join(draw.choices(WORDS, k=words))


def lines(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Write JSON lines."""
    with path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def listed(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """Write a JSON list."""
    with path.open("w", encoding="utf-8") as out:
        for n, row in enumerate(rows):
            out.write(("[" if n == 0 else ",\n") + json.dumps(row))
        out.write("]")


def csv_file(path: Path, rows: Iterator[dict[str, Any]], extra: str = "") -> None:
    """Write CSV; ``extra`` is one more column."""
    with path.open("w", encoding="utf-8") as out:
        for n, row in enumerate(rows):
            if n == 0:
                out.write(",".join([*row, "text"]) + "\n")
            out.write(",".join([*map(str, row.values()), extra]) + "\n")


def make_csv(path: Path, rows: int) -> None:
    """One row a label."""
    csv_file(path, labels(rows), "plain")


def make_inches(path: Path, rows: int) -> None:
    """One row a label, with a quotation mark in every row's text."""
    csv_file(path, labels(rows), 'a 5" screen')


def make_wide(path: Path, rows: int) -> None:
    """One column a worker."""
    draw = random.Random(0)
    with path.open("w", encoding="utf-8") as out:
        out.write("id," + ",".join(f"annotator_{w}" for w in range(REPEATS)) + "\n")
        for n in range(rows // REPEATS):
            out.write(f"{n}," + ",".join(draw.choices(("yes", "no"), k=REPEATS)) + "\n")


def make_parquet(path: Path, rows: int) -> None:
    """One row a label."""
    import polars as pl

    pl.DataFrame(list(labels(rows))).write_parquet(path)


def make_lines(path: Path, rows: int) -> None:
    """One row a label."""
    lines(path, labels(rows))


def make_list(path: Path, rows: int) -> None:
    """A list of objects."""
    listed(path, labels(rows))


def make_columns(path: Path, rows: int) -> None:
    """An object of columns."""
    columns: dict[str, list[Any]] = {}
    for row in labels(rows):
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    path.write_text(json.dumps(columns), encoding="utf-8")


def make_nested(path: Path, rows: int) -> None:
    """All labels of a task in one cell."""
    draw = random.Random(0)
    lines(path, ({"id": n, "annotations": [{"user": f"w{w}", "label": draw.choice("ab")}
                                           for w in range(REPEATS)]}
                 for n in range(rows // REPEATS)))  # fmt: skip


def make_studio(path: Path, rows: int) -> None:
    """Label Studio's JSON, with everything that it writes of an annotation."""
    draw = random.Random(0)

    def one(n: int, w: int) -> dict[str, Any]:
        value = {"choices": [draw.choice(("kind", "rude"))]}
        return {
            "id": n * REPEATS + w, "completed_by": w, "was_cancelled": False,
            "result": [{"value": value, "id": "abcdefghij", "from_name": "tone", "to_name": "t",
                        "type": "choices", "origin": "manual"}],
            "ground_truth": False, "created_at": "2026-01-02T10:00:00.5Z", "lead_time": 3.5,
            "updated_at": "2026-01-02T10:00:00.5Z", "draft_created_at": None, "prediction": {},
            "result_count": 1, "import_id": None, "last_action": None, "task": n, "project": 4,
            "updated_by": 1, "parent_prediction": None, "parent_annotation": None,
        }  # fmt: skip

    listed(path, ({"id": n, "annotations": [one(n, w) for w in range(REPEATS)], "drafts": [],
                   "predictions": [], "data": {"text": text(draw, 20)}}
                  for n in range(rows // REPEATS)))  # fmt: skip


def make_argilla(path: Path, rows: int) -> None:
    """Argilla's flat records."""
    draw = random.Random(0)
    lines(path, ({"id": f"r{n}", "text": text(draw, 20),
                  "tone.responses": draw.choices(("kind", "rude"), k=REPEATS),
                  "tone.responses.users": [f"0000-{w}" for w in range(REPEATS)],
                  "tone.responses.status": ["submitted"] * REPEATS}
                 for n in range(rows // REPEATS)))  # fmt: skip


def make_prodigy(path: Path, rows: int) -> None:
    """Prodigy's choices."""
    draw = random.Random(0)
    lines(path, ({"text": text(draw, 20), "_input_hash": n // REPEATS, "_task_hash": n,
                  "options": [{"id": "a"}, {"id": "b"}], "accept": [draw.choice("ab")],
                  "answer": "accept", "_timestamp": 1700000000 + n, "_view_id": "choice",
                  "_annotator_id": f"w{n % REPEATS}"} for n in range(rows)))  # fmt: skip


def make_pairs(path: Path, rows: int) -> None:
    """Preferences as texts."""
    draw = random.Random(0)
    lines(path, ({"prompt": text(draw, 15), "chosen": text(draw, 25), "rejected": text(draw, 25)}
                 for _ in range(rows)))  # fmt: skip


def make_talks(path: Path, rows: int) -> None:
    """Preferences as conversations that share their prompt."""
    draw = random.Random(0)

    def talk(asked: str) -> list[dict[str, str]]:
        return [{"role": "user", "content": asked},
                {"role": "assistant", "content": text(draw, 25)}]  # fmt: skip

    def row() -> dict[str, Any]:
        asked = text(draw, 15)
        return {"chosen": talk(asked), "rejected": talk(asked)}

    lines(path, (row() for _ in range(rows)))


LAYOUTS = {
    "long.csv": make_csv, "quotation marks.csv": make_inches, "wide.csv": make_wide,
    "long.parquet": make_parquet, "lines.jsonl": make_lines, "list.json": make_list,
    "columns.json": make_columns, "nested.jsonl": make_nested, "Label Studio.json": make_studio,
    "Argilla.jsonl": make_argilla, "Prodigy.jsonl": make_prodigy, "pairs.jsonl": make_pairs,
    "conversations.jsonl": make_talks,
}  # fmt: skip

READERS = {
    "suffice": "from suffice.labels import read_labels; import polars\nread_labels(path)",
    "pandas": (
        "import pandas\n"
        "kind = path.rsplit('.', 1)[1]\n"
        "if kind == 'csv': pandas.read_csv(path)\n"
        "elif kind == 'parquet': pandas.read_parquet(path)\n"
        "else: pandas.read_json(path, lines=kind == 'jsonl')"
    ),
    "datasets": (
        "import datasets, tempfile; datasets.disable_progress_bars()\n"
        "kind = path.rsplit('.', 1)[1]\n"
        "with tempfile.TemporaryDirectory() as cache:\n"
        "    datasets.load_dataset('json' if 'json' in kind else kind, data_files=path,\n"
        "                          split='train', cache_dir=cache)"
    ),
}
_TIMED = """
import resource, sys, time
path = sys.argv[1]
{load}
start, busy = time.perf_counter(), time.process_time()
{code}
spent, busy = time.perf_counter() - start, time.process_time() - busy
try:
    # The largest of this program alone: getrusage begins with the parent's size.
    text = open("/proc/self/status").read()
    peak = int(text.split("VmHWM:")[1].split()[0]) * 1024 / 1e9
except OSError:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print("TIMED", spent, busy, peak)
"""


def timed(reader: str, path: Path) -> str:
    """Seconds and GB of one reading in a process of its own."""
    load, _, code = READERS[reader].partition("\n")
    code = _TIMED.format(load=load, code=code)
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    found = [line.split() for line in done.stdout.splitlines() if line.startswith("TIMED")]
    if not found:
        last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        return f"fails ({last.split(':')[0].split('.')[-1]})"
    wall, busy, peak = map(float, found[0][1:])
    return f"{wall:.1f} s ({busy:.1f} s), {peak:.2f} GB"


def main() -> int:
    """Make each file, read it with each reader, print a row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", type=Path, default=None)
    asked = parser.parse_args()
    readers = [name for name in READERS if importlib.util.find_spec(name) is not None]
    print(f"{asked.rows:,} labels or pairs\n")
    print("| file | size | " + " | ".join(readers) + " |")
    print("|---|---|" + "---|" * len(readers))
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        for name, make in LAYOUTS.items():
            if asked.only not in name:
                continue
            path = Path(folder) / name.replace(" ", "_")
            make(path, asked.rows)
            size = path.stat().st_size / 1e6
            cells = " | ".join(timed(reader, path) for reader in readers)
            print(f"| {name} | {size:,.0f} MB | {cells} |", flush=True)
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
