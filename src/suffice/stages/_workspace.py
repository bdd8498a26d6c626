"""What the stages of one study share: its pool, sources, models, and the files in its folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import numpy as np

from suffice.errors import InputError, StudyError
from suffice.progress import SilentProgress
from suffice.study import PreferencesTask, RatingsTask, VotesTask, load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from suffice.channel import Source
    from suffice.corruption import Trigger
    from suffice.curve import Curve
    from suffice.demand import Embedded, Offer, RunStore, Scheme, SourceTable
    from suffice.forecast import Criterion
    from suffice.plan import Market, Plan
    from suffice.pools import Pool, RatingPool, TaskPool
    from suffice.progress import Progress
    from suffice.records import Ledger, Record
    from suffice.study import Study, WorkersSection
    from suffice.supply import Measured, Offered
    from suffice.supply.operators import StatedPool, Variant

    Given: TypeAlias = "Workspace | Study | str | Path"
    """A study, the path of its file, or a workspace that it is already open in."""

Made = TypeVar("Made")

OUT = Path("suffice-out")
"""Folder of results where none is named."""

MOST_MEASURED = 50_000
"""Labels of one source in the largest cell that is trained. Whoever can buy more gets a forecast
that says how far beyond the measured cells it lies."""

_BIAS_FLOOR, _BIAS_PER_SHARED = 2.0, 40.0
"""Prior scale of what a source's shared error teaches, in run-to-run sd: a source whose every
third label is wrong for everyone can move a metric by a dozen of them."""


def stated_pool(section: WorkersSection) -> StatedPool:
    """The people behind a source, as the study states them."""
    from suffice.supply.operators import StatedPool

    return StatedPool(**section.model_dump())


@dataclass
class Workspace:
    """A study at work. Parts are made when they are first used, and kept.

    Attributes:
        study: what is asked.
        folder: where its results are written.
        progress: shows long steps.
        executor: the name of where to train, see ``suffice.demand.load_executor``.
        planned: the plan that was made last.
    """

    study: Study
    folder: Path
    progress: Progress
    executor: str = "processes"
    planned: Plan | None = None
    _truth: dict[str, bool] = field(default_factory=dict, repr=False)
    _kept: dict[object, object] = field(default_factory=dict, repr=False)

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
        from suffice.pools import plant_trigger

        section = self.study.attack
        pool = self._read_pool()
        if section.trigger is None:
            return pool, None
        kind = pool.evaluation.kind
        # The study has checked that a class is called so; without a name, the last one is meant.
        wanted = kind.answers - 1
        if section.wanted is not None:
            wanted = kind.names.index(section.wanted)
        return plant_trigger(pool, section.trigger, wanted=float(wanted), where=self.study.origin)

    def _read_pool(self) -> RatingPool | TaskPool:
        task, study = self.study.task, self.study
        if isinstance(task, RatingsTask):
            from suffice.pools import load_ratings, rating_pool, sample_documents

            ratings = load_ratings(self.progress)
            rng = np.random.default_rng([study.seed, 2])
            chosen = sample_documents(ratings, task.texts, rng)
            raters = {name: int(s.raters or 0) for name, s in study.sources.items()}
            return rating_pool(
                ratings, chosen, raters, pairs=task.evaluation_pairs, seed=study.seed
            )
        labels = {name: study.path(str(s.labels)) for name, s in study.sources.items()}
        if isinstance(task, PreferencesTask):
            from suffice.pools import preference_pool

            return preference_pool(
                labels,
                study.path(task.gold),
                group=task.group,
                slice_by=task.slice,
                seed=study.seed,
                progress=self.progress,
            )
        if isinstance(task, VotesTask):
            from suffice.pools import vote_pool

            return vote_pool(
                labels,
                study.path(task.items),
                study.path(task.gold),
                classes=task.classes,
                slice_by=task.slice,
                seed=study.seed,
                progress=self.progress,
            )
        raise InputError(f"unknown task {task!r}")

    @cached_property
    def offered(self) -> dict[str, Offered]:
        """Prices and capacities."""
        from suffice.supply import Offered

        return {
            name: Offered(
                s.price, s.capacity, s.latency_days, tuple(sorted(set(s.labels_per_task))), s.about
            )
            for name, s in self.study.sources.items()
        }

    @cached_property
    def _supply(self) -> tuple[dict[str, Source], dict[str, Measured]]:
        from suffice.supply import build_sources

        return build_sources(self.pool, self.offered, seed=self.study.seed)

    @property
    def sources(self) -> dict[str, Source]:
        """Sources with their measured channels."""
        return self._supply[0]

    @cached_property
    def judged(self) -> dict[str, Source]:
        """The sources, whose shared error moves with the capability of the model they judge."""
        from suffice.forecast import fit_capability, read_verdicts, with_capability

        section = self.study.capability
        if section is None:
            return self.sources
        rng = np.random.default_rng([self.study.seed, 72])
        found = dict(self.sources)
        for name, s in self.study.sources.items():
            prior = s.shared_error_slope
            if s.verdicts is not None:
                table = read_verdicts(self.study.path(s.verdicts))
                fit = fit_capability(table, prior=prior or (0.0, 1.0), seed=self.study.seed)
                slope = fit.line.slope
            elif prior is not None:
                slope = rng.normal(*prior, 400)
            else:
                continue
            found[name] = with_capability(self.sources[name], slope, section.measured_at)
        return found

    @property
    def measured(self) -> dict[str, Measured]:
        """The audit behind each source."""
        return self._supply[1]

    @cached_property
    def variants(self) -> dict[str, Variant]:
        """Sources under the quality control that the study offers, by their names in curves."""
        if not any(s.qc for s in self.study.sources.values()):
            return {}
        from suffice.supply.operators import build_variants

        found: dict[str, Variant] = {}
        for name, section in self.study.sources.items():
            if not section.qc:
                continue
            stated = section.workers
            workers = None if stated is None else stated_pool(stated)
            try:
                found |= build_variants(
                    self.sources[name],
                    section.qc,
                    workers,
                    automatic=self.measured[name].automatic,
                    seed=self.study.seed,
                )
            except InputError as error:
                raise StudyError(
                    f"sources.{name}.qc: {error.what}", where=self.study.origin, fix=error.fix
                ) from None
        return found

    @cached_property
    def buyable(self) -> dict[str, Source]:
        """Everything that can be bought: the sources, and the sources under quality control."""
        return {**self.sources, **{name: v.source for name, v in self.variants.items()}}

    def quality_control_assumes(self) -> list[str]:
        """What plans with quality control take for granted, one sentence a source."""
        said = []
        for name, section in self.study.sources.items():
            notes = [note for v in self.variants.values() if v.base == name for note in v.notes]
            if not notes:
                continue
            if section.workers is not None:
                notes.append(f"the workers of {name}: {stated_pool(section.workers)}")
            said.append(f"Quality control of {name} assumes: {'; '.join(dict.fromkeys(notes))}.")
        return said

    def can_train(self, curve: Curve) -> bool:
        """Whether a curve can be trained on: it is not endless, and its labels can be had.

        Quality control is synthetic, and needs gold.
        """
        return all(
            t.tasks <= MOST_MEASURED and (t.source == t.base or self.can_train_operated(t.base))
            for t in curve
        )

    def can_train_operated(self, source: str) -> bool:
        """Whether a source's tasks to train on have gold."""
        if source not in self._truth:
            rng = np.random.default_rng([self.study.seed, 13])
            most = self.pool.limit(source)
            tasks = self.pool.draw_tasks(min(200, most or 200), rng, source=source)
            self._truth[source] = not bool(np.isnan(tasks.truth).any())
        return self._truth[source]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Sources from the lowest to the highest quality of one label."""
        error = {name: float(m.by_slice().mean()) for name, m in self.measured.items()}
        return tuple(sorted(error, key=lambda name: (-error[name], name)))

    @cached_property
    def quality(self) -> dict[tuple[str, int], float]:
        """Share of right labels after r labels of a task."""
        plain = {
            (name, r): 1.0 - float(self.measured[name].repeats(r).mean())
            for name, offer in self.offered.items()
            for r in offer.labels_per_task
        }
        return plain | {(n, 1): 1.0 - v.estimates["error"].value for n, v in self.variants.items()}

    @cached_property
    def market(self) -> Market:
        """What can be bought."""
        from suffice.plan import Market

        for name, offer in self.offered.items():
            most = self.sources[name].max_labels_per_task
            if max(offer.labels_per_task) > most:
                raise InputError(
                    f"sources.{name}.labels_per_task asks for {max(offer.labels_per_task)}",
                    where=self.study.origin,
                    fix=f"its record holds {most} labels of a task",
                )
        operated = self.variants
        quality = {name: self.quality[name, 1] for name in operated}
        quality |= {n: 1.0 - float(m.by_slice().mean()) for n, m in self.measured.items()}
        limits = {name: self.pool.limit(name) for name in self.offered}
        takes = {name: s.takes for name, s in self.study.sources.items()}
        return Market(
            sources=self.buyable,
            order=self.order,
            repeats={
                **{name: o.labels_per_task for name, o in self.offered.items()},
                **dict.fromkeys(operated, (1,)),
            },
            limits=limits | {name: limits[v.base] for name, v in operated.items()},
            money=self.study.budget.money,
            weeks=self.study.budget.weeks,
            smallest=max(self.study.grid.smallest // 2, 1),
            takes=takes
            | {
                name: {k: amount * v.effort for k, amount in takes[v.base].items()}
                for name, v in operated.items()
            },
            weekly=self.study.budget.weekly,
            at_least={n: s.at_least for n, s in self.study.sources.items() if s.at_least},
            rounds=self.study.budget.rounds,
            trigger=self.trigger,
            variants={name: v.base for name, v in operated.items()},
            ranks=tuple(sorted(quality, key=lambda name: (quality[name], name)))
            if operated
            else (),
        )

    @cached_property
    def offers(self) -> dict[str, Offer]:
        """What a grid may hold of each source."""
        from suffice.demand import Offer

        return {
            name: Offer(
                name,
                self.sources[name].price,
                min(self.market.most_labels(name), MOST_MEASURED),
                self.offered[name].labels_per_task,
                self.pool.limit(name),
            )
            for name in self.order
        }

    @cached_property
    def table(self) -> SourceTable:
        """What the law believes of the sources before it has seen a run."""
        from suffice.demand import SourceTable

        names, classes = tuple(reversed(self.order)), self.pool.evaluation.kind.answers
        chance = 1.0 - 1.0 / classes

        def fisher(error: float) -> float:
            # Close to the boundary a label with error e is worth (1 - 2e)^2 of a clean one; where
            # chance errs more than half of the time, that share of the way to it counts.
            return max((1.0 - error / chance) ** 2, 1e-4)

        one = {n: fisher(float(self.measured[n].repeats(1).mean())) for n in names}
        repeats = {
            n: {
                r: float(np.log(fisher(1.0 - self.quality[n, r]) / one[n]))
                for r in {1, *self.offered[n].labels_per_task}
                if (n, r) in self.quality
            }
            or {1: 0.0}
            for n in names
        }
        shared = [
            float((self.measured[n].shared * self.measured[n].share).sum(axis=2).mean())
            for n in names
        ]
        return SourceTable(
            names=names,
            log_worth=np.array([np.log(one[n] / one[names[0]]) for n in names]),
            repeats=repeats,
            bias=_BIAS_FLOOR + _BIAS_PER_SHARED * np.array(shared),
            profiles={
                **{n: self.measured[n].mean().profile for n in names},
                **{n: v.source.posterior.mean().profile for n, v in self.variants.items()},
            },
            classes=classes,
            limits={n: (m, self._fixed(n)) for n in names if (m := self.pool.limit(n))},
        )

    def _fixed(self, source: str) -> float:
        """Share of a label's variance that stays when the same task is labelled again."""
        rng = np.random.default_rng([self.study.seed, 12])
        tasks = self.pool.draw_tasks(self.pool.limit(source) or 0, rng, source=source)
        first, second = (self.pool.channel(source).draw(tasks, 1, rng)[:, 0] for _ in range(2))
        agreement = self.pool.evaluation.kind.agreement(first, second)
        return float(np.clip(np.nanmean(agreement), 0.0, 1.0))

    @cached_property
    def models(self) -> dict[str, Embedded]:
        """Every model of the study with its features of the pool's items."""
        from suffice.demand import Embedded, embed_cached, load_model

        found = {}
        for name in dict.fromkeys([self.study.models.target, *self.study.models.others]):
            self.scheme.check(self.pool, name)
            features = np.empty((0, 0), dtype=np.float32)
            if self.scheme.frozen:
                features = embed_cached(load_model(name), self.pool.items, self.progress)
            found[name] = Embedded(name, self.scheme.fingerprint(name), features)
        return found

    @cached_property
    def scheme(self) -> Scheme:
        """How training uses the labels."""
        from suffice.demand import load_scheme

        return load_scheme(**self.study.scheme.model_dump())

    @cached_property
    def criterion(self) -> Criterion:
        """What a run must reach."""
        from suffice.forecast import Criterion

        section = self.study.criterion
        return Criterion(
            error=section.error,
            worst_slice_error=section.worst_slice_error,
            slices=self.pool.slice_names,
            slice_error=section.slice_error,
            limits=section.limits,
            severe=section.severe,
            validity=None if section.validity == "unknown" else section.validity,
            origin=self.study.origin,
        )

    @cached_property
    def store(self) -> RunStore:
        """Every run ever made on this machine, by what it depends on."""
        from suffice.demand import RunStore
        from suffice.fetch import cache_folder

        return RunStore(cache_folder() / "runs.sqlite")

    @cached_property
    def ledger(self) -> Ledger:
        """The track record."""
        from suffice.records import Ledger

        return Ledger(self.folder / Ledger.file)

    def write(self, name: str, values: Mapping[str, Any] | list[Any]) -> None:
        """Write one JSON file of the folder, whole or not at all."""
        said = {"stages": values} if isinstance(values, list) else values
        record_of(name).model_validate(said).write(self.folder)

    def remove(self, name: str) -> None:
        """Remove one file of the folder, if it is there."""
        record_of(name).remove(self.folder)

    def read(self, name: str, *, made_by: str = "") -> Any:  # noqa: ANN401 - JSON
        """Read one JSON file of the folder."""
        del made_by
        return record_of(name).read(self.folder).as_json()


def record_of(name: str) -> type[Record]:
    """The class of a file of the folder."""
    import suffice.records as r

    every = (r.PlanRecord, r.SupplyRecord, r.ForecastRecord, r.LawRecord, r.NextRecord)
    more = (r.HorizonRecord, r.LockRecord, r.TimingsRecord)
    return next(c for c in (*every, *more) if c.file == name)
