"""The quality-quantity curve as data: what is bought, from whom, and in which order it trains."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from suffice.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np

    from suffice.channel import Channel, Source

_TRANCHE = re.compile(
    r"(?P<tasks>\d{1,3}(,\d{3})+|\d+)\s+(?P<source>[\w.\-]+(/[\w.:,\-]+)?)(\s+x(?P<repeats>[1-9]\d*))?"
    r"(\s+\(round (?P<round>[1-9]\d*)\))?"
)

_OPERATED = "/"


@dataclass(frozen=True)
class Tranche:
    """One purchase.

    Attributes:
        source: name of the source; ``crowd/test:10:8`` is crowd under quality control.
        tasks: how many tasks are labelled.
        labels_per_task: independent labels of each task.
        where: the slices that the tasks come from; empty for all.
        round: training order; tranches of one round are pooled.
        weight: weight of each of its tasks in training.
    """

    source: str
    tasks: int
    labels_per_task: int = 1
    where: tuple[str, ...] = ()
    round: int = 1
    weight: float = 1.0

    @property
    def labels(self) -> int:
        """Labels bought."""
        return self.tasks * self.labels_per_task

    @property
    def base(self) -> str:
        """The source underneath, without quality control."""
        return base_source(self.source)

    @property
    def operated(self) -> bool:
        """Whether it is bought under quality control."""
        return bool(control_of(self.source))


@dataclass(frozen=True)
class Curve:
    """An ordered list of purchases."""

    tranches: tuple[Tranche, ...]

    def __iter__(self) -> Iterator[Tranche]:
        """The tranches in order."""
        return iter(self.tranches)

    @property
    def tasks(self) -> int:
        """Tasks labelled, over all tranches."""
        return sum(t.tasks for t in self.tranches)

    def cost(self, sources: Mapping[str, Source]) -> float:
        """Money for all labels."""
        return sum(t.labels * _source(sources, t.source).price for t in self.tranches)

    def resolve(
        self,
        sources: Mapping[str, Source],
        rng: np.random.Generator | None = None,
        capability: float | None = None,
    ) -> ResolvedCurve:
        """Put a channel into every tranche, the same one into all tranches of a source.

        Args:
            sources: by name.
            rng: draws each channel from what is believed of its source; without it, the mean of
                those beliefs is taken.
            capability: of the model whose outputs are judged.

        Raises:
            InputError: a tranche names a source that is not there.
        """
        drawn: dict[str, Channel] = {}
        for t in self.tranches:
            if t.source not in drawn:
                source = _source(sources, t.source)
                drawn[t.source] = (
                    source.posterior.mean() if rng is None else source.draw(rng, capability)
                )
        return ResolvedCurve(tuple(ResolvedTranche(t, drawn[t.source]) for t in self.tranches))

    def as_list(self) -> list[dict[str, Any]]:
        """The tranches as plain dictionaries, for JSON and hashing.

        ``kind`` says that labels are bought, as every run and ledger has it so far: a curve's
        number and the key of its runs hang on this form.
        """
        return [
            {
                "source": t.source,
                "tasks": t.tasks,
                "labels_per_task": t.labels_per_task,
                "where": t.where,
                "round": t.round,
                "kind": "label",
                "weight": t.weight,
            }
            for t in self.tranches
        ]

    def number(self) -> int:
        """A number that differs between curves: the part of a run's seed that names its curve."""
        text = json.dumps(self.as_list(), sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")

    @classmethod
    def from_list(cls, rows: list[dict[str, Any]]) -> Curve:
        """Read what ``as_list`` wrote; unknown keys (such as a cost) are passed over."""
        known = set(Tranche.__dataclass_fields__)
        kept = [{k: v for k, v in row.items() if k in known} for row in rows]
        return cls(tuple(Tranche(**{**r, "where": tuple(r.get("where", ()))}) for r in kept))

    @classmethod
    def parse(cls, text: str) -> Curve:
        """Read what ``str`` writes: ``3,000 crowd + 200 panel x3 (round 2)``.

        Raises:
            InputError: a part is no purchase.
        """
        tranches = []
        for part in text.split("+"):
            found = _TRANCHE.fullmatch(part.strip())
            if found is None or int(found["tasks"].replace(",", "")) < 1:
                raise InputError(
                    f"{part.strip()!r} is no purchase",
                    fix='write it like "3000 crowd + 200 panel x3 (round 2)"',
                )
            tranches.append(
                Tranche(
                    found["source"],
                    int(found["tasks"].replace(",", "")),
                    int(found["repeats"] or 1),
                    round=int(found["round"] or 1),
                )
            )
        return cls(tuple(tranches))

    def __str__(self) -> str:
        """For people: ``3000 crowd + 200 panel x3``."""
        parts = []
        for t in self.tranches:
            repeats = f" x{t.labels_per_task}" if t.labels_per_task > 1 else ""
            order = f" (round {t.round})" if t.round > 1 else ""
            parts.append(f"{t.tasks:,} {t.source}{repeats}{order}")
        return " + ".join(parts) if parts else "nothing"


@dataclass(frozen=True, eq=False)
class ResolvedTranche:
    """A purchase together with the channel that its labels come through."""

    tranche: Tranche
    channel: Channel


@dataclass(frozen=True, eq=False)
class ResolvedCurve:
    """A curve whose channels have been drawn: what training and laws see."""

    tranches: tuple[ResolvedTranche, ...]

    def __iter__(self) -> Iterator[ResolvedTranche]:
        """The tranches in order."""
        return iter(self.tranches)

    @property
    def curve(self) -> Curve:
        """The curve without its channels."""
        return Curve(tuple(t.tranche for t in self.tranches))

    def rounds(self) -> list[list[ResolvedTranche]]:
        """The tranches of each round, in training order."""
        numbers = sorted({t.tranche.round for t in self.tranches})
        return [[t for t in self.tranches if t.tranche.round == k] for k in numbers]


def base_source(name: str) -> str:
    """The source underneath: ``crowd`` of ``crowd/test:10:8``."""
    return name.partition(_OPERATED)[0]


def control_of(name: str) -> str:
    """The setting of quality control: ``test:10:8`` of ``crowd/test:10:8``; else empty."""
    return name.partition(_OPERATED)[2]


def operated_name(source: str, setting: str) -> str:
    """What a source under a setting of quality control is called in curves.

    Raises:
        InputError: the setting cannot stand in a curve that is written down.
    """
    name = f"{source}{_OPERATED}{''.join(setting.split())}"
    found = _TRANCHE.fullmatch(f"1 {name}")
    if found is None or found["source"] != name:
        raise InputError(
            f"{setting!r} cannot be written in a curve", fix="write numbers plainly, like .05"
        )
    return name


def split_rounds(curve: Curve, order: Sequence[str], at: int) -> Curve:
    """Train the ``at`` sources that come first in ``order`` in round 1 and the rest in round 2.

    A curve that would leave a round empty stays in one round.
    """
    early = set(order[:at])
    rounds = [1 if t.source in early else 2 for t in curve]
    if len(set(rounds)) < 2:
        rounds = [1] * len(rounds)
    return Curve(tuple(replace(t, round=k) for t, k in zip(curve, rounds, strict=True)))


def _source(sources: Mapping[str, Source], name: str) -> Source:
    if name not in sources:
        raise InputError(
            f"unknown source {name!r}", fix=f"known sources: {', '.join(sorted(sources))}"
        )
    return sources[name]
