"""Columns of a table of runs by their names and values, and what was taken for what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from suffice.demand.runs.tables import _names
from suffice.demand.runs.tables._columns import NUMBERED, MetricColumn, RunColumns, SourceColumn
from suffice.demand.runs.tables._mixtures import parse_mixture
from suffice.demand.runs.tables._numbers import Numbers, numbers, size_in, texts
from suffice.metric import SHARE, Metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

_OFF = 0.02
"""How far sums of shares may be from 1: shares rounded to three places over 24 sources miss by
less (RegMix's 17 reach .996 to 1.003)."""

_PROBED = 2000
"""Rows by which columns are recognised; chosen: a head that is read in no time."""

_FEWEST_NUMBERED = 3
"""Columns named by numbers from which on they are numbers of labels; two may be anything."""

_FAMILIES = re.compile(
    r"gpt|llama|mistral|mixtral|qwen|gemma|pythia|bert|^opt|t5|olmo|smollm|falcon|bloom|phi-|vit"
)
_WEAK_IDS = ("name", "index", "id", "hash")
"""Names that are ids of runs only where no two rows share a value."""

_MIXTURES = ("mixture", "mix", "data", "datamix", "trainedon", "trainingdata", "sources", "recipe")


@dataclass(frozen=True, eq=False)
class Recognised:
    """What was recognised.

    Attributes:
        columns: which is what.
        notes: what was guessed and why, one sentence each.
    """

    columns: RunColumns
    notes: tuple[str, ...]


def recognise(frame: pl.DataFrame, results: Sequence[str] = ()) -> Recognised:
    """Say which column of a frame is what.

    Args:
        frame: rows of runs, or of their epochs.
        results: columns that are known to be results, as those of a file of metrics.
    """
    return _Recogniser(frame, results).all()


class _Recogniser:
    def __init__(self, frame: pl.DataFrame, results: Sequence[str]) -> None:
        self.names = frame.columns
        self.frame = frame.head(_PROBED)
        self.results = set(results)
        self.read: dict[str, Numbers] = {n: numbers(self.frame[n]) for n in self.names}
        self.left = list(self.names)
        self.notes: list[str] = []

    def all(self) -> Recognised:
        data_seed, seed, time = (self.role(r) for r in ("data_seed", "seed", "time"))
        state, step = self.role("state"), self.role("step")
        model = self.model()
        size = self.size()
        numbered = self.numbered()
        sources, total, mixture = self.sources(numbered)
        items = self.items()
        run = self.run()
        metrics = self.metrics(items, numbered)
        covariates = self.covariates()
        columns = RunColumns(
            sources=sources, metrics=metrics, total=total, mixture=mixture, numbered=numbered,
            run=run, model=model, size=size, covariates=covariates, seed=seed,
            data_seed=data_seed, time=time, state=state, step=step,
        )  # fmt: skip
        return Recognised(columns, tuple(self.notes))

    def take(self, name: str | None) -> str | None:
        if name is not None and name in self.left:
            self.left.remove(name)
        return name

    def named(self, role: str) -> list[str]:
        by_plain = {_names.plain(n): n for n in reversed(self.left) if n not in self.results}
        return [by_plain[n] for n in _names.ROLES[role] if n in by_plain]

    def role(self, role: str) -> str | None:
        return self.take(next(iter(self.named(role)), None))

    def is_number(self, name: str) -> bool:
        return self.read[name].are

    def differs(self, name: str) -> bool:
        values = self.read[name].values
        return len(np.unique(values[np.isfinite(values)])) > 1

    def model(self) -> str | None:
        for name in self.named("model"):
            if not self.is_number(name):
                return self.take(name)
        for name in self.left:
            if name in self.results or self.is_number(name):
                continue
            values = [v for v in dict.fromkeys(texts(self.frame[name])) if v is not None]
            like = [v for v in values if size_in(v) or _FAMILIES.search(v.lower())]
            several = len(values) <= max(1, len(self.frame) // 2)
            if values and len(like) == len(values) and several:
                return self.take(name)
        return None

    def size(self) -> str | None:
        found = [n for n in self.named("size") if numbers(self.frame[n], units=True).are]
        return self.take(next(iter(found), None))

    def numbered(self) -> str | None:
        found = [n for n in self.left if re.fullmatch(r"\d[\d_]*(\.\d+)?", n)]
        if len(found) < _FEWEST_NUMBERED or not all(self.is_number(n) for n in found):
            return None
        for name in found:
            self.take(name)
        self.notes.append(
            f"columns {found[0]} to {found[-1]} are numbers of labels, each with its value below"
        )
        return "value"

    def sources(
        self, numbered: str | None
    ) -> tuple[tuple[SourceColumn, ...], str | float | None, str | None]:
        if numbered is not None:
            return (SourceColumn(NUMBERED, count=NUMBERED),), None, None
        if counts := self.counts():
            self.total()
            return counts, None, None
        if shares := self.shares() or self.block():
            return shares, self.total(), None
        if mixture := self.mixture():
            return (), self.total(), mixture
        total = self.total()
        if total is None:
            return (), None, None
        name = "tokens" if "tokens" in _names.words(total) else "labels"
        return (SourceColumn(name, count=total),), None, None

    def counts(self) -> tuple[SourceColumn, ...]:
        found: dict[str, list[tuple[int, str]]] = {}
        for name in self.left:
            source = _names.count_of(name)
            if source is None or name in self.results or not self.whole(name):
                continue
            found.setdefault(source[0], []).append((source[1], name))
        for name in [n for rounds in found.values() for _, n in rounds]:
            self.take(name)
        return tuple(
            SourceColumn(source, count=sorted(r)[0][1], rounds=tuple(sorted(r)[1:]))
            if sorted(r)[0][0] == 1
            else SourceColumn(source, rounds=tuple(sorted(r)))
            for source, r in found.items()
        )

    def whole(self, name: str) -> bool:
        read = numbers(self.frame[name], units=True)
        values = read.values[np.isfinite(read.values)]
        return read.are and bool((values >= 0).all()) and bool((values == np.round(values)).all())

    def total(self) -> str | None:
        found = [n for n in self.named("total") if numbers(self.frame[n], units=True).are]
        return self.take(next(iter(found), None))

    def shares(self) -> tuple[SourceColumn, ...]:
        found: dict[str, dict[str, str]] = {}
        for name in self.left:
            share = _names.share_of(name)
            if share is None or name in self.results or not self.part(name):
                continue
            found.setdefault(share[0], {})[share[1]] = name
        kinds = ("actual", "realized", "realised", "", "requested", "target", "nominal")
        taken = []
        for source, columns in found.items():
            lacking = {k: int(self.read[n].missing.sum()) for k, n in columns.items()}
            best = columns[min(columns, key=lambda k: (lacking[k], kinds.index(k)))]
            for name in columns.values():
                self.take(name)
            taken.append(SourceColumn(source, share=best))
            if len(columns) > 1:
                others = ", ".join(n for n in columns.values() if n != best)
                self.notes.append(f"the share of {source} is read from {best}, not from {others}")
        if len(taken) == 1:
            self.notes.append(f"what {taken[0].share} leaves is taken for one source, named rest")
            taken.append(SourceColumn("rest", rest=True))
        return tuple(taken)

    def part(self, name: str) -> bool:
        values = self.read[name].values
        values = values[np.isfinite(values)]
        return self.is_number(name) and bool(len(values) and (values >= 0).all()) and (
            bool((values <= 1).all()) or bool((values <= 100).all())
        )  # fmt: skip

    def block(self) -> tuple[SourceColumn, ...]:
        """Neighbouring columns that add up to 1, or to 100, in every row: shares without a name."""
        able = [n for n in self.left if n not in self.results and self.part(n)]
        able = [n for n in able if _names.better(n) is None and not _names.is_about_the_run(n)]
        if len(able) < 2:
            return ()
        values = np.column_stack([np.nan_to_num(self.read[n].values) for n in able])
        sums = np.concatenate([np.zeros((len(values), 1)), values.cumsum(axis=1)], axis=1)
        best: tuple[int, int] | None = None
        for i in range(len(able) - 1):
            for whole in (1.0, 100.0):
                off = np.abs(sums[:, i + 2 :] - sums[:, [i]] - whole).max(axis=0)
                hits = np.flatnonzero(off <= _OFF * whole) + i + 2
                if len(hits) and (best is None or hits[-1] - i > best[1] - best[0]):
                    best = (i, int(hits[-1]))
        if best is None:
            return ()
        names = able[best[0] : best[1]]
        for name in names:
            self.take(name)
        head = _common_head(names)
        self.notes.append(f"{names[0]} to {names[-1]} add up to 1 in each row: shares of sources")
        return tuple(SourceColumn(name[len(head) :], share=name) for name in names)

    def mixture(self) -> str | None:
        for name in self.left:
            if _names.plain(name) not in _MIXTURES or self.is_number(name):
                continue
            if all(v is None or parse_mixture(v) for v in set(texts(self.frame[name]))):
                return self.take(name)
        return None

    def items(self) -> int | None:
        name = self.role("items")
        if name is None:
            return None
        values = np.unique(self.read[name].values[np.isfinite(self.read[name].values)])
        if len(values) != 1:
            return None
        self.notes.append(f"each value rests on the {values[0]:,.0f} items of {name}")
        return int(values[0])

    def run(self) -> str | None:
        found = self.named("run")
        unique = [n for n in found if self.frame[n].n_unique() == len(self.frame)]
        name = next(iter(unique or found[:1]), None)
        if (
            name is not None
            and not unique
            and _names.plain(name) in ("name", "index", "id", "hash")
        ):
            name = None
        for other in found:
            if other == name or self.frame[other].n_unique() == len(self.frame):
                self.take(other)
        return self.take(name)

    def metrics(self, items: int | None, numbered: str | None) -> tuple[MetricColumn, ...]:
        if numbered is not None:
            unknown = Metric(numbered, better="lower")
            self.notes.append(f"nothing says whether a higher {numbered} is better: lower is taken")
            return (MetricColumn(unknown, numbered),)
        found: list[MetricColumn] = []
        guessed: list[str] = []
        constant: list[str] = []
        started = False
        for name in list(self.left):
            if not self.is_number(name) or re.search(r"std_?err|_se$|_sem$", name.lower()):
                continue
            known = name in self.results or _names.is_result(name)
            started = started or known
            told = (_names.is_setting(name) or self.is_mark(name)) and not known
            if not (known or started) or told or _names.is_about_the_run(name):
                continue
            if not self.differs(name) and np.isfinite(self.read[name].values).sum() > 2:
                constant.append(name)
                continue
            error = _names.error_column(name, self.left)
            metric, sure = self.metric(name, items)
            if not sure:
                guessed.append(name)
            found.append(MetricColumn(metric, name, error))
            self.take(name)
            self.take(error)
        if guessed:
            self.notes.append(
                f"no name says whether more is better of {_some(guessed)}: higher is taken"
            )
        if constant:
            self.notes.append(f"the same in every row, so not read: {_some(constant)}")
        return tuple(found)

    def is_mark(self, name: str) -> bool:
        """Whether a column holds only 0 and 1: a mark on rows rather than a result."""
        values = self.read[name].values
        return bool(np.isin(values[np.isfinite(values)], (0.0, 1.0)).all())

    def metric(self, name: str, items: int | None) -> tuple[Metric, bool]:
        """A metric by its name and values, and whether the name says its direction."""
        values = self.read[name].values
        values = values[np.isfinite(values)]
        direction = _names.better(name)
        least, most = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        low, high, unit = -inf, inf, ""
        if _names.is_signed(name) and least >= -1 and most <= 1:
            low, high = -1.0, 1.0
        elif least >= 0 and most <= 1 and (direction != "lower" or _names.is_share(name)):
            low, high, unit = 0.0, 1.0, SHARE
        elif _names.is_share(name) and least >= 0 and 1.5 < most <= 100:
            low, high, unit = 0.0, 100.0, "%"
        elif direction == "lower" and least >= 0:
            low = 0.0
        metric = Metric(
            name, better=direction or "higher", low=low, high=high, unit=unit, items=items
        )
        return metric, direction is not None

    def covariates(self) -> tuple[str, ...]:
        found: list[str] = []
        constant: list[str] = []
        for name in list(self.left):
            if name in self.results or _names.is_about_the_run(name):
                continue
            if self.is_number(name):
                kinds = int(self.differs(name)) + 1
                wanted = _names.is_setting(name)
            else:
                kinds = len({t for t in texts(self.frame[name]) if t is not None})
                wanted = 0 < kinds <= max(2, len(self.frame) // 2)
            if not wanted:
                continue
            self.take(name)
            (found if kinds > 1 else constant).append(name)
        if constant:
            self.notes.append(f"the same in every run, so nothing is learned of {_some(constant)}")
        return tuple(found)


def _common_head(names: Sequence[str]) -> str:
    """The words that all names begin with, up to a separator: ``train_`` of ``train_arxiv``."""
    same = [len(set(letters)) == 1 for letters in zip(*names, strict=False)]
    head = names[0][: same.index(False) if False in same else len(same)]
    cut = max(head.rfind(c) for c in "_/:. -")
    if any(name[cut + 1 :].isdigit() for name in names):  # domain_1 says more than 1
        cut = max(head.rfind(c, 0, max(cut, 0)) for c in "_/:. -")
    return head[: cut + 1]


def _some(names: Sequence[str], shown: int = 6) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
