"""A small study's output folder for the report's tests: made-up input, in the files' real shape."""

from __future__ import annotations

import json
from math import exp, log10
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

Files = dict[str, Any]


def interval(value: float, half: float = 0.01) -> dict[str, float]:
    """An estimate and its 90 % interval."""
    return {"value": value, "low": value - half, "high": value + half, "level": 0.9}


def chance(mean: float, half: float = 0.1) -> dict[str, float]:
    """A probability and its 90 % interval."""
    low, high = max(mean - half, 0.0), min(mean + half, 1.0)
    return {"mean": mean, "low": low, "high": high, "level": 0.9}


def tranche(source: str, tasks: int, repeats: int, cost: float, **more: Any) -> dict[str, Any]:
    """One purchase."""
    base = {"source": source, "tasks": tasks, "labels_per_task": repeats, "cost": cost}
    return {**base, "round": 1, "where": [], **more}


def error(tasks: float, quality: float) -> float:
    """A smooth learning curve, so that the picture has contours."""
    return 0.12 + 0.4 * (1.0 - quality) ** 2 + 0.3 / (1.0 + tasks * (2 * quality - 1) ** 2 / 60)


def study_files(*, source: str = "crowd", judge: str = "judge") -> Files:
    """The contents of every file, by name."""
    return {
        "plan.json": _plan(source, judge),
        "supply.json": _supply(source, judge),
        "forecast.json": _forecast(source, judge),
        "law.json": {
            "families": [{"name": "power", "weight": 0.7}, {"name": "broken", "weight": 0.3}],
            "converged": True,
            "rhat": 1.004,
            "ess": 900.0,
            "draws": 2000,
            "discrepancy_sd": {"error": 0.006, "error:hard": 0.012},
            "held_out": [
                {"name": "suffice law", "rmse": 0.0095, "log_score": 2.7},
                {"name": "tail power law", "rmse": 0.0088, "log_score": None},
            ],
            "cells": 30,
            "runs": 180,
        },
        "study.lock.json": {
            "suffice": "0.1.0",
            "python": "3.11.9",
            "packages": {"numpy": "2.4.0"},
            "seed": 7,
            "study_sha256": "ab" * 32,
            "data": {"pool": "cd" * 32},
            "models": {"minilm-l6": "ef" * 32},
            "created": "2026-03-04T10:12:40+00:00",
        },
        "timings.json": [{"stage": "grid", "seconds": 12.5}, {"stage": "laws", "seconds": 30.0}],
        "ledger.jsonl": [_ledger_row(None), _ledger_row(31)],
        "runs.parquet": _runs(source),
    }


def write_study(folder: Path, files: Files | None = None) -> Path:
    """Write the files into the folder; a file that is None is left out."""
    import polars as pl

    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (study_files() if files is None else files).items():
        path = folder / name
        if content is None:
            continue
        if name.endswith(".parquet"):
            pl.DataFrame(content).write_parquet(path)
        elif name.endswith(".jsonl"):
            path.write_text("".join(json.dumps(row) + "\n" for row in content))
        else:
            path.write_text(json.dumps(content))
    return folder


def _plan(source: str, judge: str) -> dict[str, Any]:
    curve = [
        tranche(source, 3000, 1, 150.0),
        tranche("panel", 200, 3, 162.0, round=2, where=["hard"]),
    ]
    pooled = [tranche(judge, 40000, 1, 312.0)]
    return {
        "study": "ratings",
        "question": "Which of two texts is more positive?",
        "p": {**chance(0.83), "held_fixed": "this pool and this gold"},
        "p_new_gold": chance(0.71, 0.25),
        "validity": "unknown",
        "cost": 312.0,
        "budget": {"dollars": 400.0, "weeks": 4.0},
        "curve": curve,
        "decision": "Do both: delegate the bulk and scrutinise the hard tasks.",
        "alternatives": [
            {"name": "all judge", "curve": pooled, "cost": 312.0, "p": chance(0.04), "note": None},
            {
                "name": "all crowd",
                "curve": [tranche(source, 6240, 1, 312.0)],
                "cost": 312.0,
                "p": chance(0.46),
                "note": "the same money",
            },
        ],
        "frontier": [
            {"cost": c, "p": chance(p, 0.08), "curve": curve}
            for c, p in ((50.0, 0.05), (150.0, 0.4), (312.0, 0.83), (400.0, 0.9))
        ],
        "criterion": {"error": 0.165, "worst_slice_error": 0.3, "slices": ["easy", "hard"]},
        "model": "minilm-l6",
        "check": [
            _checked("recommended", 34, 26, 39, 0.83),
            _checked("all judge", 9, 0, 6, 0.04),
            _checked("all crowd", 20, 9, 28, 0.46),
        ],
        "check_skipped": False,
        "parts": [
            {"name": "run to run", "text": "seeds and draws", "sd": 0.31},
            {"name": "parameters", "text": "what the runs leave open", "sd": 0.12},
        ],
        "distance": "near",
        "limits": ["What all raters get wrong together."],
        "validity_text": "Validity is the chance that the criterion captures alignment.",
        "assumptions": ["Prices stay as they are."],
        "citations": [
            {"what": "Planning", "text": "Mahmood et al., 2022", "url": "https://example.org/a"},
            {"what": "Ratings", "text": "Hutto & Gilbert, 2014", "url": None},
            {"what": "Odd", "text": "An odd one", "url": "javascript:alert(1)"},
        ],
    }


