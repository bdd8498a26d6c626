"""``suffice bits``: how many bits a model must still be told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from suffice.cli._common import OUT
from suffice.cli._screen import say

if TYPE_CHECKING:
    from suffice.estimate import Estimate
    from suffice.stages import LabelBits


def bits(
    study: Path | None = None,
    *,
    source: str | None = None,
    labels: int = 1000,
    model: str | None = None,
    orders: int = 16,
    floor: float | None = None,
    out: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Measure in bits what a model has to be told: the codelength of a source's labels.

    Each block of labels is paid for by what a head on the model's frozen features, trained on the
    labels before, did not expect. What is paid above the floor is the surplus: the information
    that the model lacked. The floor matters, so two others are printed beside it.

    Examples:
        suffice bits my-study.toml --source crowd --labels 2000

        suffice bits --source crowd --model glove-50d --out bits.html

    Args:
        study: study file; the example study by default.
        source: whose labels; the source with the fewest errors by default.
        labels: how many, one a task.
        model: one of the study's models; the plan's model by default.
        orders: random orders to average over; the interval is over them.
        floor: bits a label that no data removes; from the source's audited error by default.
        out: a picture: a file ending in .html, .svg or .png.
        json: print JSON instead of text.
        quiet: no progress.
    """
    from suffice import stages
    from suffice.cli._common import print_json, workspace

    work = workspace(study, OUT, as_json=json, quiet=quiet)
    found = stages.bits(work, source=source, labels=labels, model=model, orders=orders, floor=floor)
    if json:
        print_json(found.as_dict())
    else:
        say(*_lines(found))
    if out is not None:
        work.progress.note(found.draw(out))


def _lines(told: LabelBits) -> list[str]:
    def span(e: Estimate) -> str:
        return f"{e.value:,.0f} bits ({e.low:,.0f} to {e.high:,.0f})"

    found = told.bits
    lines = [
        f"{found.labels:,} labels of {told.source} under {told.model}: {span(found.bits)};",
        f"told label by label with equal chances: {found.uniform:,.0f}.",
        f"Floor {found.floor:.3f} bits a label ({told.floor_from}).",
        "",
        f"{'floor':>8}  surplus",
    ]
    lines += [f"{f:8.3f}  {span(s)}" for f, s in found.surplus_by_floor]
    lines += ["", f"{'trained on':>10} {'labels':>8}  bits a label"]
    lines += [
        f"{t:10,} {b:8,}  {c.value:.3f} ({c.low:.3f} to {c.high:.3f})"
        for t, b, c in zip(found.trained_on, found.block, found.curve, strict=True)
    ]
    return lines
