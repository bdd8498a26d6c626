"""The outlook file: drivers with their evidence, the path, and the scale that is dangerous."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from suffice._disk import refuse_devices
from suffice.errors import InputError
from suffice.forecast.horizon._drivers import Driver
from suffice.forecast.horizon._path import Path

if TYPE_CHECKING:
    from pathlib import Path as FilePath

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
_NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
_Factor = Annotated[float, Field(ge=1.0, allow_inf_nan=False)]
_Chance = Annotated[float, Field(gt=0.0, lt=1.0)]
_Normal = tuple[_Finite, _NotNegative]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Scale(_Section):
    unit: str
    models: dict[str, _Positive] = Field(min_length=1)


class _Path(_Section):
    decades_per_year: tuple[_Positive, _NotNegative]
    years: Annotated[float, Field(gt=0.0, le=50.0)] = 10.0


class _Danger(_Section):
    decades: _Normal


class _Floor(_Section):
    """Information that the model still needs: median and factor today, log10 change a decade."""

    bits: tuple[_Positive, _Factor]
    per_decade: _Normal = (0.0, 0.0)
    holds: bool = False


class _Driver(_Section):
    name: Annotated[str, Field(min_length=1, max_length=40)]
    on: Literal["demand", "shared_error", "floor"]
    evidence: Annotated[str, Field(min_length=1)]
    per_decade: _Normal | None = None
    in_all: _Normal | None = None
    share: tuple[Annotated[float, Field(gt=0.0, le=1.0)], _Factor] | None = None
    chance: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    measured: bool = False
    verdicts: str = ""

    @model_validator(mode="after")
    def _says_how_much(self) -> _Driver:
        given = {k for k in ("per_decade", "in_all", "share") if getattr(self, k) is not None}
        wanted = {"share"} if self.on == "floor" else {"per_decade", "in_all"}
        if not given or given - wanted:
            raise ValueError(
                f"driver {self.name!r} on {self.on} needs {' or '.join(sorted(wanted))}"
            )
        if self.measured and (self.on != "demand" or self.per_decade is None):
            raise ValueError(f"driver {self.name!r}: only per_decade on demand can be measured")
        if self.verdicts and (self.on != "shared_error" or self.per_decade is None):
            raise ValueError(f"driver {self.name!r}: verdicts are for per_decade on shared_error")
        return self


class _File(_Section):
    target: _Chance = 0.5
    scale: _Scale
    path: _Path
    danger: _Danger
    floor: _Floor
    driver: list[_Driver] = []

    @model_validator(mode="after")
    def _names_differ(self) -> _File:
        names = [d.name for d in self.driver]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two drivers are called {name!r}")
        return self


@dataclass(frozen=True)
class Outlook:
    """What a user believes of the long run.

    Attributes:
        target: P that must be reached.
        unit: of the scale, in words.
        models: scale of each measured model, in that unit.
        path: scale over years, and the scale that is dangerous.
        floor_bits: median and factor of the information that is still needed today.
        floor_per_decade: mean and sd of its log10 change a decade.
        floor_holds: whether that prior is the model's own, so that the floor clips.
        drivers: in the file's order.
    """

    target: float
    unit: str
    models: dict[str, float]
    path: Path
    floor_bits: tuple[float, float]
    floor_per_decade: tuple[float, float]
    floor_holds: bool
    drivers: tuple[Driver, ...]

    def without(self, names: tuple[str, ...]) -> Outlook:
        """The same outlook with some drivers switched off.

        Raises:
            InputError: there is no such driver.
        """
        known = [d.name for d in self.drivers]
        for name in names:
            if name not in known:
                raise InputError(
                    f"no driver is called {name!r}", fix=f"there are: {', '.join(known)}"
                )
        return replace(self, drivers=tuple(d for d in self.drivers if d.name not in names))


def load_outlook(path: FilePath) -> Outlook:
    """Read and check an outlook file.

    Raises:
        InputError: the file is missing, is no TOML, or says something that cannot be.
    """
    refuse_devices(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError(
            "no such file", where=str(path), fix="examples/horizon.toml is one to start from"
        ) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(path)) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"is no valid TOML: {error}", where=str(path)) from None
    return parse_outlook(values, where=str(path), folder=path.parent)


def parse_outlook(
    values: dict[str, Any], *, where: str = "outlook", folder: FilePath | None = None
) -> Outlook:
    """Check an outlook given as nested dictionaries."""
    try:
        file = _File.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(p) for p in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        what = f"{key}: {message[0].lower()}{message[1:]}" if key else message
        raise InputError(what, where=where) from None
    drivers = tuple(
        Driver(
            name=d.name,
            on=d.on,
            evidence=" ".join(d.evidence.split()),
            per_decade=d.per_decade or (0.0, 0.0),
            in_all=d.in_all or (0.0, 0.0),
            share=d.share or (0.0, 1.0),
            chance=d.chance,
            measured=d.measured,
            verdicts=str(folder / d.verdicts) if d.verdicts and folder else d.verdicts,
        )
        for d in file.driver
    )
    return Outlook(
        target=file.target,
        unit=file.scale.unit,
        models=dict(file.scale.models),
        path=Path(file.path.decades_per_year, file.danger.decades, file.path.years),
        floor_bits=file.floor.bits,
        floor_per_decade=file.floor.per_decade,
        floor_holds=file.floor.holds,
        drivers=drivers,
    )
