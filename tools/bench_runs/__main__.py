"""Hold the law of runs made elsewhere against public tables, and print every bar beside its figure.

    python tools/bench_runs ../shared/data                  # all parts
    python tools/bench_runs ../shared/data --only regmix
    python tools/bench_runs ../shared/data --write          # renews docs/results/runs.md

Bars are what simple methods reach on the same files. Every choice of a family is made anew inside
each fit, and no run that is forecast was seen.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import chosen
import figures
from rows import Row

PARTS = {
    "helpsteer": figures.helpsteer,
    "imdb": figures.imdb,
    "gpt2": figures.gpt2,
    "two-sources": figures.two_sources,
    "regmix": figures.regmix,
    "olmix": figures.olmix,
    "finetuning": figures.finetuning,
    "scalebench": chosen.scalebench,
    "regret": chosen.regret,
    "speed": figures.speed,
}
PAGE = Path(__file__).resolve().parents[2] / "docs" / "results" / "runs.md"


def main() -> int:
    """Print the table, and write it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder with runs/ and curves/")
    parser.add_argument("--only", choices=tuple(PARTS), action="append")
    parser.add_argument("--write", action="store_true", help="renew docs/results/runs.md")
    given = parser.parse_args()
    rows: list[Row] = []
    for name, part in PARTS.items():
        if given.only and name not in given.only:
            continue
        begin = time.perf_counter()
        found = part(given.data)
        rows += found
        for row in found:
            print(row.line(), flush=True)
        print(f"{name}: {time.perf_counter() - begin:.0f} s", file=sys.stderr)
    if given.write:
        head = (
            "# Runs made elsewhere, on public tables\n\n"
            "Written by `make bench-runs`. No run that is forecast was seen, and every choice of\n"
            "a family is made anew inside each fit. The bars are what simple methods reach on the\n"
            "same files; a bar that is missed says so. The law was designed with these files in\n"
            "view, so that only others are a test of it.\n\n"
            "| data | what | figure | bar | |\n|---|---|---:|---|---|\n"
        )
        PAGE.write_text(head + "\n".join(r.line() for r in rows) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
