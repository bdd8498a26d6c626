"""The study file: one TOML file that says what is asked, of which data, at which price.

Everything a user writes is checked here, once, so that the rooms behind it never meet a negative
price or a misspelled key.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from suffice.errors import StudyError
from suffice.labels.kinds import MOST_CLASSES

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic_core import ErrorDetails

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*$", max_length=60)]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]

_KINDS = ("ratings", "preferences", "votes")
_NO_KEYS = {"constrained-float", "literal['unknown']", "[key]"}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RatingsTask(_Section):
    """Which of two texts is more positive, from the example's packaged ratings."""

    kind: Literal["ratings"]
    texts: Annotated[int, Field(ge=200)] = 8000
    evaluation_pairs: Annotated[int, Field(ge=200)] = 8000


class PreferencesTask(_Section):
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


class VotesTask(_Section):
    """Of which class a text is, from crowd votes.

    Attributes:
        items: file with the columns ``task`` and ``text`` (or ``text_a`` and ``text_b``).
        gold: file with the columns ``task`` and ``label``.
        classes: the possible labels; of two the second one counts as the positive answer.
        slice: column of the items file that names the slice of a task, if any.
    """

    kind: Literal["votes"]
    items: str
    gold: str
    classes: Annotated[list[str], Field(min_length=2, max_length=MOST_CLASSES)] | None = None
    slice: str | None = None

    @field_validator("classes")
    @classmethod
    def _classes_differ(cls, classes: list[str] | None) -> list[str] | None:
        for k, name in enumerate(classes or []):
            if classes is not None and name in classes[:k]:
                raise ValueError(f"task.classes must be different labels, not {name!r} twice")
        return classes


Task = Annotated[RatingsTask | PreferencesTask | VotesTask, Field(discriminator="kind")]


class CriterionSection(_Section):
    """Thresholds on trusted evaluation, all at once.

    Attributes:
        error: highest overall error.
        worst_slice_error: highest error in the worst slice of the task.
        slice_error: highest error in single named slices (``hard`` among them).
        limits: highest value of other metrics: ``log_loss``, ``calibration``, ``regret@16`` (also
            2, 4, 8, 32, 64), ``attack``.
        severe: slices in which every failure is severe: the highest 95 % upper bound of its error.
        validity: chance that this criterion, on this gold, captures alignment.
    """

    error: Share
    worst_slice_error: Share | None = None
    slice_error: dict[str, Share] = {}
    limits: dict[str, Annotated[float, Field(ge=0.0, allow_inf_nan=False)]] = {}
    severe: dict[str, Share] = {}
    validity: Annotated[float, Field(ge=0.0, le=1.0)] | Literal["unknown"] = "unknown"


class WorkersSection(_Section):
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


class SourceSection(_Section):
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


class ModelsSection(_Section):
    """Which models are measured, and for which one the plan is made.

    Attributes:
        target: the model that the answer is about.
        others: models measured beside it, to show how the need moves.
    """

    target: str
    others: list[str] = []


class SchemeSection(_Section):
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


class BudgetSection(_Section):
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


class GridSection(_Section):
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


class AttackSection(_Section):
    """What hostile workers would push.

    Attributes:
        trigger: words; hostile labels prefer the text that contains them. Without them hostile
            labels are honest ones turned round.
        wanted: votes task only: the class that texts with the trigger shall get; by default the
            last one.
    """

    trigger: str | None = None
    wanted: str | None = None


class NextSection(_Section):
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


class CapabilitySection(_Section):
    """How capable the models are whose outputs are labelled: errors may grow with it.

    Attributes:
        models: capability of each model, on any scale in which equal steps mean the same.
        measured_at: capability of the model whose outputs the recorded labels are about.
    """

    models: Annotated[dict[str, float], Field(min_length=2)]
    measured_at: float


class CheckSection(_Section):
    """The runs that hold the forecast to account.

    Attributes:
        runs: fresh runs of each checked curve.
    """

    runs: Annotated[int, Field(ge=5)] = 40


