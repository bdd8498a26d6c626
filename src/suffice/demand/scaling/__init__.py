"""Scaling laws without runs of our own: curves that others measured, extrapolated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suffice._lazy import lazy_exports

if TYPE_CHECKING:
    from suffice.demand.scaling._chart import draw_curves as draw_curves
    from suffice.demand.scaling._extrapolate import CurveForecast as CurveForecast
    from suffice.demand.scaling._extrapolate import Extrapolation as Extrapolation
    from suffice.demand.scaling._extrapolate import extrapolate as extrapolate
    from suffice.demand.scaling._fit_scaling import ScalingFit as ScalingFit
    from suffice.demand.scaling._fit_scaling import fit_scaling as fit_scaling
    from suffice.demand.scaling._fit_two_source import fit_two_source as fit_two_source
    from suffice.demand.scaling._isoflop import Isoflop as Isoflop
    from suffice.demand.scaling._isoflop import fit_isoflop as fit_isoflop
    from suffice.demand.scaling._knee import Knee as Knee
    from suffice.demand.scaling._read_mixes import read_mixes as read_mixes
    from suffice.demand.scaling._two_source import Mix as Mix
    from suffice.demand.scaling._two_source import TwoSource as TwoSource

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "suffice.demand.scaling._chart": ("draw_curves",),
        "suffice.demand.scaling._extrapolate": (
            "CurveForecast",
            "Extrapolation",
            "extrapolate",
        ),
        "suffice.demand.scaling._fit_scaling": (
            "ScalingFit",
            "fit_scaling",
        ),
        "suffice.demand.scaling._fit_two_source": ("fit_two_source",),
        "suffice.demand.scaling._isoflop": (
            "Isoflop",
            "fit_isoflop",
        ),
        "suffice.demand.scaling._knee": ("Knee",),
        "suffice.demand.scaling._read_mixes": ("read_mixes",),
        "suffice.demand.scaling._two_source": (
            "Mix",
            "TwoSource",
        ),
    },
)
