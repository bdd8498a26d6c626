"""How to mix a low- and a high-quality source, from mixes that were measured elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from suffice.demand.scaling import Mix, TwoSource
    from suffice.estimate import Estimate

_WEAK_PRICE = 0.1
"""A convention, where neither the caller nor the file says it: a weak label costs a tenth of a
high-quality one. It moves which mix is recommended, and nothing that is forecast of a mix."""


@dataclass(frozen=True, eq=False)
class MixedCurve:
    """One curve of mixes, and what its law says.

    Attributes:
        curve: its name; empty where the file has one alone.
        law: fitted to it.
        recommended: the mix to buy for each budget.
        forecasts: mixes that were asked for: weak labels, high-quality ones, error.
        gains: measured mixes of both: weak labels, high-quality ones, what the weak ones gain.
    """

    curve: str
    law: TwoSource
    recommended: tuple[Mix, ...]
    forecasts: tuple[tuple[float, float, Estimate], ...]
    gains: tuple[tuple[float, float, Estimate], ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        law, knee = self.law, self.law.knee
        return {
            "curve": self.curve,
            "rows": len(law.y),
            "weak_price": law.price,
            "weights": law.weights,
            "recommended": [_mix(m) for m in self.recommended],
            "forecasts": [_at(*f) for f in self.forecasts],
            "mixing_gain": [_at(*g) for g in self.gains],
            "knee": None
            if knee is None
            else {
                "claimed": knee.claimed,
                "probability": knee.probability,
                "at_high_share": knee.at.as_dict(),
                "total": knee.total,
                "shares": knee.shares,
            },
        }


def two_source(
    path: str | Path,
    at: Sequence[tuple[float, float]] = (),
    *,
    price: float | None = None,
    budgets: Sequence[float] = (),
) -> tuple[MixedCurve, ...]:
    """Fit the two-source law to every curve of a file: what to buy, and whether a knee is shown.

    Args:
        path: a file with the columns n_weak, n_high and y; optional curve, weak_cost and budget.
        at: mixes to forecast: weak labels, high-quality ones.
        price: of a weak label where a high-quality one costs 1; by default the file's.
        budgets: to recommend a mix for; by default the file's, or what its mixes cost.

    Raises:
        InputError: the file cannot be used, or a number cannot be.
    """
    from suffice.demand.scaling import fit_two_source, read_mixes

    panels = []
    for mixes in read_mixes(path):
        own = price if price is not None else mixes.price
        where = f"{path}, curve {mixes.name}" if mixes.name else str(path)
        law = fit_two_source(
            mixes.n_weak,
            mixes.n_high,
            mixes.y,
            price=_WEAK_PRICE if own is None else own,
            where=where,
        )
        money = tuple(budgets) or mixes.budgets or _costs(law)
        told = law.predict([w for w, _ in at], [h for _, h in at]) if at else []
        pairs = zip(law.n_weak, law.n_high, strict=True)
        seen = sorted({(w, h) for w, h in pairs if w > 0 and h > 0})
        panels.append(
            MixedCurve(
                mixes.name,
                law,
                tuple(law.recommend(b) for b in money),
                tuple((w, h, e) for (w, h), e in zip(at, told, strict=True)),
                tuple((w, h, law.mixing_gain(w, h)) for w, h in seen),
            )
        )
    return tuple(panels)


def _costs(law: TwoSource) -> tuple[float, ...]:
    """What the cheapest, the middle and the dearest mix cost."""
    cost = sorted(w * law.price + h for w, h in zip(law.n_weak, law.n_high, strict=True))
    return tuple(dict.fromkeys((cost[0], cost[len(cost) // 2], cost[-1])))


def _mix(mix: Mix) -> dict[str, Any]:
    return {
        "budget": mix.budget,
        "weak_spend_share": mix.weak_share.as_dict(),
        "n_weak": mix.n_weak,
        "n_high": mix.n_high,
        "error": mix.error.as_dict(),
        "error_high_alone": mix.error_high_alone.as_dict(),
        "gain": mix.gain.as_dict(),
    }


def _at(weak: float, high: float, value: Estimate) -> dict[str, float]:
    return {"n_weak": weak, "n_high": high, **value.as_dict()}
