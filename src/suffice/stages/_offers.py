"""The cheapest way to each quality at each quantity: of a study's sources, or of a file's."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from suffice.channel import Source
    from suffice.progress import Progress
    from suffice.stages._workspace import Given
    from suffice.supply import LabelSources, Routing, SupplyCurve
    from suffice.supply.operators import Check, Operator


@dataclass(frozen=True)
class Stated:
    """What is stated of the people behind a study's sources, whose records do not tell them apart.

    Attributes:
        spread: sd between workers of the log odds of a right answer.
        hostile: share of labels that want to be wrong.
        camouflage: chance that a hostile worker sees through a test question.
        missing: labels that mean no answer, beside those that surely do.
        labels_per_worker: answers that a worker gives before leaving; None for what is usual.
    """

    spread: float | None = None
    hostile: float = 0.0
    camouflage: float = 0.5
    labels_per_worker: float | None = None

    def behind(self, sources: Mapping[str, Source]) -> dict[str, Source]:
        """The sources with these workers, where several can label one task."""
        from suffice.supply.operators import Chance, with_workers

        if self.spread is None and self.hostile == 0.0 and self.labels_per_worker is None:
            return dict(sources)
        more: dict[str, Any] = {"spread": 0.0 if self.spread is None else self.spread}
        if self.hostile != 0.0:
            more["hostile"] = Chance.about(self.hostile)
            more["camouflage"] = Chance.about(self.camouflage)
        if self.labels_per_worker is not None:
            more["labels_per_worker"] = self.labels_per_worker
        return {
            name: with_workers(source, **more) if source.max_labels_per_task > 1 else source
            for name, source in sources.items()
        }


@dataclass(frozen=True)
class Offers:
    """What can be bought.

    Attributes:
        curve: the cheapest way to each quality at each quantity.
        routing: who is best for which slice; None for one source or one slice.
        learned: what the labels of a file say of their workers; None for a study.
    """

    curve: SupplyCurve
    routing: Routing | None = None
    learned: LabelSources | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the audit says against trusting the curve."""
        return self.learned.doubts if self.learned else ()

    @property
    def checks(self) -> list[Check]:
        """How well pools redraw their labels; each names its source where there are several."""
        if self.learned is None:
            return []
        several = len(self.learned.sources) > 1
        return [
            replace(check, what=f"{name}: {check.what}") if several else check
            for name, checks in self.learned.checks.items()
            for check in checks
        ]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return self.curve.as_dict() | {
            "checks": [asdict(check) for check in self.checks],
            "doubts": list(self.doubts),
            "routing": self.routing.as_dict() if self.routing else None,
        }


def offers(
    study: Given,
    *,
    qc: Sequence[str] = (),
    tasks: Sequence[int] | None = None,
    weeks: float | None = None,
    stated: Stated | None = None,
    seed: int = 0,
) -> Offers:
    """What a study's sources offer, with quality control on them; they are measured first.

    Args:
        study: a study, its file, or a workspace.
        qc: settings of quality control; a common menu by default.
        tasks: how many labelled tasks; a few sizes by default.
        weeks: time there is; the study's by default.
        stated: how the people behind the sources differ.
        seed: of the posterior draws.

    Raises:
        InputError: a setting is none.
    """
    from suffice.stages._workspace import Workspace

    menu = _menu(qc)
    work = Workspace.of(study)
    sources = (stated or Stated()).behind(work.sources)
    weeks = weeks if weeks is not None else work.study.budget.weeks
    return _offers(sources, tuple(work.pool.slice_names), menu, tasks, weeks, seed)


def label_offers(
    labels: str | Path,
    gold: str | Path | None = None,
    *,
    qc: Sequence[str] = (),
    tasks: Sequence[int] | None = None,
    weeks: float | None = None,
    price: float | None = None,
    columns: Mapping[str, str] | None = None,
    drop_missing: bool = False,
    missing: Sequence[str] = (),
    labels_per_worker: float | None = None,
    progress: Progress | None = None,
    seed: int = 0,
) -> Offers:
    """What the workers behind a file of labels offer: its sources, or all of them as one.

    Args:
        labels: the file, which is audited first.
        gold: a file with the right label of some or all tasks.
        qc, tasks, seed: as for ``offers``.
        weeks: time there is; no limit by default.
        price: of one label; by default what it cost on average.
        columns: which column of the file holds the task, worker, label and so on.
        drop_missing: leave out rows without a task, worker or label instead of refusing them.
        missing: labels that mean no answer, beside those that surely do.
        labels_per_worker: answers that a worker gives before leaving.
        progress: shows the stages of the work.

    Raises:
        InputError: the files cannot be used, or a setting is none.
    """
    from suffice.labels import read_gold, read_labels
    from suffice.supply import label_sources

    menu = _menu(qc)
    table = read_labels(labels, columns=columns, drop_missing=drop_missing, missing=missing)
    learned = label_sources(
        table,
        read_gold(gold, like=table.columns.get("task")) if gold is not None else None,
        price=price,
        labels_per_worker=labels_per_worker,
        seed=seed,
        progress=progress,
    )
    found = _offers(learned.sources, learned.slices, menu, tasks, weeks, seed)
    return replace(found, learned=learned)


def _menu(qc: Sequence[str]) -> list[tuple[Operator, ...]]:
    from suffice.supply.operators import default_menu, parse_operators

    return [parse_operators(text) for text in qc] if qc else default_menu()


def _offers(
    sources: dict[str, Source],
    slices: tuple[str, ...],
    menu: list[tuple[Operator, ...]],
    tasks: Sequence[int] | None,
    weeks: float | None,
    seed: int,
) -> Offers:
    from suffice.supply import route, supply_curve

    curve = supply_curve(sources, menu, tasks, weeks=weeks, seed=seed)
    several = len(sources) > 1 and len(slices) > 1
    return Offers(curve, route(sources, slices=slices, seed=seed) if several else None)
