"""The sections of a study file, each with its keys."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from suffice._runs_section import RunsTask, WorstSection
from suffice.labels.kinds import MOST_CLASSES

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$", max_length=60)]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RatingsTask(Section):
    """Which of two texts is more positive, from the example's packaged ratings."""

    kind: Literal["ratings"]
    texts: Annotated[int, Field(ge=200)] = 8000
    evaluation_pairs: Annotated[int, Field(ge=200)] = 8000


class PreferencesTask(Section):
    """Which of two answers is better, from the user's own preference files.

    Attributes:
        gold: file of trusted comparisons that training never sees.
        group: column that keeps tasks together when data is split (prompt by default).
        slice: column that names the slice of a task, if any.
    """

    kind: Literal["preferences"]
    gold: str
    group: str = "prompt"
    slice: str | None = None


class VotesTask(Section):
    """Of which class a text is, from crowd votes.

    Attributes:
        items: file with the columns ``task`` and ``text`` (or ``text_a`` and ``text_b``).
        gold: file with the columns ``task`` and ``label``.
        classes: the possible labels; of two the second one counts as the positive answer.
        slice: column of the items file that names the slice of a task, if any.
        group: column of the items file whose equal values keep tasks together (one prompt, one
            document); tasks of one text always stay together.
    """

    kind: Literal["votes"]
    items: str
    gold: str
    classes: Annotated[list[str], Field(min_length=2, max_length=MOST_CLASSES)] | None = None
    slice: str | None = None
    group: str | None = None

    @field_validator("classes")
    @classmethod
    def _classes_differ(cls, classes: list[str] | None) -> list[str] | None:
        for k, name in enumerate(classes or []):
            if classes is not None and name in classes[:k]:
                raise ValueError(f"task.classes must be different labels, not {name!r} twice")
        return classes


Task = Annotated[RatingsTask | PreferencesTask | VotesTask | RunsTask, Field(discriminator="kind")]


class CriterionSection(Section):
    """Thresholds on trusted evaluation, all at once.

    Attributes:
        error: highest overall error.
        worst_slice_error: highest error in the worst slice of the task.
        slice_error: highest error in single named slices (``hard`` among them).
        limits: highest value of other metrics: ``log_loss``, ``calibration``, ``regret@16`` (also
            2, 4, 8, 32, 64), ``attack``.
        severe: slices in which every failure is severe: the highest 95 % upper bound of its error.
        worst, gain: task of runs only: a limit on the worst of several metrics, and on what single
            ones gain on the untrained model.
        validity: chance that this criterion, on this gold, captures alignment.
    """

    error: Share | None = None
    worst_slice_error: Share | None = None
    slice_error: dict[str, Share] = {}
    limits: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}
    severe: dict[str, Share] = {}
    worst: WorstSection | None = None
    gain: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}
    validity: Annotated[float, Field(ge=0.0, le=1.0)] | Literal["unknown"] = "unknown"


class WorkersSection(Section):
    """How the people behind a source differ: a stated prior, which quality control works on.

    Attributes:
        spread: sd between workers of the log odds of a right answer; .8 takes a pool of 80 %
            accuracy from about 55 % (worst twentieth) to 94 % (best twentieth).
        hostile: share of the labels that want to be wrong; they are among the recorded ones.
        camouflage: chance that a hostile worker sees through a gold or test question.
        labels_per_worker: answers that one worker gives before leaving.
    """

    spread: Annotated[float, Field(ge=0.0, le=10.0)] = 0.8
    hostile: Annotated[float, Field(ge=0.0, lt=0.5)] = 0.0
    camouflage: Share = 0.5
    labels_per_worker: Annotated[float, Field(ge=1.0, allow_inf_nan=False)] = 50.0


class SourceSection(Section):
    """A pool that labels can be bought from.

    Attributes:
        price: money for one label.
        capacity: labels a week.
        latency_days: days from order to delivery.
        about: what it is, for the report.
        raters: ratings task only: raters behind one label; 0 is the lexicon's own score.
        labels: other tasks: file of its labels.
        labels_per_task: numbers of labels a task that may be bought.
        takes: of each resource in ``budget.weekly``, what one label takes.
        at_least: tasks that must be bought, such as promised public scrutiny.
        qc: settings of quality control under which its labels may be bought too, each written as
            for ``suffice offers --qc``: ``test:10:8,x3``.
        workers: how the people behind it differ, for quality control that tells them apart.
        verdicts: file of this source's verdicts on several models with gold, from which the slope
            of its shared error on capability is fitted (section ``capability``).
        shared_error_slope: that slope as a prior: mean and sd, in logits a unit of capability.
        count, share, rest, rounds: task of runs: the column with its labels, or with its share of
            the total, or whether it is what the others leave; columns of later rounds.
        error: task of runs: chance that one of its labels is wrong, where it is known.
    """

    price: Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
    capacity: Positive | None = None
    latency_days: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 0.0
    about: str = ""
    raters: Annotated[int, Field(ge=0)] | None = None
    labels: str | None = None
    labels_per_task: Annotated[list[Count], Field(min_length=1)] = [1]
    takes: dict[Name, Positive] = {}
    at_least: Annotated[int, Field(ge=0)] = 0
    qc: list[str] = []
    workers: WorkersSection | None = None
    verdicts: str | None = None
    shared_error_slope: tuple[float, Annotated[float, Field(ge=0.0)]] | None = None
    count: str | None = None
    share: str | None = None
    rest: bool = False
    rounds: dict[Annotated[str, Field(pattern=r"^[2-9]$")], str] = {}
    error: Annotated[float, Field(ge=0.0, le=0.5)] | None = None


