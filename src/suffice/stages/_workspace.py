"""What the stages of one study share: its pool, sources, models, and the files in its folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from suffice.errors import InputError
from suffice.progress import SilentProgress
from suffice.stages._bounded import largest_cells
from suffice.stages._keep import Kept
from suffice.stages._models import criterion_of, embedded_models, study_models
from suffice.stages._out import OUT
from suffice.stages._own import OwnRuns
from suffice.stages._sources import (
    believed_of,
    check_settings,
    grid_limits,
    judged_by_capability,
    market_for,
    offered_by,
    variants_of,
)
from suffice.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from suffice.channel import Source
    from suffice.corruption import Trigger
    from suffice.demand import Embedded, RunStore, Scheme, SourceLimits, SourceTable
    from suffice.forecast import Criterion
    from suffice.plan import Market
    from suffice.pools import Pool
    from suffice.progress import Progress
    from suffice.records import Ledger, Record
    from suffice.stages._planned import Planned
    from suffice.study import Study
    from suffice.supply import Measured, SourceTerms
    from suffice.supply.operators import Variant

    Given: TypeAlias = "Workspace | Study | str | Path"
    """A study, the path of its file, or a workspace that it is already open in."""

Made = TypeVar("Made")
AnyRecord = TypeVar("AnyRecord", bound="Record")

MOST_MEASURED = 50_000
"""Chosen, so that no cell takes the time of all others: labels of one source in the largest cell
that is trained. Whoever can buy more gets a forecast that says how far beyond the measured cells it
lies."""


@dataclass
class Workspace:
    """A study at work. Parts are made when they are first used, and kept.

    Attributes:
        study: what is asked.
        folder: where its results are written.
        progress: shows long steps.
        executor: the name of where to train, see ``suffice.demand.load_executor``.
        planned: what was weighed for the plan that was made last.
    """

    study: Study
    folder: Path
    progress: Progress
    executor: str = "processes"
    planned: Planned | None = None
    _kept: dict[object, object] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Raise StudyError where quality control cannot be read: before anything is measured."""
        check_settings(self.study)

    @classmethod
    def of(
        cls,
        study: Given,
        folder: str | Path = OUT,
        *,
        progress: Progress | None = None,
        executor: str = "processes",
    ) -> Workspace:
        """Open a study, or the file of one; a workspace is open already and stays as it is.

        Raises:
            StudyError: the file is missing, or says something that cannot be.
        """
        if isinstance(study, Workspace):
            return study
        loaded = load_study(study) if isinstance(study, (str, Path)) else study
        return cls(loaded, Path(folder), progress or SilentProgress(), executor)

    def once(self, make: Callable[[Workspace], Made]) -> Made:
        """What a function makes of this workspace: made when it is first asked for, then kept."""
        if make not in self._kept:
            self._kept[make] = make(self)
        return cast("Made", self._kept[make])

    def write(self, record: AnyRecord) -> AnyRecord:
        """Write a record of this study into the folder, and return it as written: whose it is."""
        written = record.model_copy(update={"of_study": self.study.digest()})
        written.write(self.folder)
        return written

    @property
    def pool(self) -> Pool:
        """Tasks and evaluation."""
        return self._planted[0]

    @property
    def trigger(self) -> Trigger | None:
        """What hostile workers would push, where the study says it."""
        return self._planted[1]

    @cached_property
    def _planted(self) -> tuple[Pool, Trigger | None]:
        if self.own is not None:
            raise InputError(
                "a study of runs made elsewhere has no pool of tasks",
                where=self.study.origin,
                fix="supply, fit, forecast, plan, next, ask and report answer for it",
            )
        from suffice.pools import study_pool

        return study_pool(self.study, self.progress)

    @cached_property
    def offered(self) -> dict[str, SourceTerms]:
        """Prices and capacities."""
        return offered_by(self.study)

    @cached_property
    def _supply(self) -> tuple[dict[str, Source], dict[str, Measured]]:
        from suffice.supply import build_sources

        return build_sources(self.pool, self.offered, seed=self.study.seed)

    @cached_property
    def own(self) -> OwnRuns | None:
        """The runs that were made elsewhere; None where the study trains its own."""
        from suffice.study import RunsTask

        if not isinstance(self.study.task, RunsTask):
            return None
        return OwnRuns(self.study, self.progress)

    @property
    def sources(self) -> dict[str, Source]:
        """Sources with their measured channels."""
        return self._supply[0] if self.own is None else self.own.sources

    @cached_property
    def judged(self) -> dict[str, Source]:
        """The sources, whose shared error moves with the capability of the model they judge."""
        return judged_by_capability(self.study, self.sources)

    @property
    def measured(self) -> dict[str, Measured]:
        """The audit behind each source."""
        return self._supply[1]

    @cached_property
    def variants(self) -> dict[str, Variant]:
        """Sources under the quality control that the study offers, by their names in curves."""
        # Quality control would change labels, and no run that was made elsewhere shows how.
        return {} if self.own else variants_of(self.study, self.sources, self.measured)

    @cached_property
    def buyable(self) -> dict[str, Source]:
        """Everything that can be bought: the sources, and the sources under quality control."""
        return {**self.sources, **{name: v.source for name, v in self.variants.items()}}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Sources from the lowest to the highest quality of one label."""
        if self.own is not None:
            return self.own.order
        from suffice.supply import by_quality

        return by_quality(self.measured)

    @cached_property
    def quality(self) -> dict[tuple[str, int], float]:
        """Share of right labels after r labels of a task."""
        from suffice.supply import share_right

        plain = share_right(self.measured, self.offered)
        return plain | {(n, 1): 1.0 - v.estimates["error"].value for n, v in self.variants.items()}

    @cached_property
    def market(self) -> Market:
        """What can be bought."""
        if self.own is not None:
            return self.own.market
        return market_for(
            self.study,
            self.sources,
            self.offered,
            self.variants,
            order=self.order,
            error={n: v.estimates["error"].value for n, v in self.variants.items()}
            | {n: float(m.by_slice().mean()) for n, m in self.measured.items()},
            limits={name: self.pool.limit(name) for name in self.offered},
            trigger=self.trigger,
        )

    @cached_property
    def source_limits(self) -> dict[str, SourceLimits]:
        """What a grid may hold of each source."""
        limits = {name: self.pool.limit(name) for name in self.offered}
        wanted = grid_limits(self.market, self.offered, limits, MOST_MEASURED)
        return largest_cells(wanted, len(study_models(self.study)), self.study.grid.seeds)

    @cached_property
    def table(self) -> SourceTable:
        """What the law believes of the sources before it has seen a run."""
        return believed_of(
            self.pool, self.order, self.measured, self.variants, self.quality, self.study.seed
        )

    @cached_property
    def models(self) -> dict[str, Embedded]:
        """Every model of the study with its features of the pool's items."""
        return embedded_models(self.study, self.scheme, self.pool, self.progress)

    @cached_property
    def scheme(self) -> Scheme:
        """How training uses the labels."""
        from suffice.demand import load_scheme

        return load_scheme(**self.study.scheme.model_dump())

    @cached_property
    def criterion(self) -> Criterion:
        """What a run must reach."""
        if self.own is not None:
            return self.own.criterion
        return criterion_of(self.study, self.pool.slice_names)

    @cached_property
    def store(self) -> RunStore:
        """Every run ever made on this machine, by what it depends on."""
        from suffice.demand import RunStore
        from suffice.fetch import cache_folder

        return RunStore(cache_folder() / "runs.sqlite")

    @cached_property
    def kept(self) -> Kept:
        """What stages of any study made before on this machine, by what it depends on."""
        from suffice.fetch import cache_folder

        return Kept(cache_folder() / "kept", self.progress)

    @cached_property
    def ledger(self) -> Ledger:
        """The track record."""
        from suffice.records import Ledger

        return Ledger(self.folder / Ledger.file)