class Study(_Section):
    """A whole study file."""

    name: Name
    question: str = ""
    seed: Annotated[int, Field(ge=0)] = 0
    task: Task
    criterion: CriterionSection
    sources: Annotated[dict[Name, SourceSection], Field(min_length=1)]
    models: ModelsSection
    scheme: SchemeSection = SchemeSection()
    budget: BudgetSection
    grid: GridSection = GridSection()
    attack: AttackSection = AttackSection()
    check: CheckSection = CheckSection()
    next: NextSection = NextSection()
    capability: CapabilitySection | None = None

    folder: Path = Field(default=Path(), exclude=True)
    origin: str = Field(default="study", exclude=True)

    @model_validator(mode="after")
    def _sources_fit_task(self) -> Study:
        wanted, other = (
            ("raters", "labels") if isinstance(self.task, RatingsTask) else ("labels", "raters")
        )
        for name, source in self.sources.items():
            if getattr(source, wanted) is None:
                raise ValueError(
                    f"sources.{name}: a source of a {self.task.kind} task needs {wanted!r}"
                )
            if getattr(source, other) is not None:
                raise ValueError(
                    f"sources.{name}: {other!r} means nothing in a {self.task.kind} task"
                )
        return self

    @model_validator(mode="after")
    def _resources_are_stated(self) -> Study:
        for name, source in self.sources.items():
            for resource in source.takes:
                if resource not in self.budget.weekly:
                    raise ValueError(
                        f"sources.{name}.takes names {resource!r}, of which budget.weekly says "
                        "nothing"
                    )
        return self

    @model_validator(mode="after")
    def _wanted_is_a_class(self) -> Study:
        wanted = self.attack.wanted
        classes = self.task.classes if isinstance(self.task, VotesTask) else None
        if wanted is not None and wanted not in (classes or []):
            raise ValueError(
                f"attack.wanted = {wanted!r} is none of task.classes, which must name the classes"
            )
        return self

    @model_validator(mode="after")
    def _workers_are_controlled(self) -> Study:
        for name, source in self.sources.items():
            if source.workers is not None and not source.qc:
                raise ValueError(f"sources.{name}.workers means nothing without sources.{name}.qc")
        return self

    @model_validator(mode="after")
    def _capabilities_are_stated(self) -> Study:
        moving = [
            n for n, s in self.sources.items() if s.verdicts or s.shared_error_slope is not None
        ]
        if moving and self.capability is None:
            raise ValueError(
                f"sources.{moving[0]} moves with capability, of which section 'capability' says "
                "nothing"
            )
        known = [self.models.target, *self.models.others]
        for name in self.capability.models if self.capability else ():
            if name not in known:
                raise ValueError(f"capability.models names {name!r}, which is not measured")
        return self

    def digest(self, without: Collection[str] = ()) -> str:
        """A hash of everything that the file says, or of all but some of its sections."""
        # What says nothing is left out, so that a file means today what it meant before.
        silent = {
            name: {key for key in ("qc", "workers") if not getattr(source, key)}
            for name, source in self.sources.items()
        }
        left_out = dict.fromkeys(without, True)
        said = self.model_dump_json(exclude={"sources": silent, **left_out})
        return hashlib.sha256(said.encode()).hexdigest()

    def path(self, name: str) -> Path:
        """A file that the study names, relative to the study file."""
        return self.folder / name


def load_study(path: Path | str) -> Study:
    """Read and check a study file.

    Raises:
        StudyError: the file is missing, is no TOML, or says something that cannot be.
    """
    path = Path(path)
    try:
        # Editors on Windows put a byte order mark in front.
        text = path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise StudyError(
            "no such study file", where=str(path), fix="suffice init writes one"
        ) from None
    except IsADirectoryError:
        raise StudyError("is a folder, not a study file", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise StudyError(
            f"is not UTF-8 (byte {error.start})", where=str(path), fix="save it as UTF-8"
        ) from None
    except OSError as error:
        raise StudyError(f"cannot be read ({error.strerror})", where=str(path)) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"is no valid TOML: {error}", where=str(path)) from None
    return parse_study(values, where=str(path), folder=path.parent)


def parse_study(values: dict[str, Any], *, where: str = "study", folder: Path = Path()) -> Study:
    """Check a study given as nested dictionaries."""
    try:
        return Study.model_validate({**values, "folder": folder, "origin": where})
    except ValidationError as error:
        # A misspelled key is also a missing one: what was written says more than what was not.
        found = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
        first = found[0]
        more = f"; {error.error_count() - 1} more" if error.error_count() > 1 else ""
        what, fix = _explain(first)
        raise StudyError(what + more, where=where, fix=fix) from None


def _explain(error: ErrorDetails) -> tuple[str, str | None]:
    """What is wrong and what to do, from one pydantic error."""
    place = [str(p) for p in error["loc"]]
    if place[:1] == ["task"] and len(place) > 2:
        del place[1]  # the kind of task, which stands in no key
    # Names of alternatives inside a value are pydantic's, not the file's.
    place = [p for p in place if p not in _NO_KEYS]
    key = ".".join(place)
    if error["type"] == "union_tag_not_found":
        return "'task.kind' is missing", f"one of {', '.join(_KINDS)}"
    if error["type"] == "union_tag_invalid":
        return f"task.kind = {error['input']['kind']!r}", f"one of {', '.join(_KINDS)}"
    if error["type"] == "extra_forbidden":
        known = _keys_at(place[:-1])
        close = difflib.get_close_matches(place[-1], known, n=1)
        fix = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
        return f"unknown key {key!r}", fix
    if error["type"] == "missing":
        return f"{key!r} is missing", None
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return message, None
    return f"{key} = {error['input']!r}: {message[0].lower()}{message[1:]}", None


def _keys_at(place: list[str]) -> list[str]:
    """The keys that are known in a section."""
    sections: dict[str, tuple[type[BaseModel], ...]] = {
        "": (Study,),
        "task": (RatingsTask, PreferencesTask, VotesTask),
        "criterion": (CriterionSection,),
        "sources": (SourceSection, WorkersSection),
        "models": (ModelsSection,),
        "scheme": (SchemeSection,),
        "budget": (BudgetSection,),
        "grid": (GridSection,),
        "attack": (AttackSection,),
        "check": (CheckSection,),
        "next": (NextSection,),
        "capability": (CapabilitySection,),
    }
    found = sections.get(place[0] if place else "", ())
    return sorted({key for section in found for key in section.model_fields} - {"folder", "origin"})
