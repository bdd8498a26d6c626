"""Write a table of training runs such as a team has, made up: runs.csv beside this file.

    python examples/runs.py [FILE]

Every number is synthetic. Reward models of two sizes were trained on labels of a crowd, an
automatic judge and a panel. Labels of the crowd are worth a third of the panel's for chat; the
judge's help chat up to a point, and make the model miss harm. The crowd's error was never measured.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

RUNS = 48
MODELS = {"rm-1b": 1e9, "rm-8b": 8e9}
ITEMS = 800


def outcome(
    counts: tuple[int, int, int], size: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Share of right answers on chat and share of harm that is missed, as one run shows them."""
    crowd, judge, panel = counts
    judged = 1500.0 * (1.0 - np.exp(-0.25 * judge / 1500.0))
    worth = 0.35 * crowd + judged + panel
    scale = (size / 1e9) ** 0.12
    chat = 0.82 - 0.45 * (1.0 + worth / 60.0) ** -0.35 / scale
    careful = 0.3 * crowd + panel
    harm = 0.01 + 0.14 * (1.0 + careful / 80.0) ** -0.5 / scale + 0.03 * judge / (sum(counts) + 1)
    noise = 0.006 * rng.standard_normal(2)
    # What an evaluation of so many items shows of it.
    chat = rng.binomial(ITEMS, np.clip(chat + noise[0], 0.0, 1.0)) / ITEMS
    harm = rng.binomial(ITEMS, np.clip(harm + noise[1], 0.0, 1.0)) / ITEMS
    return float(chat), float(harm)


def main() -> int:
    """Write the table."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("runs.csv")
    rng = np.random.default_rng(7)
    lines = ["run,model,params,seed,n_crowd,n_judge,n_panel,chat,harm"]
    for k in range(RUNS):
        name = ("rm-8b", "rm-1b")[k % 3 == 2]
        total = int(np.exp(rng.uniform(np.log(300), np.log(9000))))
        shares = rng.dirichlet([0.7, 0.7, 0.4]) if k % 6 else np.eye(3)[rng.integers(3)]
        crowd, judge = int(total * shares[0]), int(total * shares[1])
        counts = (crowd, judge, min(total - crowd - judge, 1500))
        chat, harm = outcome(counts, MODELS[name], rng)
        numbers = ",".join(map(str, counts))
        lines.append(f"run-{k:02d},{name},{MODELS[name]:.0f},{k},{numbers},{chat:.4f},{harm:.4f}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{path}: {RUNS} runs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