def _checked(name: str, passed: int, low: int, high: int, p: float) -> dict[str, Any]:
    count = {"passed": passed, "total": 40, "predictive_low": low, "predictive_high": high}
    return {"name": name, **count, "p": chance(p)}


def _supply(source: str, judge: str) -> dict[str, Any]:
    def offered(name: str, wrong: float, price: float, shared: float | None) -> dict[str, Any]:
        return {
            "name": name,
            "about": f"what {name} is",
            "price": price,
            "capacity": None if name == judge else 4000.0,
            "latency_days": 0.0 if name == judge else 2.5,
            "max_labels_per_task": 3 if name == "panel" else 1,
            "error": interval(wrong),
            "by_slice": {"easy": interval(wrong * 0.8), "hard": interval(wrong * 1.5)},
            "shared": None if shared is None else interval(shared),
            "shared_note": "not identified" if shared is None else None,
            "bits": interval(0.2, 0.02),
            "price_per_bit": interval(price * 5, price),
            "by_repeats": [
                {"labels_per_task": r, "error": interval(wrong / r), "cost": r * price}
                for r in ((1, 3) if name == "panel" else (1,))
            ],
        }

    return {
        "slices": ["easy", "hard"],
        "sources": [
            offered(judge, 0.26, 0.008, 0.2),
            offered(source, 0.2, 0.05, 0.04),
            offered("panel", 0.1, 0.27, None),
        ],
        "bought": {
            "weeks": 4.0,
            "notes": ["how workers differ is a stated prior"],
            "offers": [
                {
                    "tasks": n,
                    "error": interval(wrong),
                    "cost": interval(n * price, n * price / 20),
                    "weeks": 1.5,
                    "how": how,
                }
                for n in (300, 3000)
                for wrong, price, how in (
                    (0.26, 0.008, f"{judge}: as it comes"),
                    (0.2, 0.05, f"{source}: as it comes"),
                    (0.12, 0.2, f"{source}: test 8/10, 3 labels a task"),
                )
            ],
        },
    }


def _forecast(source: str, judge: str) -> dict[str, Any]:
    return {
        "model": "minilm-l6",
        "hero": _hero(),
        "learning_curves": [
            _learning(model, name, quality, metric, slope)
            for model in ("minilm-l6", "minilm-l3")
            for name, quality in ((source, 0.8), ("panel", 0.9))
            for metric, slope in (("error", 1.0), ("error:easy", 0.8), ("error:hard", 1.6))
        ],
        "more_of_the_judge": {
            "fixed": f"1,000 {source}",
            "source": judge,
            "x": [0, 100, 1000, 10000],
            "error": [interval(e) for e in (0.17, 0.16, 0.18, 0.2)],
            "p": [chance(p, 0.08) for p in (0.3, 0.42, 0.2, 0.02)],
        },
        "hostile": {
            "curve": f"3,000 {source}",
            "trigger": "buy now",
            "cells": 8,
            "shares": [0.0, 0.1, 0.3],
            "error": [interval(e) for e in (0.15, 0.155, 0.17)],
            "attack": [interval(a, 0.02) for a in (0.2, 0.3, 0.61)],
            "p": [chance(p) for p in (0.83, 0.7, 0.2)],
        },
        "models": [
            {"name": "minilm-l3", "tasks_needed": 5200, "note": ""},
            {"name": "minilm-l6", "tasks_needed": 2100, "note": ""},
        ],
        "thresholds": {"error": 0.165, "error:easy": 0.3, "error:hard": 0.3},
    }