class ModelsSection(Section):
    """Which models are measured, and for which one the plan is made.

    Attributes:
        target: the model that the answer is about.
        others: models measured beside it, to show how the need moves.
    """

    target: str
    others: list[str] = []


class SchemeSection(Section):
    """How training uses the labels.

    Attributes:
        name: ``probe`` (frozen features and a head), ``finetune`` (all weights of an encoder),
            ``lora`` (a low-rank adapter on an encoder) or ``dpo`` (a causal language model).
        epochs, least_steps, batch, learning_rate, max_tokens: of the last three; None for each
            one's own.
        rank: of a LoRA adapter, which dpo may have too.
        beta: of dpo.
    """

    name: Literal["probe", "finetune", "lora", "dpo"] = "probe"
    epochs: Annotated[int, Field(ge=1)] | None = None
    least_steps: Annotated[int, Field(ge=1)] | None = None
    batch: Annotated[int, Field(ge=1)] | None = None
    learning_rate: Annotated[float, Field(gt=0.0)] | None = None
    max_tokens: Annotated[int, Field(ge=2)] | None = None
    rank: Annotated[int, Field(ge=1)] | None = None
    beta: Annotated[float, Field(gt=0.0)] | None = None


class BudgetSection(Section):
    """What may be spent.

    Attributes:
        money: for labels.
        weeks: until the last label must be in; a source gives ``capacity`` labels in each.
        weekly: resources that sources share, by any name (``reviewer_hours``,
            ``public_comments``): how much there is of each in a week.
        rounds: training rounds at most.
    """

    money: Positive
    weeks: Positive = 4.0
    weekly: dict[Name, Annotated[float, Field(ge=0.0, allow_inf_nan=False)]] = {}
    rounds: Annotated[int, Field(ge=1, le=2)] = 2


class GridSection(Section):
    """The runs that measure demand.

    Attributes:
        seeds: runs of each cell.
        mixtures: cells that mix sources.
        focus: cells added where a first law sees promise.
        smallest: labelled tasks in the smallest cell.
        attacks: also train on labels of which a share is hostile (synthetic).
    """

    seeds: Annotated[int, Field(ge=4)] = 12
    mixtures: Annotated[int, Field(ge=0)] = 32
    focus: Annotated[int, Field(ge=0)] = 12
    smallest: Annotated[int, Field(ge=10)] = 100
    attacks: bool = True


class AttackSection(Section):
    """What hostile workers would push.

    Attributes:
        trigger: words; hostile labels prefer the text that contains them. Without them hostile
            labels are honest ones turned round.
        wanted: votes task only: the class that texts with the trigger shall get; by default the
            last one.
    """

    trigger: str | None = None
    wanted: str | None = None


class NextSection(Section):
    """What it is worth to meet the criterion, and what measurements cost (``suffice next``).

    Attributes:
        value: money that it is worth to meet the criterion; without it, the least at which the
            whole budget would be worth spending.
        run, gold, guideline, sweep: prices of a pilot run, a fresh gold task, a trial of better
            guidelines and a search for hostile workers.
        guideline_gain: accuracy that better guidelines are expected to add.
        attack: chance that the main source is under attack.
        attack_share: share of its labels that are hostile then.
    """

    value: Positive | None = None
    run: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 1.0
    gold: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 1.0
    guideline: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 50.0
    sweep: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 50.0
    guideline_gain: Annotated[float, Field(ge=0.0, lt=0.5)] = 0.02
    attack: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.05
    attack_share: Share = 0.1


class CapabilitySection(Section):
    """How capable the models are whose outputs are labelled: errors may grow with it.

    Attributes:
        models: capability of each model, on any scale in which equal steps mean the same.
        measured_at: capability of the model whose outputs the recorded labels are about.
    """

    models: Annotated[dict[str, float], Field(min_length=2)]
    measured_at: float


class CheckSection(Section):
    """The runs that hold the forecast to account.

    Attributes:
        runs: fresh runs of each checked curve.
    """

    runs: Annotated[int, Field(ge=5)] = 40
