"""The long run: labels needed as models grow, from what a study's models need today."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log10
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.stages._examples import example_file
from suffice.stages._fit import fit
from suffice.stages._out import OUT
from suffice.stages._workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suffice.forecast.horizon import Horizon, MeasuredChange, Outlook, SourceStart
    from suffice.records import HorizonRecord
    from suffice.stages._workspace import Given


@dataclass(frozen=True)
class LongRun:
    """The long-run forecast, and where its pictures are.

    Attributes:
        horizon: the forecast.
        files: ``horizon.html``, then its pictures.
    """

    horizon: Horizon
    files: tuple[Path, ...]

    def record(self) -> HorizonRecord:
        """What ``horizon.json`` holds."""
        return self.horizon.record()


def horizon(
    study: Given,
    folder: str | Path = OUT,
    *,
    drivers: str | Path | Outlook | None = None,
    without: Sequence[str] = (),
    target: float | None = None,
) -> LongRun:
    """Labels of each quality needed in the long run; writes ``horizon.json`` and pictures.

    Args:
        study: a study, its file, or a workspace.
        folder: for the results, where no workspace is given.
        drivers: an outlook or its file; ``examples/horizon.toml`` by default.
        without: names of drivers to switch off.
        target: P that must be reached, instead of the outlook's.

    Raises:
        InputError: ``target`` is no probability, the file cannot be read, or a driver is unknown.
    """
    from suffice.forecast.horizon import Outlook, load_outlook, look_ahead
    from suffice.report import write_horizon

    if target is not None and not 0.0 < target < 1.0:
        raise InputError(f"--target {target:g} is no probability", fix="give one between 0 and 1")
    outlook = (
        drivers
        if isinstance(drivers, Outlook)
        else load_outlook(Path(drivers or example_file("horizon.toml")))
    ).without(tuple(without))
    outlook = outlook if target is None else replace(outlook, target=target)
    fitted = _fitted(outlook)
    work = Workspace.of(study, folder)
    rng = Stream.HORIZON.rng(work.study.seed)
    starts = _starts(work, outlook, rng)
    found = look_ahead(
        outlook,
        starts,
        work.study.criterion.error or 0.0,
        rng,
        measured=_measured(starts, rng),
        fitted=fitted,
    )
    record = found.record()
    work.write(record)
    return LongRun(found, tuple(write_horizon(record, work.folder)))


def _fitted(outlook: Outlook) -> dict[str, MeasuredChange]:
    """What files of verdicts say of the drivers that name one."""
    from suffice.forecast import fit_capability, read_verdicts
    from suffice.forecast.horizon import MeasuredChange

    fitted = {}
    for d in outlook.drivers:
        if d.verdicts:
            line = fit_capability(read_verdicts(Path(d.verdicts)), prior=d.per_decade).line
            fitted[d.name] = MeasuredChange(line.slope, np.zeros_like(line.slope))
    return fitted


def _starts(work: Workspace, outlook: Outlook, rng: np.random.Generator) -> list[SourceStart]:
    """Every source as it is today, with what the measured models need of it."""
    from suffice.forecast.horizon import SourceStart, measured_trend

    laws = fit(work)
    model = work.study.models.target
    today = outlook.models.get(model, 1.0)
    # Models that the file does not place on its scale say nothing about a trend along it.
    placed = {m: log10(outlook.models[m] / today) for m in laws if m in outlook.models}
    placed[model] = 0.0
    prior = next((d.per_decade for d in outlook.drivers if d.measured), (0.0, 1.0))
    on_scale = [(at, laws[m]) for m, at in placed.items()]
    starts = []
    for name in work.order:
        trend = measured_trend(on_scale, name, work.criterion, outlook.target, prior, rng)
        measured = work.measured[name]
        shared = measured.shared_by_slice().mean(axis=1)
        now = next(p for p in trend.points if p.model == model)
        starts.append(
            SourceStart(name, now.labels, measured.by_slice().mean(axis=1), shared, trend)
        )
    return starts


def _measured(starts: list[SourceStart], rng: np.random.Generator) -> MeasuredChange | None:
    """The study's trend. Sources share the runs' models, so theirs are drawn from in turn."""
    from suffice.forecast.horizon import MeasuredChange

    changes = [c for s in starts if s.trend and (c := s.trend.change(rng))]
    if not changes:
        return None
    return MeasuredChange(
        np.concatenate([c.slope for c in changes]), np.concatenate([c.once for c in changes])
    )
