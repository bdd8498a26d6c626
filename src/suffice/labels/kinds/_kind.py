"""What every kind of label knows of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from suffice.metric import Metric

    Floats = NDArray[np.float64]

MOST_CLASSES = 50
"""Tasks with more possible answers are refused. Chosen: a head for each class needs more labels
than one buys, and the time of a run grows with the classes."""


class LabelKind(Protocol):
    """What one label of a task can say, what it teaches, and how answers to it are judged.

    A label is a number, its *code*: of an answer, or something between answers where a label can
    be even. A model's *odds* of a task are an array of the kind's ``shape``.
    """

    @property
    def name(self) -> str:
        """The kind, as schemes list what they take."""

    @property
    def said(self) -> str:
        """These very labels in words, for messages: "5 classes"."""

    @property
    def names(self) -> tuple[str, ...]:
        """What each answer is called; an answer's place is its code."""

    @property
    def answers(self) -> int:
        """Different answers that a task can have."""

    @property
    def tie(self) -> float | None:
        """The code of an even label; None where a label cannot be even."""

    @property
    def chance(self) -> float:
        """Error of a label that knows nothing."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what a model says of one task: its odds."""

    @property
    def marks(self) -> tuple[str, ...]:
        """What tells the kind apart in the fingerprint of a pool."""

    def code(self, word: str) -> float | None:
        """The code of a label as people write it; None where it is none of this kind."""

    def agreement(self, one: Floats, other: Floats) -> Floats:
        """How much two labels agree: 1 where they are the same, a mean of 0 under guessing.

        Args:
            one, other: codes of any one shape; NaN where there is no label, which agrees with NaN.
        """

    def target(self, labels: Floats) -> NDArray[np.float32]:
        """What training is told of tasks: a task's mean label, in the shape of odds [task, ...].

        Args:
            labels: codes, at least one a task; NaN where a task has fewer [task, label].
        """

    def settled(self, truth: Floats, rng: np.random.Generator) -> Floats:
        """One right answer of each task, drawn where its truth is soft."""

    def slips(self, shape: Any, rng: np.random.Generator) -> NDArray[np.int64]:  # noqa: ANN401
        """How many answers on from the right one a wrong label lies, each alike often."""

    def turned(self, codes: Floats, steps: NDArray[np.integer]) -> Floats:
        """The labels so many answers on; 0 leaves a label, and an even one stays even."""

    def side(self, wanted: float) -> int:
        """What an attacker wants of a single item, as a number other than 0; see ``pushed``."""

    def pushed(self, side: NDArray[np.integer]) -> Floats:
        """The label that an attacker gives who wants ``side``."""

    def likeliest(self, odds: NDArray[np.floating]) -> NDArray[np.float32]:
        """The code that odds favour [run, task]; an even one where the kind has it and they tie."""

    def errors(
        self,
        odds: NDArray[np.floating],
        truth: NDArray[np.floating],
        weight: NDArray[np.floating],
        members: Floats,
    ) -> Floats:
        """Mean error of each run under each replica of the gold [run, replica, group].

        Args:
            odds: of all tasks [run, task, ...].
            truth: gold as tasks hold it [replica, task].
            weight: of each task [replica, task].
            members: weight of each task in each group of tasks [task, group].
        """

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What answers are scored on beside their errors, in the order of ``scores``."""

    def scores(
        self,
        odds: NDArray[np.floating],
        truth: NDArray[np.floating],
        share: NDArray[np.floating],
    ) -> Floats:
        """Each of ``metrics`` of each run under each replica of the gold [run, replica, metric].

        Args:
            odds, truth: as in ``errors``.
            share: weight of each task, summing to one [replica, task].
        """

    def attack(
        self,
        odds: NDArray[np.floating],
        truth: NDArray[np.floating],
        share: NDArray[np.floating],
        sides: NDArray[np.integer],
    ) -> Floats:
        """How often an attacker's answer is given where it is wrong [run, replica].

        Args:
            odds, truth, share: as in ``scores``.
            sides: what the attacker wants of each task, 0 where nothing [task].
        """