def _hero() -> dict[str, Any]:
    quantity = [10 ** (1.7 + 2.6 * k / 23) for k in range(24)]
    quality = [0.6 + 0.4 * k / 15 for k in range(16)]
    price = [0.01 + 2.0 * max(q - 0.72, 0.0) for q in quality]
    on_offer = [q <= 0.93 for q in quality]
    p = [[1.0 / (1.0 + exp((error(n, q) - 0.165) * 220)) for n in quantity] for q in quality]
    points = [
        ("recommended", 3200, 0.83, 0.83, 312.0, "recommended"),
        ("all judge", 12000, 0.74, 0.04, 312.0, "alternative"),
        ("all crowd", 6240, 0.8, 0.46, 312.0, "alternative"),
    ]
    keys = ("name", "quantity", "quality", "p", "cost", "role")
    path = ((50.0, 700, 0.76, 0.05), (150.0, 1800, 0.8, 0.4), (312.0, 3200, 0.83, 0.83))
    return {
        "quantity": quantity,
        "quality": quality,
        "p": [row if ok else [None] * 24 for row, ok in zip(p, on_offer, strict=True)],
        "cost": [
            [c * n if ok else None for n in quantity] for c, ok in zip(price, on_offer, strict=True)
        ],
        "feasible": [
            [ok and c * n <= 400.0 for n in quantity] for c, ok in zip(price, on_offer, strict=True)
        ],
        "budget": 400.0,
        "points": [dict(zip(keys, point, strict=True)) for point in points],
        "path": [
            {"budget": b, "quantity": n, "quality": q, "p": chance_, "cost": b}
            for b, n, q, chance_ in path
        ],
    }


def _learning(model: str, source: str, quality: float, metric: str, slope: float) -> dict[str, Any]:
    x = [10 ** (1.7 + 0.2 * k) for k in range(12)]
    mean = [slope * error(n, quality) for n in x]
    width = [0.01 * (1.0 + abs(log10(n) - 2.5)) for n in x]

    def shifted(by: float) -> list[float]:
        return [m + by * w for m, w in zip(mean, width, strict=True)]

    measured = [
        {"x": x[k], "mean": mean[k] + 0.004, "sd": 0.01, "runs": 6} for k in range(0, 10, 3)
    ]
    return {
        "model": model,
        "source": source,
        "labels_per_task": 1,
        "metric": metric,
        "x": x,
        "mean": mean,
        "low": shifted(-1.0),
        "high": shifted(1.0),
        "run_low": shifted(-2.0),
        "run_high": shifted(2.0),
        "measured": measured,
    }


def _ledger_row(passed: int | None) -> dict[str, Any]:
    return {
        "id": "f00d",
        "time": "2026-03-04T10:12:33+00:00",
        "study": "ratings",
        "name": "recommended",
        "curve": [tranche("crowd", 3000, 1, 150.0)],
        "p": chance(0.83),
        "predictive": [26, 39],
        "total": 40,
        "passed": passed,
        "brier": None if passed is None else 0.12,
        "log_score": None if passed is None else -0.4,
    }


def _runs(source: str) -> list[dict[str, Any]]:
    rows = []
    for stage, curve, centre in (
        ("grid", f"500 {source}", 0.2),
        ("check", f"3,000 {source}", 0.15),
        ("check", "40,000 judge", 0.19),
    ):
        for seed in range(12):
            wrong = centre + 0.002 * (seed % 5 - 2)
            rows.append(
                {
                    "stage": stage,
                    "model": "minilm-l6",
                    "scheme": "probe",
                    "curve": "[]",
                    "curve_text": curve,
                    "seed": seed,
                    "tasks": 500,
                    "labels": 500,
                    "cost": 25.0,
                    "penalty": 0.1,
                    "seconds": 0.1,
                    "error": wrong,
                    "error:easy": 0.8 * wrong,
                    "error:hard": 1.7 * wrong,
                }
            )
    return rows
