"""Gold checks: hidden questions among the tasks, and sequential expulsion of who fails them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from suffice.supply.operators._beliefs import require
from suffice.supply.operators._operated import Operator
from suffice.supply.operators._rules import POINTS, GoldScore, Standing
from suffice.supply.operators._samplers import PoolSampler
from suffice.supply.operators._worlds import need_people

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from suffice.supply.operators._samplers import Codes, Sampler
    from suffice.supply.operators._worlds import Worlds

    Floats = NDArray[np.float64]

_GRID = 97
"""Accuracies between 0 and 1 at which a worker's fate is computed; in between it is linear.
Chosen: about every hundredth, finer than any evidence of an accuracy."""
_LONGEST = 2000
"""Answers of a career that are followed one by one; nearly all who will be expelled are by then.
Chosen: the exact computation takes time in proportion."""


@dataclass(frozen=True, eq=False)
class Caught:
    """How a worker with one accuracy fares under gold checks.

    Attributes:
        expelled: chance to be expelled within the career.
        labels: mean number of (not gold) labels that get in before expulsion or the career's end.
        alive: chance to be still there before each answer [answer].
    """

    expelled: float
    labels: float
    alive: Floats


@dataclass(frozen=True)
class GoldChecks(Operator):
    """A share of all answers are gold questions, and workers who fail too many are expelled.

    Wald's sequential test of ``bad`` against ``good`` runs over each worker's gold answers:
    crossing the upper boundary expels, crossing the lower one starts the count anew, so nobody is
    trusted for ever.

    Model: gold comes at random with chance ``rate``; answers to it are independent, right with the
    worker's chance on gold. Scores are rounded to whole points, and with them the distribution of
    the time of expulsion is computed exactly, answer by answer.
    Assumes: workers cannot tell gold from tasks (hostile ones may: see ``camouflage``), and leave
        after ``stint`` answers.
    Fails when: gold repeats itself and workers share the answers.
    Reference: Wald (1945), Annals of Mathematical Statistics 16; Page (1954), Biometrika 41.

    Attributes:
        rate: share of answers that are gold.
        good, bad: accuracy that is good enough, and that is not.
        false_alarm, miss: chances of error of each test.
        discard: throw away (and buy again) all labels of who is expelled.
        gold_price: what one use of a gold question costs beside the worker's pay.
    """

    rate: float = 0.1
    good: float = 0.85
    bad: float = 0.6
    false_alarm: float = 0.02
    miss: float = 0.1
    discard: bool = False
    gold_price: float = 0.0

    def __post_init__(self) -> None:
        """Rates are rates, and bad is worse than good."""
        fine = 0.0 < self.rate < 1.0 and 0.0 < self.bad < self.good < 1.0
        fine = fine and 0.0 < self.false_alarm < 0.5 and 0.0 < self.miss < 0.5
        require(
            fine and self.gold_price >= 0.0,
            f"gold checks at rate {self.rate:g} of good {self.good:g} against bad {self.bad:g} "
            "cannot be",
            "give 0 < rate < 1, 0 < bad < good < 1, error chances below .5",
        )

    @property
    def tells_workers_apart(self) -> bool:
        """Good workers stay, bad ones go."""
        return True

    def __str__(self) -> str:
        """In words."""
        redo = ", redo" if self.discard else ""
        return f"{100 * self.rate:g} % gold ({self.good:g} v {self.bad:g}{redo})"

    def rule(self) -> GoldScore:
        """The test that runs over each worker's gold answers."""
        return GoldScore.against(self.good, self.bad, false_alarm=self.false_alarm, miss=self.miss)

    def fate(self, gold_right: float, career: int) -> Caught:
        """What happens to a worker who is right on gold with this chance."""
        alive = _survival(self, (gold_right,), career)[:, 0]
        return Caught(
            expelled=float(1.0 - alive[-1]),
            labels=float((1.0 - self.rate) * alive[:-1].sum()),
            alive=alive[:-1],
        )

    def _curves(self, stint: float) -> tuple[Floats, Floats, Floats]:
        """Accuracy on gold, share of the career worked, and chance to last it [grid]."""
        grid = np.linspace(0.0, 1.0, _GRID)
        alive = _survival(self, tuple(grid.tolist()), _steps(stint))
        return grid, alive[:-1].mean(axis=0), alive[-1]

    def transform(self, worlds: Worlds, effects: Floats) -> Worlds:
        """Each kind of worker stays for a share of its answers; gold and lost work are paid."""
        need_people(worlds, "gold checks")
        grid, worked, lasts = self._curves(worlds.stint)
        right = worlds.gold_right()
        at_work = np.interp(right, grid, worked)
        kept = np.interp(right, grid, lasts) if self.discard else at_work
        after, share = worlds.screened(kept)
        paid = (worlds.weight * at_work).sum(axis=1)
        cost = worlds.price + self.rate * self.gold_price
        delivered = share * (1.0 - self.rate)
        notes = [f"a label's worker gives {worlds.stint:.3g} answers in all"]
        if len(worlds.hostile) == 1:
            notes.append("workers are taken to be alike: checks can only cost")
        return replace(
            after, price=cost * paid / delivered, capacity=worlds.capacity * delivered
        ).noting(*notes)

    def sampler(self, inner: Sampler, before: Worlds, after: Worlds, effects: Floats) -> Sampler:
        """Follow each worker's answers up to a random moment (or to the end, with ``discard``)."""
        assert isinstance(inner, PoolSampler)
        right, career = before.gold_right()[0], _steps(before.stint)

        def keep(kinds: Codes, rng: np.random.Generator) -> NDArray[np.bool_]:
            ends = np.full(len(kinds), career)
            moment = ends if self.discard else rng.integers(career, size=len(kinds))
            return self.follow(right[kinds], moment, rng)

        return replace(inner, screens=(*inner.screens, keep))

    def follow(
        self, gold_right: Floats, answers: Codes, rng: np.random.Generator
    ) -> NDArray[np.bool_]:
        """Simulate workers for so many answers each: who is still there [worker]."""
        rule = self.rule()
        score = np.full(len(gold_right), rule.start(), dtype=np.int64)
        alive = np.ones(len(gold_right), dtype=bool)
        for step in range(int(answers.max(initial=0))):
            at = np.flatnonzero(alive & (step < answers))
            at = at[rng.random(len(at)) < self.rate]
            score[at], standing = rule.step(score[at], rng.random(len(at)) < gold_right[at])
            alive[at] = standing == Standing.STAYS
        return alive


def _steps(stint: float) -> int:
    return int(min(max(round(stint), 1), _LONGEST))


@lru_cache(maxsize=512)
def _survival(checks: GoldChecks, gold_right: tuple[float, ...], career: int) -> Floats:
    """Chance not to be expelled before each answer, and after the last [answer + 1, accuracy]."""
    rule = checks.rule()
    right, anew, expel = rule.right, rule.anew, rule.expel
    p = np.asarray(gold_right)[:, None]
    size = expel - anew - 1  # scores anew+1 .. expel-1
    chance = np.zeros((len(p), size))
    chance[:, -anew - 1] = 1.0
    alive = np.empty((career + 1, len(p)))
    for step in range(career):
        alive[step] = chance.sum(axis=1)
        moved = np.zeros_like(chance)
        moved[:, POINTS:] = (1.0 - p) * chance[:, : max(size - POINTS, 0)]
        moved[:, : max(size - right, 0)] += p * chance[:, right:]
        moved[:, -anew - 1] += (p * chance[:, :right]).sum(axis=1)
        chance = (1.0 - checks.rate) * chance + checks.rate * moved
    alive[career] = chance.sum(axis=1)
    return alive
