"""Hugging Face Trainer and what is built on it: TRL, LLaMA-Factory, axolotl.

What TRL 1.16.0 and transformers 5.24.0 were seen to do: ``save_model()`` writes no metrics, so that
a run that calls nothing else leaves them in its checkpoints alone, in each as far as that step; the
summary of training (``train_loss``) is logged after the last checkpoint, and only ``save_state()``
keeps it. No setting of the run but batch size and epochs stands in ``trainer_state.json``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from suffice.demand.runs.logs._log import (
    Point,
    RunLog,
    Setting,
    flat,
    numbers_of,
    read_json,
)
from suffice.demand.runs.logs._yaml import read_yaml
from suffice.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

KIND = "Trainer"
STATE = "trainer_state.json"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)$")
_RESULTS = ("all_results.json", "eval_results.json", "train_results.json", "predict_results.json")
"""Summaries that ``Trainer.save_metrics`` writes (LLaMA-Factory 0.9.5 calls it)."""
_NO_SETTINGS = {
    STATE, *_RESULTS, "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "generation_config.json", "preprocessor_config.json",
    "model.safetensors.index.json", "trainer_log.jsonl",
}  # fmt: skip
_LARGEST = 1_000_000
"""Bytes of a settings file; chosen: larger JSON and YAML files are data or tokenizers."""


def claims(folder: Path, names: list[str]) -> list[str]:
    """The state of a finished run, or of one of its checkpoints."""
    return [n for n in names if n == STATE]


def root_of(folder: Path) -> Path:
    """The run's folder, of itself or of one of its checkpoints."""
    return folder.parent if _CHECKPOINT.search(folder.name) else folder


def read(root: Path) -> list[RunLog]:
    """One run: the state in its folder, or else of its last checkpoint.

    Raises:
        InputError: no state of it can be read.
    """
    states = [root / STATE] if (root / STATE).exists() else []
    states += sorted(root.glob(f"checkpoint-*/{STATE}"), key=_step, reverse=True)
    told: dict[str, Any] | None = None
    notes: list[str] = []
    used = states[0]
    for path in states:
        try:
            told, used = read_json(path), path
            break
        except InputError as error:
            notes.append(f"{error}; an earlier state was read")
    if not isinstance(told, dict) or not isinstance(told.get("log_history"), list):
        raise InputError("no state of the trainer can be read", where=str(states[0]),
                         fix="leave that folder out")  # fmt: skip
    if used.parent != root:
        notes.append(
            f"{root.name} keeps its metrics in checkpoints alone: read as far as {used.parent.name}"
        )
    points = [
        Point(_number(row.get("step")), numbers_of(row, skip=("step", "epoch")))
        for row in told["log_history"]
    ]
    for name in _RESULTS:
        if (root / name).exists():
            points.append(Point(None, numbers_of(read_json(root / name), skip=("epoch",))))
    own: dict[str, Setting] = {
        k: told[k] for k in ("num_train_epochs", "train_batch_size", "max_steps") if k in told
    }
    done = told.get("global_step", 0) >= (told.get("max_steps") or 0)
    return [
        RunLog(
            run=root.name, kind=KIND, path=str(root), settings=_settings(root, used.parent) | own,
            points=tuple(points), state="done" if done else "pending",
            time=used.stat().st_mtime, notes=tuple(notes),
        )
    ]  # fmt: skip


def _step(path: Path) -> int:
    found = _CHECKPOINT.search(path.parent.name)
    return int(found[1]) if found else 0


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _settings(root: Path, at: Path) -> dict[str, Setting]:
    """Settings in JSON and YAML files beside the run: later files add what earlier ones lack."""
    found: dict[str, Setting] = {}
    for folder in dict.fromkeys((root, at)):
        for path in sorted(folder.iterdir()):
            if path.name in _NO_SETTINGS or path.suffix not in (".json", ".yaml", ".yml"):
                continue
            if path.stat().st_size > _LARGEST:
                continue
            try:
                told = read_json(path) if path.suffix == ".json" else read_yaml(path)
            except InputError:
                continue  # whatever it is, it holds no settings that could be named
            if isinstance(told, dict):
                found = flat(told) | found
    return found
