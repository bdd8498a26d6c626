"""What an audit estimates, as a channel: a posterior that draws labels like those seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suffice.channel import Profile
from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from suffice.channel import Channel, Tasks
    from suffice.supply._votes import Votes
    from suffice.supply.sources._capability_trend import CapabilityTrend
    from suffice.supply.workers import Difficulty, Drawn, SharedError, WorkerFit

    Array = NDArray[Any]

BINS = 3
"""Bins of difficulty in a profile: easy, middling and hard (convention of ``_sources.BINS``)."""
_MOST_WORKERS = 200
"""The busiest workers whose mean error is matched (chosen for time; beyond them nobody's load
moves the mean visibly)."""
_REACH = 8.0
"""Skills are shifted by this much at most: chances of .0003 and .9997 at even odds."""
_COARSE = 4e-3
"""Precision of the share of tasks that mislead, as a part of the error: chosen, far below its own
uncertainty, since each step of the search holds a search of the skill."""
_MOST_STEPS = 60
"""More than any search takes (about 8); a bound, not a choice."""


@dataclass(frozen=True, eq=False)
class AuditedChannel:
    """One channel that an audit allows; draws labels as the fitted crowd would give them.

    Attributes:
        name: of the source.
        profile: its error by slice and difficulty.
        classes: the names of the classes.
        drawn, difficulty: one draw of the worker model.
        number_W: the model's worker of each worker; those who copy one key share a number.
        load_W: share of the labels that each worker gives.
        misled: share of tasks that mislead everybody.
        flip_KK: what a misled crowd takes a class for, [truth, seen].
        shift_S: added to all skills on a slice, so that its error is the measured one.
        slice_names: the slices; tasks outside them are refused.
    """

    name: str
    profile: Profile
    classes: tuple[str, ...]
    drawn: Drawn
    difficulty: Difficulty
    number_W: NDArray[np.int64]
    load_W: NDArray[np.float64]
    misled: float
    flip_KK: NDArray[np.float64]
    shift_S: NDArray[np.float64]
    slice_names: tuple[str, ...]

    def draw(
        self, tasks: Tasks, labels_per_task: int, rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Labels of two-class tasks in {0, 1}, float64 [task, label]; 1 is the second class.

        Raises:
            InputError: the audit has more than two classes, or asks for more labels a task than
                there are workers.
            ValueError: the truth of a task is unknown.
        """
        import numpy as np

        if len(self.classes) != 2:
            raise InputError(
                f"channel {self.name!r} has {len(self.classes)} classes, not two",
                fix="draw with draw_classes(truth, labels_per_task, rng)",
            )
        if np.isnan(tasks.truth).any():
            raise ValueError(f"channel {self.name!r} draws from the truth, which some tasks lack")
        truth = (rng.random(len(tasks)) < tasks.truth).astype(np.int64)
        labels = self.draw_classes(
            truth, labels_per_task, rng, slices=tasks.slices, difficulty=tasks.difficulty
        )
        return labels.astype(np.float64)

    def draw_classes(
        self,
        truth: NDArray[np.int64],
        labels_per_task: int,
        rng: np.random.Generator,
        *,
        slices: NDArray[np.int64] | None = None,
        difficulty: NDArray[np.float64] | None = None,
    ) -> NDArray[np.int64]:
        """Number of the class of each label, int64 [task, label].

        Args:
            truth: number of the right class of each task.
            labels_per_task: from so many different workers.
            rng: the only source of chance.
            slices: the slice of each task; by default the first.
            difficulty: 0 (easiest) to 1 (hardest) of the audited tasks; NaN where unknown.
        """
        import numpy as np

        tasks, able = len(truth), int((self.load_W > 0).sum())
        if labels_per_task > able:
            raise InputError(
                f"source {self.name!r} has {able} workers: it cannot give {labels_per_task} "
                "labels of one task",
                fix=f"ask for at most {able}",
            )
        # Exponential races pick workers without repetition, in proportion to their load.
        who = np.flatnonzero(self.load_W > 0)
        worker = np.empty((tasks, labels_per_task), dtype=np.int64)
        step = max(4_000_000 // len(who), 1)
        for start in range(0, tasks, step):
            race = rng.exponential(size=(min(step, tasks - start), len(who))) / self.load_W[who]
            first = np.argpartition(race, labels_per_task - 1, axis=1)[:, :labels_per_task]
            worker[start : start + step] = who[first]
        task = np.repeat(np.arange(tasks), labels_per_task)
        labels = self.labels_of(
            task, worker.ravel(), self.mislead(truth, rng), rng, slices, difficulty
        )
        return labels.reshape(tasks, labels_per_task)

    def mislead(self, truth: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """What the crowd takes each task for: its truth, or another class where it is misled."""
        import numpy as np

        seen = truth.copy()
        hit = np.flatnonzero(rng.random(len(truth)) < self.misled)
        heap = self.flip_KK.cumsum(axis=1)[truth[hit]]
        seen[hit] = np.minimum(
            (heap < rng.random((len(hit), 1)) * heap[:, -1:]).sum(axis=1), len(self.classes) - 1
        )
        return seen

    def labels_of(
        self,
        task: NDArray[np.int64],
        worker: NDArray[np.int64],
        seen: NDArray[np.int64],
        rng: np.random.Generator,
        slices: NDArray[np.int64] | None = None,
        difficulty: NDArray[np.float64] | None = None,
    ) -> NDArray[np.int64]:
        """The labels that given workers give to given tasks, int64 [label].

        ``seen`` is what the crowd takes each task for; ``task`` and ``worker`` are parallel.
        """
        import numpy as np

        place = rng.random(len(seen))
        if difficulty is not None:
            place = np.where(np.isnan(difficulty), place, difficulty)
        order = np.argsort(self.difficulty.levels)
        heap = self.drawn.level_D[order].cumsum()
        level = order[np.minimum(np.searchsorted(heap / heap[-1], place), len(order) - 1)]
        shift = np.zeros(len(seen)) if slices is None else self._shift(slices)
        if slices is None and len(self.shift_S):
            shift = np.full(len(seen), self.shift_S[0])
        count = int(self.number_W.max()) + 1
        if count == len(self.number_W):
            who = self.number_W[worker]
            return self.drawn.labels(
                self.difficulty, who, seen[task], level[task], shift[task], rng
            )
        # Those who copy one key give one answer to a task: it is drawn once.
        cell, back = np.unique(task * count + self.number_W[worker], return_inverse=True)
        at, who = cell // count, cell % count
        given = self.drawn.labels(self.difficulty, who, seen[at], level[at], shift[at], rng)
        return np.asarray(given[back])

    def _shift(self, slices: NDArray[np.int64]) -> NDArray[np.float64]:
        if len(slices) and (int(slices.max()) >= len(self.shift_S) or int(slices.min()) < 0):
            raise InputError(
                f"slice {int(slices.max())} is none of the audit's {len(self.shift_S)} slices: "
                f"{', '.join(self.slice_names)}",
                fix="number the slices as the audit does",
            )
        return self.shift_S[slices]


@dataclass(frozen=True, eq=False)
class AuditedPosterior:
    """What an audit believes of a source's channel: a ``ChannelPosterior``.

    Model: the fitted worker model (confusion matrices, difficulty), workers in proportion to the
    labels they gave, copiers as one voice, a share of tasks that mislead everybody (as much as it
    takes for labels that err as measured to agree as they do), and skills shifted on each slice so
    that its error is a draw of the error measured there.
    Assumes: new tasks are like the audited ones, and the same workers label them.
    Fails when: a slice is hard for other reasons than lower skill; the model is wrong in what
    ``Audit.summary.predictive_check`` does not look at.

    Attributes:
        channels: equally likely channels.
        moved: makes the channel of a number at another capability of the judged model; None where
            the labels are about one capability only.
    """

    channels: tuple[AuditedChannel, ...]
    moved: Callable[[int, float], AuditedChannel] | None = None

    def draw(self, rng: np.random.Generator, capability: float | None = None) -> Channel:
        """One channel, for labels on outputs of a model of that capability.

        Without a capability, or where the audited labels do not span several, it is the channel of
        the audited labels.
        """
        number = int(rng.integers(len(self.channels)))
        if capability is None or self.moved is None:
            return self.channels[number]
        return self.moved(number, capability)

    def mean(self) -> Channel:
        """A channel with the posterior mean profile."""
        import numpy as np

        profiles = [channel.profile for channel in self.channels]
        middle = int(np.argsort([p.error.mean() for p in profiles])[len(profiles) // 2])
        profile = replace(
            profiles[0],
            error=np.mean([p.error for p in profiles], axis=0),
            shared=np.mean([p.shared for p in profiles], axis=0),
        )
        return replace(self.channels[middle], profile=profile)


@dataclass(frozen=True, eq=False)
class ChannelBook:
    """What the channels of an audit are made from; kept by ``Audit``.

    Attributes:
        fit, shared: the fitted worker model and the shared error.
        number_W: the model's worker of each worker.
        load_NW: labels by source and worker.
        labels_NS: labels by source and slice.
        error_DNS: drawn error of a label by source and slice; NaN where there is none.
        agreement_N: how often two labels of a task agree, by source, and last of all labels; NaN
            where no task has two.
        classes, source_names, slice_names: the names behind the numbers.
        trends: how error and agreement move with the capability of the judged model, by number of
            the source, -1 for all labels; empty where the labels are about one capability.
    """

    fit: WorkerFit
    shared: SharedError
    number_W: NDArray[np.int64]
    load_NW: NDArray[np.float64]
    labels_NS: NDArray[np.float64]
    error_DNS: NDArray[np.float64]
    agreement_N: NDArray[np.float64]
    classes: tuple[str, ...]
    source_names: tuple[str, ...]
    slice_names: tuple[str, ...]
    trends: Mapping[int, CapabilityTrend]

    def posterior(self, source: str | None = None) -> AuditedPosterior:
        """The channel posterior of one source, or of all labels together.

        Raises:
            InputError: there is no such source.
        """
        import numpy as np

        if source is not None and source not in self.source_names:
            raise InputError(
                f"no source {source!r} in the audit",
                fix=f"name one of {', '.join(self.source_names)}",
            )
        rows = [self.source_names.index(source)] if source else list(range(len(self.source_names)))
        weight = self.labels_NS[rows]
        error = np.nan_to_num(self.error_DNS[:, rows])
        total = np.maximum(weight.sum(axis=0), 1.0)
        by_slice = (error * weight).sum(axis=1) / total
        whole = (error * weight).sum(axis=(1, 2)) / weight.sum()
        # A slice that the source has not labelled is taken for an average one.
        by_slice = np.where(weight.sum(axis=0) > 0, by_slice, whole[:, None])
        load = self.load_NW[rows].sum(axis=0)
        agreement = float(self.agreement_N[rows[0] if source else -1])
        name, share = source or "all", load / load.sum()
        drawn = self.fit.chosen.drawn
        places = np.linspace(0, len(by_slice) - 1, len(drawn)).astype(int)
        trend = self.trends.get(rows[0] if source else -1)

        def channel(number: int, capability: float | None = None) -> AuditedChannel:
            place = places[number]
            errors, agree = np.append(whole[place], by_slice[place]), agreement
            if trend is not None and capability is not None:
                errors, agree = trend.at(number, capability, errors, agree)
            return self._channel(name, drawn[number], float(errors[0]), errors[1:], agree, share)

        return AuditedPosterior(
            tuple(channel(number) for number in range(len(drawn))),
            moved=None if trend is None else channel,
        )

    def _channel(
        self,
        name: str,
        drawn: Drawn,
        whole: float,
        error_S: Array,
        agreement: float,
        load_W: Array,
    ) -> AuditedChannel:
        import numpy as np

        difficulty, classes = self.fit.difficulty, len(self.classes)
        crowd = np.bincount(self.number_W, load_W, int(self.number_W.max()) + 1)
        busiest = np.argsort(-crowd)[:_MOST_WORKERS]
        weight_W = crowd[busiest] / crowd[busiest].sum()
        who, level = busiest[:, None, None], np.arange(difficulty.count)

        def table(shift: float) -> Array:
            return drawn.crowd(difficulty, busiest, weight_W, shift)

        right = drawn.right_by_shift(difficulty, who, np.arange(classes)[:, None], level)
        # Where skills do not depend on the class, the classes' shares add up to one.
        share_K = drawn.share_K if drawn.a_WK.shape[1] > 1 else np.ones(1)
        part_N = (weight_W[:, None] * share_K).ravel()

        def wrong(shift: float) -> Array:
            """Error by level, behind what misleads everybody."""
            return np.asarray(1.0 - part_N @ right(np.asarray(shift)).reshape(len(part_N), -1))

        def seen(alone: Array, misled: float) -> Array:
            """The error with what misleads everybody: a misled label is right by accident."""
            return (1.0 - misled) * alone + misled * (1.0 - alone / (classes - 1))

        def skill(error: float, misled: float) -> float:
            """The shift of skills that gives an error."""
            return _root(lambda x: error - float(seen(wrong(x), misled) @ drawn.level_D), _REACH)

        def agree(misled: float) -> float:
            """How often two labels agree if the error is as measured and so many are misled."""
            square = (table(skill(whole, misled)) ** 2).sum(axis=2)
            return float(drawn.share_K @ square @ drawn.level_D)

        # More error with the same agreement is more shared error.
        misled = 0.0
        if np.isfinite(agreement) and agree(0.0) < agreement:
            misled = whole / 2.0 + _root(
                lambda x: agree(whole / 2.0 + x) - agreement, whole / 2.0, _COARSE
            )
        shift = np.array([skill(float(error), misled) for error in error_S])
        alone = np.array([wrong(float(value)) for value in shift])
        return AuditedChannel(
            name=name,
            profile=_profile(alone, drawn.level_D, difficulty, misled, seen),
            classes=self.classes,
            drawn=drawn,
            difficulty=difficulty,
            number_W=self.number_W,
            load_W=load_W,
            misled=misled,
            flip_KK=self.shared.flip_KK,
            shift_S=shift,
            slice_names=self.slice_names,
        )


def channel_book(
    votes: Votes,
    fit: WorkerFit,
    shared: SharedError,
    number_W: Array,
    errors: dict[tuple[int, int], Array],
    trends: Mapping[int, CapabilityTrend],
) -> ChannelBook:
    """Gather what the channels are made from; ``errors`` holds draws by source and slice."""
    import numpy as np

    _, workers, _ = votes.shape
    sources, slices = len(votes.source_names), len(votes.slice_names)
    load = np.bincount(votes.sources * workers + votes.worker, minlength=sources * workers)
    place = votes.sources * slices + votes.slices[votes.task]
    labels = np.bincount(place, minlength=sources * slices)
    draws = len(next(iter(errors.values())))
    error = np.full((draws, sources, slices), np.nan)
    for (source, number), values in errors.items():
        error[:, source, number] = values
    return ChannelBook(
        fit=fit,
        shared=shared,
        number_W=np.asarray(number_W),
        load_NW=load.reshape(sources, workers).astype(np.float64),
        labels_NS=labels.reshape(sources, slices).astype(np.float64),
        error_DNS=error,
        agreement_N=np.array(
            [_agreement(votes, votes.sources == source) for source in range(sources)]
            + [_agreement(votes, np.ones(len(votes), dtype=bool))]
        ),
        classes=votes.classes,
        source_names=votes.source_names,
        slice_names=votes.slice_names,
        trends=trends,
    )


def _agreement(votes: Votes, mask: Array) -> float:
    """How often two labels of one task agree, each task counting once."""
    import numpy as np

    tasks, _, classes = votes.shape
    cells = np.bincount(votes.task[mask] * classes + votes.label[mask], minlength=tasks * classes)
    counts = cells.reshape(tasks, classes)
    n = counts.sum(axis=1)
    many = n >= 2
    if not many.any():
        return float("nan")
    return float(((counts * (counts - 1)).sum(axis=1)[many] / (n * (n - 1.0))[many]).mean())


def _root(rising: Callable[[float], float], reach: float, precision: float = 1e-5) -> float:
    """Where a rising function is zero, between -reach and reach; the nearer end if nowhere.

    Reference: Dowell and Jarratt (1971), BIT 11: false position, where an end that stays counts
    half as much each time ("Illinois"); a third of the calls that halving takes.
    """
    low, high = -reach, reach
    below, above = rising(low), rising(high)
    if below > 0.0:
        return low
    if above <= 0.0:
        return high
    side, width, slow, near = 0, high - low, 0, precision * reach
    for _ in range(_MOST_STEPS):
        if high - low <= near:
            break
        # Half a precision away from both ends: a root next to one of them is soon enclosed.
        place = (low * above - high * below) / (above - below)
        place = min(max(place, low + near / 2.0), high - near / 2.0)
        if slow == 2:  # far from straight: halve, and go on from there
            place, slow = (low + high) / 2.0, 0
        value = rising(place)
        if value > 0.0:
            high, above, below = place, value, below * (0.5 if side == 1 else 1.0)
            side = 1
        else:
            low, below, above = place, value, above * (0.5 if side == -1 else 1.0)
            side = -1
        slow = slow + 1 if high - low > width / 2.0 else 0
        width = high - low
    return (low + high) / 2.0


def _profile(
    alone_SD: Array,
    level_D: Array,
    difficulty: Difficulty,
    misled: float,
    seen: Any,  # noqa: ANN401 - a function of arrays
) -> Profile:
    """The error in equal bins of difficulty; levels that straddle two bins are split."""
    import numpy as np

    order: Sequence[int] = np.argsort(difficulty.levels).tolist()
    ends = np.concatenate([[0.0], level_D[order].cumsum()])
    edges = np.linspace(0.0, 1.0, BINS + 1)
    inside = np.clip(
        np.minimum(ends[1:], edges[1:, None]) - np.maximum(ends[:-1], edges[:-1, None]), 0.0, None
    )
    inside /= inside.sum(axis=1, keepdims=True)
    error = seen(alone_SD[:, order], misled) @ inside.T
    # Where most are wrong, repeats agree on the wrong answer: that too is shared.
    leaning = (alone_SD[:, order] > 0.5) @ inside.T
    shared = np.minimum(misled + (1.0 - misled) * leaning, np.minimum(error, 0.5))
    return Profile(error, np.full(error.shape, 1.0 / BINS), shared)
