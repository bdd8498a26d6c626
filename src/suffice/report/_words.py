"""Numbers and sentences of the report, in one style for the page and the terminal.

Probabilities are written ``.83``, error rates ``14.8 %``: the two never look alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice.estimate import probability as probability
from suffice.metric import metric_named
from suffice.records import HOPELESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from suffice.records import (
        CheckedRuns,
        CheckRow,
        CriterionRow,
        Interval,
        MeanInterval,
        PlanRecord,
        Probability,
        TrancheRow,
    )

NARROW_SPACE = "\u202f"
HARD_SPACE = "\u00a0"
EM_RULE = "\u2013"
RECOMMENDED = "recommended"
_DISTANCE = {
    "inside": "The curve lies inside the range of the measured runs.",
    "near": "The curve lies near the edge of the measured runs: expect the law to be less sure.",
    "far": (
        "The curve lies far beyond the measured runs: this is an extrapolation. "
        "Only bounds are given."
    ),
}


def between(p: Probability | MeanInterval) -> str:
    """The interval of a probability: ``.71 to .92``."""
    low, high = probability(p.low), probability(p.high)
    beyond = low == high and low[0] in "<>"
    return low if beyond else f"{low} to {high}"


def chance(value: float) -> str:
    """A probability with its letter, never parted by a line break: ``P .83``."""
    return f"P{HARD_SPACE}{probability(value)}"


def with_interval(p: Probability | MeanInterval) -> str:
    """A probability and its interval: ``.83 (.71 to .92)``; without a mean, its bounds."""
    if p.mean is None:
        return between(p)
    mean, interval = probability(p.mean), between(p)
    return mean if mean == interval else f"{mean} ({interval})"


def share(part: int, whole: int) -> str:
    """A measured share, which may well be 0 or 1."""
    return str(part // whole) if part in (0, whole) else probability(part / whole)


def percent(value: float, digits: int = 1) -> str:
    """A rate in per cent: ``14.8 %``."""
    return f"{100.0 * value:.{digits}f}{NARROW_SPACE}%"


def whole_percent(value: float) -> str:
    """A rate in per cent without needless decimals: ``15 %``, ``16.5 %``."""
    return f"{100.0 * value:.4g}{NARROW_SPACE}%"


def rate(interval: Interval) -> str:
    """A rate with its interval: ``24.1 % (23.2 to 25.0)``."""
    return f"{percent(interval.value)} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def money(value: float) -> str:
    """Dollars: whole from 100 on, cents below, two figures below one."""
    if value >= 99.995 or value == round(value):
        return f"${value:,.0f}"
    if value >= 1.0:
        return f"${value:,.2f}"
    return "$" + f"{value:.7f}".rstrip("0") if value < 0.1 else f"${value:.2f}"


def count(value: float) -> str:
    """A whole number with thousands apart."""
    return f"{value:,.0f}"


def roughly(value: float) -> str:
    """A count to two figures: what is only read off a curve."""
    return count(float(f"{value:.2g}"))


def plain(value: float, digits: int) -> str:
    """A small number with a fixed number of decimals and no zero before the point."""
    return (
        f"{value:.{digits}f}".replace("0.", ".", 1) if abs(value) < 1.0 else f"{value:.{digits}f}"
    )


def several(number: int, one: str, many: str | None = None) -> str:
    """A count with its noun: ``1 run``, ``40 runs``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listing(parts: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    return f" {last} ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def tranche(t: TrancheRow) -> str:
    """One purchase in words: ``5,000 panel labels (1,000 hard tasks, 5 each)``."""
    labels = f"{t.labels:,} {t.source} label{'' if t.labels == 1 else 's'}"
    if t.control:
        labels += " (synthetic here)"
    where = f" {'/'.join(t.where)}" if t.where else ""
    if t.labels_per_task > 1:
        return f"{labels} ({t.tasks:,}{where} tasks, {t.labels_per_task} each)"
    return f"{labels} (of{where} tasks)" if where else labels


def purchases(curve: Iterable[TrancheRow]) -> str:
    """A whole curve in words, later rounds after ``then``."""
    rounds: dict[int, list[str]] = {}
    for t in curve:
        rounds.setdefault(t.round, []).append(tranche(t))
    return ", then ".join(listing(rounds[k]) for k in sorted(rounds)) or "nothing"


def headline(plan: PlanRecord) -> str:
    """What to buy, what it costs and how likely it is to do, in one sentence."""
    outcome = f"meets the criterion with probability {with_interval(plan.p)}{_other_raters(plan)}"
    if plan.p.mean is not None and plan.p.mean < HOPELESS:
        best = f"{purchases(plan.curve)} for {money(plan.cost)}"
        return f"Buy nothing: the best there is, {best}, {outcome}"
    if plan.p.mean is not None and plan.p.mean < _MORE_LIKELY_THAN_NOT:
        best = f"{purchases(plan.curve)} for {money(plan.cost)}"
        return f"The best for the money, {best}, {outcome}"
    if plan.bought is not None:
        # Labels in hand are a part of it, and so is their price.
        return f"Buy up to {purchases(plan.curve)} for {money(plan.cost)} in all: {outcome}"
    return f"Buy {purchases(plan.curve)} for {money(plan.cost)}: {outcome}"


_MORE_LIKELY_THAN_NOT = 0.5
"""Below this no purchase is advised: chosen, it fails more often than not."""

_SAME = 0.05
"""Probabilities and ends of intervals that differ by less are told once: chosen, an interval's own
width is seldom less."""


def _other_raters(plan: PlanRecord) -> str:
    """What stands beside P where gold from other raters would change it; else empty."""
    here, there = plan.p, plan.p_new_gold
    if here.mean is None or there is None or there.mean is None or here.mean < HOPELESS:
        return ""
    gaps = (here.mean - there.mean, here.low - there.low, here.high - there.high)
    if max(abs(gap) for gap in gaps) < _SAME:
        return ""
    return f" by this gold, {with_interval(there)} by gold from other raters"


def flips(plan: PlanRecord) -> list[str]:
    """The budgets at which the answer changes, a sentence each."""
    return [
        f"From about {money(f.budget.value)} ({money(f.budget.low)} to {money(f.budget.high)}) on "
        f"the answer is to {f.after} rather than {f.before}, in {whole_percent(f.seen)} of "
        "resamples of the law's posterior."
        for f in plan.flips
    ]


def new_gold(plan: PlanRecord) -> str:
    """The probability when the gold, too, is drawn anew; empty where it is not given."""
    if plan.p_new_gold is None:
        return ""
    return (
        f"{with_interval(plan.p_new_gold)} with gold from other raters: the forecast above holds "
        "this gold fixed"
    )


def new_gold_sentence(plan: PlanRecord) -> str:
    """The same as a sentence, where the headline does not say it."""
    if plan.p_new_gold is None or _other_raters(plan):
        return ""
    return f"With gold from other raters P would be {with_interval(plan.p_new_gold)}."


def deployment(plan: PlanRecord) -> str:
    """The probability with new labels and new gold; empty where it is not given."""
    return "" if plan.p_deployment is None else with_interval(plan.p_deployment)


def held_fixed(plan: PlanRecord) -> str:
    """What the probability holds fixed."""
    held = plan.p.held_fixed
    text = held if isinstance(held, str) else listing(held)
    return text or "not stated in plan.json"


def aligned(plan: PlanRecord) -> str:
    """P(aligned), which exists only together with the study's stated validity."""
    if plan.validity == "unknown":
        return "P(aligned) is not given: the study states no validity."
    v = plan.validity
    stated = f"{v:.2g}".removeprefix("0") or "0"
    low, high = probability(plan.p.low * v), probability(plan.p.high * v)
    if plan.p.mean is None:
        return (
            f"P(aligned) lies between {low} and {high}, with the study's stated validity of "
            f"{stated}."
        )
    product = f"{probability(plan.p.mean)} \u00d7 {stated}"
    return (
        f"P(aligned) = {product} = {probability(plan.p.mean * v)} ({low} to {high}), "
        f"with the study's stated validity of {stated}."
    )


def criterion(c: CriterionRow) -> str:
    """The criterion in words."""
    parts = []
    if c.error is not None:
        parts.append(f"error at most {whole_percent(c.error)}")
    if c.worst_slice_error is not None:
        slices = f" ({', '.join(c.slices)})" if c.slices else ""
        worst = whole_percent(c.worst_slice_error)
        parts.append(f"error in the worst slice{slices} at most {worst}")
    parts += [
        f"error in slice {name} at most {whole_percent(bar)}" for name, bar in c.slice_error.items()
    ]
    parts += [
        f"{metric(name)} at {'least' if name in c.at_least else 'most'} {amount(name, bar)}"
        for name, bar in c.limits.items()
    ]
    parts += [
        f"95{NARROW_SPACE}% upper bound of the error in slice {name} at most {whole_percent(bar)}"
        for name, bar in c.severe.items()
    ]
    return listing(parts) if parts else "not stated in plan.json"


def metric(name: str) -> str:
    """A metric in words: ``error:hard`` is the error in slice hard."""
    return metric_named(name).words


def is_rate(name: str) -> bool:
    """Whether a metric is a share, written in per cent."""
    return metric_named(name).is_share


def exact(name: str, value: float, digits: int = 1) -> str:
    """A measured value of a metric: ``14.8 %`` for a share, ``.612`` for any other."""
    return percent(value, digits) if is_rate(name) else plain(value, 3)


def between_values(name: str, e: Interval) -> str:
    """The same with its interval: ``24.1 % (23.2 to 25.0)``, ``.612 (.590 to .634)``."""
    if is_rate(name):
        return rate(e)
    return f"{plain(e.value, 3)} ({plain(e.low, 3)} to {plain(e.high, 3)})"


def amount(name: str, value: float) -> str:
    """A limit on a metric, without needless decimals: ``15 %``, ``.612``."""
    return whole_percent(value) if is_rate(name) else plain(value, 3)


def deployment_sentence(plan: PlanRecord) -> str:
    """The same as a sentence, for where no heading stands before it."""
    if plan.p_deployment is None:
        return ""
    return (
        "In deployment, with new labels from these sources and new gold, it would be "
        f"{with_interval(plan.p_deployment)}."
    )


def point(p: Probability) -> str:
    """The point alone, or the bounds where there is none."""
    return between(p) if p.mean is None else probability(p.mean)


def distance(plan: PlanRecord) -> str:
    """How far the forecast reaches beyond what was measured."""
    if plan.distance is None:
        return "plan.json does not say how far the curve lies from the measured runs."
    return _DISTANCE[plan.distance]


def own_check(plan: PlanRecord) -> CheckRow | None:
    """The check of the recommended curve, where there is one."""
    others = {a.name for a in plan.alternatives}
    named = [c for c in plan.check if c.name.lower() == RECOMMENDED]
    rest = [c for c in plan.check if c.name not in others]
    return next(iter(named or rest), None)


def check_range(check: CheckRow) -> str:
    """The 95 % predictive interval of the count: ``26 to 39``."""
    low, high = count(check.predictive_low), count(check.predictive_high)
    return low if low == high else f"{low} to {high}"


def check_sentence(plan: PlanRecord) -> str:
    """How the forecasts did against real runs, or why nothing can be said."""
    if plan.check_skipped:
        return "The check was skipped (--no-check): no forecast here has met a real run."
    left_out = ""
    if plan.check_left_out:
        left_out = (
            f" Not checked: {listing(plan.check_left_out)}; labels under quality control are made "
            "with the help of gold, and the tasks to train on have none."
        )
        curves = {a.name: a.curve for a in plan.alternatives} | {RECOMMENDED: plan.curve}
        if not any(t.control for name in plan.check_left_out for t in curves.get(name, ())):
            left_out = (
                f" Not checked: {listing(plan.check_left_out)}; that is more than a check trains "
                "on."
            )
    if not plan.check:
        return (
            left_out.strip()
            or "The check has not been run: no forecast here has met a real run yet."
        )
    inside = sum(c.inside for c in plan.check)
    total = len(plan.check)
    counts = f"{inside} of {several(total, 'checked curve')}"
    verdict = f"{counts} passed as often as forecast (inside the 95{NARROW_SPACE}% interval)"
    missed = [
        f"{c.name} ({c.passed}/{c.total}, forecast {check_range(c)})"
        for c in plan.check
        if not c.inside
    ]
    made = [c.name for c in plan.check if c.synthetic]
    if made:
        left_out += f" Trained on synthetic labels, as quality control would give: {listing(made)}."
    said = f"{verdict}. Outside: {listing(missed)}." if missed else f"{verdict}."
    return said + _at_the_edge(plan) + _could_find(plan) + left_out


def _at_the_edge(plan: PlanRecord) -> str:
    """Curves inside their intervals whose share of passes is another than P all the same."""
    named = [
        f"{c.name} ({share(c.passed, c.total)} passed, P {probability(c.p.mean)})"
        for c in plan.check
        if c.inside and c.p is not None and c.p.mean is not None and c.is_unlikely_at(c.p.mean)
    ]
    return f" Inside, but not by much: {listing(named)}." if named else ""


def _could_find(plan: PlanRecord) -> str:
    """Which misses so many runs would have shown."""
    own = own_check(plan)
    if own is None or own.p is None or own.p.mean is None:
        return ""
    low, high = own.would_show()
    ends = [f"{probability(low)} or less" if low is not None else ""]
    ends += [f"{probability(high)} or more" if high is not None else ""]
    seen = listing([e for e in ends if e], "or")
    runs = several(own.total, "run")
    if not seen:
        return f" {runs} could not have shown a wrong forecast."
    return f" Of the recommended curve {runs} show a true P of {seen} in 9 of 10 checks."


def shorten(text: str, most: int = 28) -> str:
    """A name that fits into a chart; the words around the chart give it in full."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "\u2026"


def when(time: str) -> str:
    """A time stamp to the minute: ``2026-03-04 10:12 UTC``."""
    zone = " UTC" if time.endswith(("Z", "+00:00")) else ""
    return time[:16].replace("T", " ") + zone


def check_lines(check: CheckedRuns | None) -> list[str]:
    """How forecasts of the runs came out, one sentence each."""
    if check is None:
        return ["Too few runs to forecast any from those before it."]
    lines = [
        f"{check.runs} runs were forecast, each from those before it; {check.met} met the "
        "criterion."
    ]
    lines += [
        f"{name}: {whole_percent(share)} of the values fell inside their 90 % interval."
        for name, share in check.covered.items()
    ]
    ours, *rest = check.scores
    best = min(rest, key=lambda s: s.brier)
    if ours.brier <= best.brier:
        lines.append(f"No simple forecast had a lower Brier score (next: {best.name}).")
    else:
        lines.append(f"{best.name} had a lower Brier score than the law on these runs.")
    return lines
