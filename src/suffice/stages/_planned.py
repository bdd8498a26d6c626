"""A plan as stages hand it on: its record, and the forecasts that a check holds to account."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.stages._keep import as_array, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from suffice.plan import Option
    from suffice.records import ForecastRecord, PlanRecord
    from suffice.stages._keep import Kept


@dataclass(frozen=True, eq=False)
class Planned:
    """What a plan leaves for the stages after it.

    Attributes:
        record: what ``plan.json`` holds before the check.
        limits: what wider limits are worth, and where the answer changes, one line each.
        options: the recommended curve and its alternatives; each forecast holds P with its draws,
            and neither its parts nor P under other gold.
    """

    record: PlanRecord
    limits: tuple[str, ...]
    options: tuple[Option, ...]


def keep_planned(kept: Kept, name: str, planned: Planned, drawn: ForecastRecord) -> None:
    """Keep a plan and its pictures under a key."""
    sure = [o.forecast for o in planned.options if o.forecast is not None]
    about = [
        {
            "name": o.name,
            "curve": None if o.curve is None else o.curve.as_list(),
            "cost": o.cost,
            "note": o.note,
            "held_fixed": None if o.forecast is None else o.forecast.held_fixed,
            "distance": None if o.forecast is None else o.forecast.distance,
        }
        for o in planned.options
    ]
    kept.write(
        name,
        {
            "plan": as_array(json.dumps(planned.record.as_json())),
            "forecast": as_array(json.dumps(drawn.as_json())),
            "limits": as_array("\n".join(planned.limits)),
            "options": as_array(json.dumps(about)),
            "p": np.array([(f.p.value, f.p.low, f.p.high, f.p.level) for f in sure]),
            "monte_carlo": np.array([f.monte_carlo for f in sure]),
            "draws": np.array([f.draws for f in sure]),
        },
    )


def read_planned(kept: Kept, name: str) -> tuple[Planned, ForecastRecord] | None:
    """The plan and the pictures that were kept under a key; None where none were."""
    from suffice.records import ForecastRecord, PlanRecord

    found = kept.read(name)
    if found is None:
        return None
    record = PlanRecord.parse(as_text(found["plan"]).encode(), name)
    drawn = ForecastRecord.parse(as_text(found["forecast"]).encode(), name)
    limits = tuple(as_text(found["limits"]).splitlines())
    return Planned(record, limits, tuple(_options(found))), drawn


def _options(found: Mapping[str, NDArray[Any]]) -> list[Option]:
    from suffice.curve import Curve
    from suffice.estimate import Estimate
    from suffice.forecast import Forecast
    from suffice.plan import Option

    numbers = zip(found["p"].tolist(), found["monte_carlo"].tolist(), found["draws"], strict=True)
    options = []
    for row in json.loads(as_text(found["options"])):
        forecast = None
        if row["distance"] is not None:
            (value, low, high, level), monte_carlo, draws = next(numbers)
            p = Estimate(value, low, high, level, draws=draws)
            forecast = Forecast(p, row["held_fixed"], None, (), row["distance"], monte_carlo)
        curve = None if row["curve"] is None else Curve.from_list(row["curve"])
        options.append(Option(row["name"], curve, row["cost"], forecast, row["note"]))
    return options
