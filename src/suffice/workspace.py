"""What the stages of one study share: its pool, sources, models, and the files in its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from suffice.errors import InputError, StorageError
from suffice.study import PreferencesTask, RatingsTask, VotesTask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from suffice.channel import Source
    from suffice.demand import Embedded, Offer, RunStore, Scheme, SourceTable
    from suffice.forecast import Criterion, Ledger
    from suffice.labels import Pool
    from suffice.plan import Market
    from suffice.progress import Progress
    from suffice.study import Study
    from suffice.supply import Measured, Offered

_BIAS_FLOOR, _BIAS_PER_SHARED = 2.0, 40.0
"""Prior scale of what a source's shared error teaches, in run-to-run sd: a source whose every
third label is wrong for everyone can move a metric by a dozen of them."""


@dataclass
class Workspace:
    """A study at work. Parts are made when they are first used, and kept.

    Attributes:
        study: what is asked.
        folder: where its results are written.
        progress: shows long steps.
        executor: the name of where to train, see ``suffice.demand.load_executor``.
    """

    study: Study
    folder: Path
    progress: Progress
    executor: str = "processes"

    @cached_property
    def pool(self) -> Pool:
        """Tasks and evaluation."""
        task, study = self.study.task, self.study
        if isinstance(task, RatingsTask):
            from suffice.labels import load_ratings, rating_pool, sample_documents

            ratings = load_ratings(self.progress)
            rng = np.random.default_rng([study.seed, 2])
            chosen = sample_documents(ratings, task.texts, rng)
            raters = {name: int(s.raters or 0) for name, s in study.sources.items()}
            return rating_pool(
                ratings, chosen, raters, pairs=task.evaluation_pairs, seed=study.seed
            )
        labels = {name: study.path(str(s.labels)) for name, s in study.sources.items()}
        if isinstance(task, PreferencesTask):
            from suffice.labels import preference_pool

            return preference_pool(
                labels,
                study.path(task.gold),
                group=task.group,
                slice_by=task.slice,
                seed=study.seed,
                progress=self.progress,
            )
        if isinstance(task, VotesTask):
            from suffice.labels import vote_pool

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

    @property
    def measured(self) -> dict[str, Measured]:
        """The audit behind each source."""
        return self._supply[1]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Sources from the lowest to the highest quality of one label."""
        error = {name: float(m.by_slice().mean()) for name, m in self.measured.items()}
        return tuple(sorted(error, key=lambda name: (-error[name], name)))

    @cached_property
    def quality(self) -> dict[tuple[str, int], float]:
        """Share of right labels after r labels of a task."""
        return {
            (name, r): 1.0 - float(self.measured[name].repeats(r).mean())
            for name, offer in self.offered.items()
            for r in offer.labels_per_task
        }

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
        return Market(
            sources=self.sources,
            order=self.order,
            repeats={name: o.labels_per_task for name, o in self.offered.items()},
            limits={name: self.pool.limit(name) for name in self.offered},
            money=self.study.budget.money,
            weeks=self.study.budget.weeks,
            smallest=max(self.study.grid.smallest // 2, 1),
            takes={name: s.takes for name, s in self.study.sources.items()},
            weekly=self.study.budget.weekly,
            at_least={n: s.at_least for n, s in self.study.sources.items() if s.at_least},
            rounds=self.study.budget.rounds,
        )

    @cached_property
    def offers(self) -> dict[str, Offer]:
        """What a grid may hold of each source."""
        from suffice.demand import Offer

        return {
            name: Offer(
                name,
                self.sources[name].price,
                self.market.most_labels(name),
                self.offered[name].labels_per_task,
                self.pool.limit(name),
            )
            for name in self.order
        }

    @cached_property
    def table(self) -> SourceTable:
        """What the law believes of the sources before it has seen a run."""
        from suffice.demand import SourceTable

        names = tuple(reversed(self.order))

        def fisher(error: float) -> float:
            # Close to the boundary a label with error e is worth (1 - 2e)^2 of a clean one.
            return max((1.0 - 2.0 * error) ** 2, 1e-4)

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
            profiles={n: self.measured[n].mean().profile for n in names},
            limits={n: (m, self._fixed(n)) for n in names if (m := self.pool.limit(n))},
        )

    def _fixed(self, source: str) -> float:
        """Share of a label's variance that stays when the same task is labelled again."""
        rng = np.random.default_rng([self.study.seed, 12])
        tasks = self.pool.draw_tasks(self.pool.limit(source) or 0, rng, source=source)
        first, second = (
            2.0 * self.pool.channel(source).draw(tasks, 1, rng)[:, 0] - 1.0 for _ in range(2)
        )
        return float(np.clip(np.nanmean(first * second), 0.0, 1.0))

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
        from suffice.forecast import Ledger

        return Ledger(self.folder / "ledger.jsonl")

    def write(self, name: str, values: Mapping[str, Any] | list[Any]) -> None:
        """Write one JSON file of the folder, whole or not at all."""
        path = self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = path.with_name(f".{name}.partial")
            partial.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise StorageError(f"{path}: cannot be written ({error.strerror})") from error

    def read(self, name: str, *, made_by: str) -> Any:  # noqa: ANN401 - JSON
        """Read one JSON file of the folder."""
        path = self.folder / name
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InputError("is not there yet", where=str(path), fix=made_by) from None
        except json.JSONDecodeError as error:
            raise InputError(f"is damaged ({error})", where=str(path), fix=made_by) from None
