"""Operators written down: ``test:10:8,x3``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from suffice.errors import InputError
from suffice.supply.operators._adaptive import Adaptive
from suffice.supply.operators._beliefs import Chance, Shift, Trial
from suffice.supply.operators._gold_checks import GoldChecks
from suffice.supply.operators._incentives import Incentive
from suffice.supply.operators._qualification import Qualification
from suffice.supply.operators._redundancy import Redundancy
from suffice.supply.operators._scrutiny import Scrutiny
from suffice.supply.operators._training import Training

if TYPE_CHECKING:
    from collections.abc import Callable

    from suffice.supply.operators._operated import Operator

FORMS = {
    "xN": "N labels a task, majority; xNw weighs votes by skill",
    "test:QUESTIONS:PASS": "qualification test",
    "gold:RATE[:GOOD:BAD]": "gold checks with sequential expulsion",
    "adaptive:MOST[:SURE]": "stop a task when it is sure",
    "bonus:MONEY:SHIFT:SD": "bonus on gold, its effect on the log odds of a right answer",
    "trial:N:RIGHT:N:RIGHT[:PRICE]": "training as an A/B trial shows it: control, then treated; "
    "price a worker",
    "panel:M[:PRICE:ERROR[:DAYS:FOUND:MISSED]]": "reviewers; an adjudicator with that price and "
    "error; comments for so many days, known to have found and missed so many errors",
}


def parse_operators(text: str) -> tuple[Operator, ...]:
    """Read operators in order, with commas between them.

    Raises:
        InputError: a part is no operator.
    """
    return tuple(_parse(part.strip()) for part in text.split(",") if part.strip())


def default_menu() -> list[tuple[Operator, ...]]:
    """Screens that are common, each with ways to put labels together that are common."""
    screens = ["", "test:10:8", "test:20:17", "gold:.1", "test:10:8,gold:.1"]
    together = ["", "x3", "x5", "x7", "adaptive:5", "adaptive:9:.98"]
    menu = (parse_operators(f"{s},{t}") for s in screens for t in together)
    return [operators for operators in menu if operators]


def _parse(part: str) -> Operator:
    name, *given = part.split(":")
    try:
        if name.startswith("x") and not given:
            weights: Literal["skill", "majority"] = "skill" if name.endswith("w") else "majority"
            return Redundancy(int(name[1:].removesuffix("w")), weights)
        counts, build = _KNOWN[name]
        numbers = [float(x) for x in given]
        if len(numbers) in counts:
            return build(numbers)
    except (KeyError, ValueError):
        pass
    raise InputError(f"{part!r} is no quality control", fix=f"one of: {', '.join(FORMS)}")


def _whole(x: float) -> int:
    if x != int(x):
        raise ValueError(x)
    return int(x)


def _test(n: list[float]) -> Operator:
    return Qualification(_whole(n[0]), _whole(n[1]))


def _gold(n: list[float]) -> Operator:
    return GoldChecks(n[0]) if len(n) == 1 else GoldChecks(n[0], n[1], n[2])


def _adaptive(n: list[float]) -> Operator:
    return Adaptive(_whole(n[0])) if len(n) == 1 else Adaptive(_whole(n[0]), n[1])


def _bonus(n: list[float]) -> Operator:
    return Incentive(n[0], Shift(n[1], n[2]))


def _trial(n: list[float]) -> Operator:
    trial = Trial(*(_whole(x) for x in n[:4]))
    return Training(trial, price_per_worker=n[4] if len(n) == 5 else 0.0)


def _panel(n: list[float]) -> Operator:
    if len(n) == 1:
        return Scrutiny(_whole(n[0]))
    judge = Scrutiny(_whole(n[0]), adjudicator=Chance.about(n[2]), adjudicator_price=n[1])
    if len(n) == 3:
        return judge
    return replace(judge, comment_days=n[3], finds=Chance.of(n[4], n[4] + n[5]))


_KNOWN: dict[str, tuple[set[int], Callable[[list[float]], Operator]]] = {
    "test": ({2}, _test),
    "gold": ({1, 3}, _gold),
    "adaptive": ({1, 2}, _adaptive),
    "bonus": ({3}, _bonus),
    "trial": ({4, 5}, _trial),
    "panel": ({1, 3, 6}, _panel),
}
"""Name -> how many numbers it takes, and what is made of them."""
