"""A made table of training runs, and the study of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path


def runs_csv(
    path: Path, *, runs: int = 24, seed: int = 0, chat: float = 0.10, safe: float = -0.08
) -> Path:
    """Runs of 4,000 labels: people help chat and harm safety, as far as is asked for."""
    rng = np.random.default_rng(seed)
    lines = ["run,n_human,n_judge,model,seed,chat,safety"]
    for k in range(runs):
        share = rng.random()
        human = round(4000 * share)
        a = 0.6 + chat * (share - 0.5) + 0.01 * rng.standard_normal()
        b = 0.8 + safe * (share - 0.5) + 0.01 * rng.standard_normal()
        lines.append(f"r{k},{human},{4000 - human},llama,{k},{a:.4f},{b:.4f}")
    path.write_text("\n".join(lines) + "\n")
    return path


def study_toml(path: Path, table: str, *, bar: float = 0.6, extra: str = "") -> Path:
    """The study of such a table."""
    path.write_text(
        f"""
name = "made"
[task]
kind = "runs"
tables = ["{table}"]
run = "run"
model = "model"
seed = "seed"
[metrics.chat]
better = "higher"
low = 0
high = 1
unit = "share"
[metrics.safety]
better = "higher"
low = 0
high = 1
unit = "share"
[criterion]
limits = {{ chat = {bar} }}
[sources.human]
count = "n_human"
price = 1.0
[sources.judge]
count = "n_judge"
price = 0.01
[models]
target = "llama"
[budget]
money = 5000
{extra}
"""
    )
    return path
