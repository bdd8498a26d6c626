"""``suffice bits``: how many bits a model must still be told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from suffice.cli._common import OUT

if TYPE_CHECKING:
    from suffice.demand import Bits
    from suffice.stages import Workspace


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
    from suffice.cli._common import print_json, workspace
    from suffice.demand import draw_bits
    from suffice.errors import InputError
    from suffice.labels.kinds import TwoWay

    work = workspace(study, OUT, as_json=json, quiet=quiet)
    if not isinstance(kind := work.pool.evaluation.kind, TwoWay):
        raise InputError(f"bits are measured of two-way labels, and there are {kind.said}",
                         where=work.study.origin)  # fmt: skip
    for name, known in ((source, list(work.offered)), (model, _models(work))):
        if name is not None and name not in known:
            raise InputError(f"the study has no {name!r}", where=work.study.origin,
                             fix=f"take one of {', '.join(known)}")  # fmt: skip
    found, about = _measure(
        work, source or work.order[-1], model or work.study.models.target, labels, orders, floor
    )
    if json:
        print_json({**about, **found.as_dict()})
    else:
        for line in _lines(found, about):
            print(line)
    if out is not None:
        work.progress.note(draw_bits(found, out, title=f"{about['model']}, {about['source']}"))


def _models(work: Workspace) -> list[str]:
    return list(dict.fromkeys([work.study.models.target, *work.study.models.others]))


def _measure(
    work: Workspace, source: str, model: str, labels: int, orders: int, floor: float | None
) -> tuple[Bits, dict[str, Any]]:
    """Draw the labels, embed their items and measure."""
    import numpy as np

    from suffice.demand import (
        Embedded,
        Problem,
        binary_entropy,
        embed_cached,
        load_model,
        measure_bits,
    )
    from suffice.errors import InputError

    most = work.pool.limit(source)
    if labels < 1 or (most is not None and labels > most):
        raise InputError(f"--labels {labels} cannot be drawn from {source}",
                         fix=f"give 1 to {most}" if most else "give a positive number")  # fmt: skip
    rng = np.random.default_rng([work.study.seed, 29])
    tasks = work.pool.draw_tasks(labels, rng, source=source)
    profile = work.sources[source].posterior.mean().profile
    about = {"source": source, "model": model, "floor_from": "given"}
    if floor is None:
        floor = float((binary_entropy(profile.error) * profile.share).sum(axis=1).mean())
        about["floor_from"] = f"the audited error of {source}"
    drawn = work.sources[source].posterior.mean().draw(tasks, 1, rng)[:, 0]
    problem = Problem(tasks.a, tasks.b, drawn.astype(np.float32), np.ones(labels, dtype=np.float32))
    loaded = load_model(model)
    features = embed_cached(loaded, work.pool.items, work.progress)
    rotated = Embedded(model, loaded.fingerprint, features).rotated
    if bool((tasks.b < 0).any()):
        # Classes of single items need an intercept; in comparisons it would cancel.
        rotated = np.hstack([rotated, np.ones((len(rotated), 1), dtype=np.float32)])
    found = measure_bits(rotated, problem, floor=floor, orders=orders, seed=work.study.seed)
    return found, about


def _lines(found: Bits, about: dict[str, Any]) -> list[str]:
    def span(e: Any) -> str:  # noqa: ANN401 - an estimate
        return f"{e.value:,.0f} bits ({e.low:,.0f} to {e.high:,.0f})"

    lines = [
        f"{found.labels:,} labels of {about['source']} under {about['model']}: {span(found.bits)};",
        f"told label by label with equal chances: {found.uniform:,.0f}.",
        f"Floor {found.floor:.3f} bits a label ({about['floor_from']}).",
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
