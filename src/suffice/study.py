"""The study file: one TOML file that says what is asked, of which data, at which price.

Everything a user writes is checked here, once, so that the rooms behind it never meet a negative
price or a misspelled key.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from suffice._disk import refuse_devices
from suffice._runs_section import MetricSection as MetricSection
from suffice._runs_section import RunsTask as RunsTask
from suffice._study_sections import AttackSection as AttackSection
from suffice._study_sections import BudgetSection as BudgetSection
from suffice._study_sections import CapabilitySection as CapabilitySection
from suffice._study_sections import CheckSection as CheckSection
from suffice._study_sections import CriterionSection as CriterionSection
from suffice._study_sections import GridSection as GridSection
from suffice._study_sections import ModelsSection as ModelsSection
from suffice._study_sections import Name as Name
from suffice._study_sections import NextSection as NextSection
from suffice._study_sections import PreferencesTask as PreferencesTask
from suffice._study_sections import RatingsTask as RatingsTask
from suffice._study_sections import SchemeSection as SchemeSection
from suffice._study_sections import Section as Section
from suffice._study_sections import SourceSection as SourceSection
from suffice._study_sections import Task as Task
from suffice._study_sections import VotesTask as VotesTask
from suffice._study_sections import WorkersSection as WorkersSection
from suffice.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Collection

    from pydantic_core import ErrorDetails

_TASKS: dict[str, type[BaseModel]] = {
    "ratings": RatingsTask,
    "preferences": PreferencesTask,
    "votes": VotesTask,
    "runs": RunsTask,
}
_NO_KEYS = {"constrained-float", "literal['unknown']", "[key]"}


class Study(Section):
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
    metrics: dict[str, MetricSection] = Field(default_factory=dict)

    folder: Path = Field(default=Path(), exclude=True)
    origin: str = Field(default="study", exclude=True)

    @model_validator(mode="after")
    def _criterion_fits_task(self) -> Study:
        asked = self.criterion
        if not isinstance(self.task, RunsTask):
            if asked.error is None:
                raise ValueError("'criterion.error' is missing")
            if asked.worst or asked.gain or self.metrics:
                raise ValueError(f"'metrics' mean nothing in a {self.task.kind} task")
            for name, value in asked.limits.items():
                if value < 0.0:
                    raise ValueError(f"criterion.limits.{name} = {value:g} is below 0")
            return self
        for key in ("error", "worst_slice_error", "slice_error", "severe"):
            if getattr(asked, key):
                raise ValueError(f"criterion.{key} means nothing in a task of runs: use limits")
        named = [*asked.limits, *asked.gain, *(asked.worst.metrics if asked.worst else ())]
        if not named:
            raise ValueError("the criterion limits no metric")
        for name in named:
            if name not in self.metrics:
                known = ", ".join(self.metrics) or "none"
                raise ValueError(f"the criterion names {name!r}, which 'metrics' has not: {known}")
        for name in asked.gain:
            if self.metrics[name].untrained is None:
                raise ValueError(f"criterion.gain.{name} needs metrics.{name}.untrained")
        for name, section in self.metrics.items():
            section.metric(name)
        return self

    @model_validator(mode="after")
    def _sources_fit_task(self) -> Study:
        if isinstance(self.task, RunsTask):
            return self._runs_are_counted()
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

    def _runs_are_counted(self) -> Study:
        task = self.task
        if not isinstance(task, RunsTask) or task.source_of or task.mixture:
            return self
        for name, source in self.sources.items():
            said = [source.count is not None, source.share is not None, source.rest]
            if sum(said) != 1:
                raise ValueError(
                    f"sources.{name}: a source of a runs task needs one of 'count', 'share', 'rest'"
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
        newer = ("qc", "workers", "count", "share", "rest", "rounds", "error")
        silent: dict[str, Any] = {
            "sources": {
                name: {key for key in newer if not getattr(source, key)}
                for name, source in self.sources.items()
            },
            "criterion": {key for key in ("worst", "gain") if not getattr(self.criterion, key)},
        }
        if not self.metrics:
            silent["metrics"] = True
        said = self.model_dump_json(exclude={**silent, **dict.fromkeys(without, True)})
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
    refuse_devices(path)
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
    kind = ""
    if place[:1] == ["task"] and len(place) > 2:
        kind = place.pop(1)  # stands in no key
    # Names of alternatives inside a value are pydantic's, not the file's.
    place = [p for p in place if p not in _NO_KEYS]
    key = ".".join(place)
    if error["type"] == "union_tag_not_found":
        return "'task.kind' is missing", f"one of {', '.join(_TASKS)}"
    if error["type"] == "union_tag_invalid":
        return f"task.kind = {error['input']['kind']!r}", f"one of {', '.join(_TASKS)}"
    if error["type"] == "extra_forbidden":
        known = _keys_at(place[:-1], kind)
        close = difflib.get_close_matches(place[-1], known, n=1)
        fix = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
        return f"unknown key {key!r}", fix
    if error["type"] == "missing":
        return f"{key!r} is missing", None
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return message, None
    return f"{key} = {error['input']!r}: {message[0].lower()}{message[1:]}", None


def _keys_at(place: list[str], kind: str = "") -> list[str]:
    """The keys that are known in a section; in that of the task, for its kind."""
    sections: dict[str, tuple[type[BaseModel], ...]] = {
        "": (Study,),
        "task": tuple(t for k, t in _TASKS.items() if kind in ("", k)),
        "metrics": (MetricSection,),
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
