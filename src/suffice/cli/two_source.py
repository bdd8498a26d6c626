"""``suffice extrapolate --two-source``: how to mix a low- and a high-quality source."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from suffice.demand.scaling import Mix, TwoSource


def two_source(
    path: Path,
    *,
    at: tuple[str, ...] = (),
    price: float | None = None,
    budgets: tuple[float, ...] = (),
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Fit the two-source law to every panel of a file and print what to buy.

    Args:
        path: columns n_weak, n_high, y; optional curve, weak_cost and budget.
        at: mixes to forecast, each as N_WEAK,N_HIGH.
        price: of a weak label, a high-quality one costs 1; by default the file's weak_cost or .1.
        budgets: to recommend a mix for; by default the file's, or what its mixes cost.
        out: refused: a two-source law has no picture yet.
        json: print JSON instead of tables.
    """
    from suffice.cli._common import print_json
    from suffice.demand.scaling import fit_two_source, read_mixes
    from suffice.errors import InputError

    if out is not None:
        raise InputError("--out draws curves, not mixes", fix="leave out --out or --two-source")
    asked = [_mix(text) for text in at]
    panels = []
    for mixes in read_mixes(path):
        own = price if price is not None else mixes.price if mixes.price is not None else 0.1
        where = f"{path}, curve {mixes.name}" if mixes.name else str(path)
        law = fit_two_source(mixes.n_weak, mixes.n_high, mixes.y, price=own, where=where)
        money = budgets or mixes.budgets or _costs(law)
        panels.append(_panel(mixes.name, law, [law.recommend(b) for b in money], asked))
    if json:
        print_json({"panels": panels})
        return
    for panel in panels:
        for line in _lines(panel):
            print(textwrap.fill(line, 80, replace_whitespace=False) if len(line) > 80 else line)


def _mix(text: str) -> tuple[float, float]:
    from suffice.errors import InputError

    try:
        weak, high = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError(
            f"--at {text} is no mix", fix="write N_WEAK,N_HIGH, as in 1000,50"
        ) from None
    return weak, high


def _costs(law: TwoSource) -> tuple[float, ...]:
    """What the cheapest, the middle and the dearest mix cost."""
    cost = sorted(w * law.price + h for w, h in zip(law.n_weak, law.n_high, strict=True))
    return tuple(dict.fromkeys((cost[0], cost[len(cost) // 2], cost[-1])))


def _panel(
    name: str, law: TwoSource, mixes: list[Mix], asked: list[tuple[float, float]]
) -> dict[str, Any]:
    """Everything that is printed, as JSON."""
    seen = sorted({(w, h) for w, h in zip(law.n_weak, law.n_high, strict=True) if w > 0 and h > 0})
    forecasts = law.predict([w for w, _ in asked], [h for _, h in asked]) if asked else []
    knee = None
    if law.knee is not None:
        knee = {
            "claimed": law.knee.claimed,
            "probability": law.knee.probability,
            "at_high_share": law.knee.at.as_dict(),
            "total": law.knee.total,
            "shares": law.knee.shares,
        }
    return {
        "curve": name,
        "rows": len(law.y),
        "weak_price": law.price,
        "weights": law.weights,
        "recommended": [
            {
                "budget": m.budget,
                "weak_spend_share": m.weak_share.as_dict(),
                "n_weak": m.n_weak,
                "n_high": m.n_high,
                "error": m.error.as_dict(),
                "error_high_alone": m.error_high_alone.as_dict(),
                "gain": m.gain.as_dict(),
            }
            for m in mixes
        ],
        "forecasts": [
            {"n_weak": w, "n_high": h, **f.as_dict()}
            for (w, h), f in zip(asked, forecasts, strict=True)
        ],
        "mixing_gain": [
            {"n_weak": w, "n_high": h, **law.mixing_gain(w, h).as_dict()} for w, h in seen
        ],
        "knee": knee,
    }


def _lines(panel: dict[str, Any]) -> list[str]:
    lines = [f"{panel['curve'] or 'two sources'}: {panel['rows']} rows, a weak label costs "
             f"{panel['weak_price']:g} of a high-quality one", ""]  # fmt: skip
    lines.append(f"{'budget':>8} {'weak spend':>24} {'weak':>8} {'high':>7} {'error':>6} "
                 f"{'high alone':>10}")  # fmt: skip
    for row in panel["recommended"]:
        share = row["weak_spend_share"]
        span = f"{share['value']:.2f} ({share['low']:.2f} to {share['high']:.2f})"
        lines.append(
            f"{row['budget']:8,.0f} {span:>24} {row['n_weak']:8,.0f} {row['n_high']:7,.0f} "
            f"{row['error']['value']:6.3f} {row['error_high_alone']['value']:10.3f}"
        )
    for row in panel["forecasts"]:
        lines.append(f"At {row['n_weak']:,.0f} weak and {row['n_high']:,.0f} high: error "
                     f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f}).")  # fmt: skip
    gains = panel["mixing_gain"]
    lines.append("")
    if gains:
        better = sum(g["low"] > 0 for g in gains)
        worse = sum(g["high"] < 0 for g in gains)
        lines.append(
            f"Weak labels added to the same high-quality ones: surely better in {better} of "
            f"{len(gains)} measured mixes, surely worse in {worse}."
        )
    knee = panel["knee"]
    if knee is None:
        lines.append("Knee: not asked; fewer than 5 mixes have one total number of labels.")
    elif knee["claimed"]:
        at = knee["at_high_share"]
        lines.append(f"Knee: yes, at a high-quality share of {at['value']:.2f} "
                     f"({at['low']:.2f} to {at['high']:.2f}).")  # fmt: skip
    else:
        chance = knee["probability"]
        lines.append(f"Knee: none shown (chance of a knee {chance['knee']:.2f}, of a straight line "
                     f"{chance['line']:.2f}).")  # fmt: skip
    shares = sorted(panel["weights"].items(), key=lambda item: -item[1])
    lines.append("Laws: " + ", ".join(f"{name} {share:.2f}" for name, share in shares) + ".")
    return lines
