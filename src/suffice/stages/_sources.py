"""A study's sources: as they come, under quality control, and as a plan may buy them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._streams import Stream
from suffice.errors import InputError, StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suffice._said import Said
    from suffice.channel import Source
    from suffice.corruption import Trigger
    from suffice.demand import SourceLimits, SourceTable
    from suffice.plan import Market
    from suffice.pools import Pool
    from suffice.study import Study, WorkersSection
    from suffice.supply import Measured, SourceTerms
    from suffice.supply.operators import StatedPool, Variant

_PRIOR_SLOPES = 400
"""Draws of a stated slope; its mean is then known to a twentieth of its sd."""

_SLOPE = (0.0, 1.0)
"""Chosen prior of a slope that nothing is stated of, in logits a unit of capability: no trend is as
likely as any, and a unit can hardly move odds more than sevenfold."""


def check_settings(study: Study) -> None:
    """Refuse quality control that cannot be read, before anything is measured.

    Raises:
        StudyError: a setting is none.
    """
    for name, section in study.sources.items():
        for text in section.qc:
            from suffice.supply.operators import parse_operators

            try:
                parse_operators(text)
            except InputError as error:
                raise StudyError(f"sources.{name}.qc: {error}", where=study.origin) from None


def offered_by(study: Study) -> dict[str, SourceTerms]:
    """Prices and capacities, by source."""
    from suffice.supply import SourceTerms

    return {
        name: SourceTerms(
            s.price, s.capacity, s.latency_days, tuple(sorted(set(s.labels_per_task))), s.about
        )
        for name, s in study.sources.items()
    }


def stated_pool(section: WorkersSection) -> StatedPool:
    """The people behind a source, as the study states them."""
    from suffice.supply.operators import StatedPool

    return StatedPool(**section.model_dump())


def variants_of(
    study: Study, sources: Mapping[str, Source], measured: Mapping[str, Measured]
) -> dict[str, Variant]:
    """Sources under the quality control that a study offers, by their names in curves.

    Raises:
        StudyError: a setting cannot be applied to its source.
    """
    found: dict[str, Variant] = {}
    for name, section in study.sources.items():
        if not section.qc:
            continue
        from suffice.supply.operators import build_variants

        stated = section.workers
        try:
            found |= build_variants(
                sources[name],
                section.qc,
                None if stated is None else stated_pool(stated),
                automatic=measured[name].automatic,
                seed=study.seed,
            )
        except InputError as error:
            raise StudyError(
                f"sources.{name}.qc: {error.what}", where=study.origin, fix=error.fix
            ) from None
    return found


def control_said(study: Study, variants: Mapping[str, Variant]) -> Said:
    """What plans with quality control take for granted, and cannot see."""
    from suffice.supply.operators import operators_said

    stated = {name: s.workers for name, s in study.sources.items()}
    people = {name: stated_pool(w) for name, w in stated.items() if w is not None}
    return operators_said(variants, people)


def judged_by_capability(study: Study, sources: Mapping[str, Source]) -> dict[str, Source]:
    """The sources, whose shared error moves with the capability of the model they judge.

    The slope is fitted to a source's verdicts where the study names them, stated as a prior, or
    none.
    """
    from suffice.forecast import fit_capability, read_verdicts, with_capability

    section, found = study.capability, dict(sources)
    if section is None:
        return found
    rng = Stream.CAPABILITY_SLOPE.rng(study.seed)
    for name, s in study.sources.items():
        prior = s.shared_error_slope
        if s.verdicts is not None:
            table = read_verdicts(study.path(s.verdicts))
            slope = fit_capability(table, prior=prior or _SLOPE, seed=study.seed).line.slope
        elif prior is not None:
            slope = rng.normal(*prior, _PRIOR_SLOPES)
        else:
            continue
        found[name] = with_capability(sources[name], slope, section.measured_at)
    return found


def market_for(
    study: Study,
    sources: Mapping[str, Source],
    offered: Mapping[str, SourceTerms],
    variants: Mapping[str, Variant],
    *,
    order: Sequence[str],
    error: Mapping[str, float],
    limits: Mapping[str, int | None],
    trigger: Trigger | None,
) -> Market:
    """What can be bought, and every limit on it.

    Args:
        study: budget, capacities and promises.
        sources, offered, variants: by name.
        order: sources from the lowest to the highest quality of one label.
        error: of one answer of everything that can be bought.
        limits: different tasks that a source can label; None for as many as wanted.
        trigger: what hostile workers would push.

    Raises:
        InputError: more labels a task are asked for than a record holds.
    """
    from suffice.plan import Market

    for name, offer in offered.items():
        most = sources[name].max_labels_per_task
        if max(offer.labels_per_task) > most:
            raise InputError(
                f"sources.{name}.labels_per_task asks for {max(offer.labels_per_task)}",
                where=study.origin,
                fix=f"its record holds {most} labels of a task",
            )
    takes = {name: s.takes for name, s in study.sources.items()}
    ranks = sorted(error, key=lambda name: (1.0 - error[name], name)) if variants else ()
    return Market(
        sources={**sources, **{name: v.source for name, v in variants.items()}},
        order=tuple(order),
        repeats={
            **{name: o.labels_per_task for name, o in offered.items()},
            **dict.fromkeys(variants, (1,)),
        },
        limits={**limits, **{name: limits[v.base] for name, v in variants.items()}},
        money=study.budget.money,
        weeks=study.budget.weeks,
        # Half of what the smallest cell holds: so far a law may be trusted below its cells.
        smallest=max(study.grid.smallest // 2, 1),
        takes=takes
        | {
            name: {k: amount * v.effort for k, amount in takes[v.base].items()}
            for name, v in variants.items()
        },
        weekly=study.budget.weekly,
        at_least={n: s.at_least for n, s in study.sources.items() if s.at_least},
        ranked=len({error[name] for name in order}) > 1,
        rounds=study.budget.rounds,
        trigger=trigger,
        variants={name: v.base for name, v in variants.items()},
        ranks=tuple(ranks),
    )


def grid_limits(
    market: Market, offered: Mapping[str, SourceTerms], limits: Mapping[str, int | None], most: int
) -> dict[str, SourceLimits]:
    """What a grid may hold of each source, from the lowest to the highest quality.

    Args:
        market: what can be bought.
        offered: numbers of labels a task, by source.
        limits: different tasks that a source can label; None for as many as wanted.
        most: labels of one source in a cell.
    """
    from suffice.demand import SourceLimits

    return {
        name: SourceLimits(
            name,
            market.sources[name].price,
            min(market.most_labels(name), most),
            offered[name].labels_per_task,
            limits[name],
        )
        for name in market.order
    }


def believed_of(
    pool: Pool,
    order: Sequence[str],
    measured: Mapping[str, Measured],
    variants: Mapping[str, Variant],
    right: Mapping[tuple[str, int], float],
    seed: int,
) -> SourceTable:
    """What a law believes of a study's sources before it has seen a run.

    Args:
        pool: of the study.
        order: sources from the lowest to the highest quality of one label.
        measured, variants: by name.
        right: share of right answers of r labels' majority, by source and r.
        seed: of the study.
    """
    from suffice.demand import source_table
    from suffice.supply import fixed_share

    names = tuple(reversed(order))
    return source_table(
        order,
        {n: float(m.repeats(1).mean()) for n, m in measured.items()},
        right,
        {n: float(m.shared_by_slice().mean()) for n, m in measured.items()},
        classes=pool.evaluation.kind.answers,
        profiles={
            **{n: measured[n].mean().profile for n in names},
            **{n: v.source.posterior.mean().profile for n, v in variants.items()},
        },
        limits={n: (k, fixed_share(pool, n, seed)) for n in names if (k := pool.limit(n))},
    )
