"""One figure beside its bar."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A figure.

    Attributes:
        data, what: where it was measured, and what it is.
        figure: as printed.
        bar: in words; empty where there is none.
        met: whether it holds; None where there is no bar.
    """

    data: str
    what: str
    figure: str
    bar: str = ""
    met: bool | None = None

    def line(self) -> str:
        """As a row of the table."""
        verdict = "" if self.met is None else "holds" if self.met else "missed"
        return f"| {self.data} | {self.what} | {self.figure} | {self.bar} | {verdict} |"


def at_most(data: str, what: str, value: float, bar: float, digits: int = 4) -> Row:
    """A figure that should be small."""
    return Row(data, what, f"{value:.{digits}f}", f"at most {bar:g}", value <= bar)


def at_least(data: str, what: str, value: float, bar: float, digits: int = 3) -> Row:
    """A figure that should be large."""
    return Row(data, what, f"{value:.{digits}f}", f"at least {bar:g}", value >= bar)


def within(data: str, what: str, value: float, low: float, high: float) -> Row:
    """A figure that should lie between two."""
    return Row(data, what, f"{value:.2f}", f"{low:g} to {high:g}", low <= value <= high)
