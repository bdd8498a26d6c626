"""Sliders that move the recommended point in the reader's browser, over a ready-made grid."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from math import log10
from typing import TYPE_CHECKING, Any

from suffice.records import BUDGET_RANGE, PRICE_RANGE
from suffice.report import _words as words

if TYPE_CHECKING:
    from suffice.records import PlanRecord, Sliders

TRY_IT = ("try", "Try it")
"""Its place in the contents."""

_CAPTION = (
    "P against cost of the best purchases at these prices. The star is the purchase above, the "
    "dashed line the budget."
)


@dataclass(frozen=True)
class Control:
    """One input: a range, or a choice where there are options."""

    id: str
    label: str
    low: float = 0.0
    high: float = 0.0
    step: float = 0.01
    value: float = 0.0
    options: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SliderSection:
    """What the template needs for the section.

    Attributes:
        introduction, caption: its words.
        controls: its inputs, in order.
        data: for the script, as JSON can hold it.
        script, style: what it adds to the page.
    """

    introduction: str
    caption: str
    controls: tuple[Control, ...]
    data: dict[str, Any]
    script: str
    style: str


def slider_section(sliders: Sliders | None, plan: PlanRecord) -> SliderSection | None:
    """The section with sliders; None where the folder holds no grid for them."""
    if sliders is None:
        return None
    files = resources.files("suffice.report")
    return SliderSection(
        introduction=(
            "Move budget, target, prices, hostile labels and model, and see what would be bought. "
            "It works without a network, from forecasts made in advance; capacities and weeks stay "
            "as in the study. Nothing here has been checked by training but the study's own plan "
            f"for {words.money(plan.cost)}."
        ),
        caption=_CAPTION,
        controls=_controls(sliders),
        data={**sliders.model_dump(mode="json"), "priceRange": PRICE_RANGE},
        script=(files / "_sliders.js").read_text(encoding="utf-8"),
        style=(files / "_sliders.css").read_text(encoding="utf-8"),
    )


def _controls(sliders: Sliders) -> tuple[Control, ...]:
    """Ranges run over logarithms, so that halving is as far as doubling."""
    found = [
        Control(
            "slider-budget",
            "Budget",
            round(log10(BUDGET_RANGE[0] * sliders.budget), 2),
            round(log10(BUDGET_RANGE[1] * sliders.budget), 2),
            value=round(log10(sliders.budget), 4),
            step=0.0001,
        ),
        Control("slider-target", "Wanted P (left: as high as can be)", 0, 99, 1, 0),
    ]
    reach = round(log10(PRICE_RANGE), 4)
    for i, s in enumerate(sliders.sources):
        if s.price > 0.0 and s.of is None:
            found.append(
                Control(f"slider-price-{i}", f"Price of a {s.name} label", -reach, reach, 0.0001, 0)
            )
    if len(sliders.shares) > 1:
        most = round(100.0 * sliders.shares[-1])
        found.append(Control("slider-share", "Hostile labels in every source", 0, most, 1, 0))
    if len(sliders.models) > 1:
        found.append(Control("slider-model", "Model", options=sliders.models))
    return tuple(found)
