"""Splits of public preference data: xstest, and files of chosen and rejected answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from split import FlippedChannel, Split

from suffice.errors import MissingError
from suffice.labels import read_frame, read_preferences
from suffice.labels.kinds import COMPARISON, classes_kind
from suffice.pools._pool import split_documents
from suffice.pools._task_pool import SourceLabels, TaskList, TaskPool, number_of, task_pool
from suffice.study import parse_study

if TYPE_CHECKING:
    from collections.abc import Mapping

    from designs import Design

    from suffice.channel import Channel
    from suffice.pools import Pool
    from suffice.progress import Progress

HELD_BACK = 0.25
"""Share of the prompts whose tasks judge; the others train."""

_COMPLIES = "1_full_compliance"


@dataclass(frozen=True, eq=False)
class Recorded:
    """A finite set of tasks, with what each source said of them.

    Attributes:
        tasks: all of them, with gold.
        votes: by source.
        noisy: *synthetic* sources: whose labels are turned round, and which share of them.
    """

    tasks: TaskList
    votes: dict[str, SourceLabels]
    noisy: dict[str, tuple[str, float]]


@dataclass(frozen=True, eq=False)
class NoisyPool(TaskPool):
    """A pool some of whose sources are others with *synthetic* noise on top.

    Attributes:
        flips: share of labels turned round, by source.
    """

    flips: Mapping[str, float] = field(default_factory=dict)

    def channel(self, source: str) -> Any:  # noqa: ANN401 - a recorded channel of either kind
        """The recorded labels of ``source``, turned round where it is noisy."""
        base = super().channel(source)
        rate = self.flips.get(source)
        return base if rate is None else FlippedChannel(source, base, rate)


class PreferenceSplit(Split):
    """A recorded set of tasks, its prompts divided anew into training and evaluation."""

    def __init__(self, number: int, progress: Progress, design: Design, data: Recorded) -> None:
        """Make split ``number``."""
        names = dict.fromkeys(self.known_as(source) for source in design.order)
        study = parse_study(
            {
                "name": design.name,
                "seed": number,
                "task": {"kind": "votes", "items": "recorded", "gold": "recorded"},
                "criterion": {"error": 0.2},
                "sources": {name: {"price": 1.0, "labels": "recorded"} for name in names},
                "models": {"target": design.target},
                "budget": {"money": 1.0},
            }
        )
        super().__init__(number, progress, design, study)
        self.data = data

    @cached_property
    def pool(self) -> Pool:
        """Gold judges where this split's seed says so; elsewhere it is put away."""
        tasks = self.data.tasks
        judge = split_documents(tasks.group, HELD_BACK, np.random.default_rng([self.number, 5]))
        judged = replace(tasks, gold=np.where(judge, tasks.gold, np.nan))
        votes = {}
        for source in (*self.design.order, *self.design.seen_level):
            name = self.known_as(source)
            # Noise falls on recorded labels, so that its tasks are the record's.
            votes[source] = self.data.votes[self.data.noisy.get(name, (name, 0.0))[0]]
        pool = task_pool(judged, votes, seed=self.number, where=self.study.name)
        return NoisyPool(**vars(pool), flips={n: rate for n, (_, rate) in self.data.noisy.items()})

    def channel(self, source: str) -> Channel:
        """The measured channel of a source; ``NAME.flipRR`` has RR % synthetic flips in all."""
        name, _, percent = source.partition(".flip")
        channel = self.measured[name].channel
        if not percent:
            return channel
        _, rate = self.data.noisy.get(name, (name, 0.0))
        # Flips on flips at a and b leave 1 - 2r = (1 - 2a)(1 - 2b).
        more = 0.5 - 0.5 * (1.0 - 2.0 * int(percent) / 100.0) / (1.0 - 2.0 * rate)
        return FlippedChannel(source, channel, more)


def load_xstest(folder: Path) -> Recorded:
    """Completions of five models on 450 prompts: does the model comply, fully?

    Gold is the adjudicated label. ``people`` are the two annotators, ``gpt4`` and ``strings`` the
    judges that come with the data; whatever a judge says instead of a class is no compliance.
    """
    files = sorted((folder / "evaluation" / "automated_evaluation_labels").glob("*_gpteval.csv"))
    if not files:
        raise _missing(folder)
    texts, prompts, kinds = [], [], []
    said: dict[str, list[list[bool]]] = {"gold": [], "people": [], "gpt4": [], "strings": []}
    for path in files:
        judged = read_frame(path)
        matched = read_frame(path.with_name(path.name.replace("gpteval", "streval")))
        prompts += judged["prompt"].to_list()
        kinds += judged["type"].to_list()
        texts += [f"{p}\n\n{c}" for p, c in judged.select("prompt", "completion").iter_rows()]
        for name, frame, columns in (
            ("gold", judged, ["final_label"]),
            ("people", judged, ["annotation_1", "annotation_2"]),
            ("gpt4", judged, ["gpt4_label"]),
            ("strings", matched, ["strmatch_label"]),
        ):
            said[name] += [[x == _COMPLIES for x in row] for row in frame.select(columns).rows()]
    group, _ = number_of(prompts)
    count = len(texts)
    return Recorded(
        TaskList(
            items=tuple(texts),
            a=np.arange(count, dtype=np.int64),
            b=np.full(count, -1, dtype=np.int64),
            slices=np.array([k.startswith("contrast") for k in kinds], dtype=np.int64),
            slice_names=("safe", "unsafe"),
            group=group,
            gold=np.array(said["gold"], dtype=np.float64)[:, 0],
            kind=classes_kind(2),
        ),
        {
            name: SourceLabels(
                np.repeat(np.arange(count), len(rows[0])),
                np.array(rows, dtype=np.float64).ravel(),
            )
            for name, rows in said.items()
            if name != "gold"
        },
        {"crowd": ("people", 0.1)},
    )


def load_pairs(path: Path) -> Recorded:
    """A file of chosen and rejected answers: which one was preferred?

    There is one label a pair, so that it is source and gold at once; only prompts separate them.
    """
    if not path.is_file():
        raise _missing(path)
    frame = read_preferences(path).frame
    count = len(frame)
    group, _ = number_of(frame["prompt"].to_list())
    # Which answer stands first must say nothing: the order of their characters does not.
    rows = frame.select("prompt", "chosen", "rejected").rows()
    texts = [f"{min(c, r)}\n\n{p}" for p, c, r in rows] + [
        f"{max(c, r)}\n\n{p}" for p, c, r in rows
    ]
    first = np.array([float(c <= r) for _, c, r in rows])
    return Recorded(
        TaskList(
            items=tuple(texts),
            a=np.arange(count, dtype=np.int64),
            b=np.arange(count, 2 * count, dtype=np.int64),
            slices=np.zeros(count, dtype=np.int64),
            slice_names=("all",),
            group=group,
            gold=first,
            kind=COMPARISON,
        ),
        {"recorded": SourceLabels(np.arange(count), first)},
        {"crowd": ("recorded", 0.1)},
    )


def _missing(path: Path) -> MissingError:
    return MissingError(f"{path}: the data is not there; --data names the folder that holds it")
