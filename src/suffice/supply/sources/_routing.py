"""Routing: who is best for which slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice._streams import Stream
from suffice.errors import InputError
from suffice.estimate import cells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from suffice.channel import Source


@dataclass(frozen=True, eq=False)
class Routing:
    """Who is best for which slice, by bits for the money.

    Attributes:
        frame: slice, source, operators, error and bits_per_price with 90 % intervals, and
            ``p_best``: the posterior probability that no other source gives more bits for the
            money on this slice.
        best: slice -> the source with the highest expected bits for the money.
    """

    frame: pl.DataFrame
    best: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"best": dict(self.best), "rows": self.frame.to_dicts()}


def route(
    sources: Mapping[str, Source],
    *,
    slices: Sequence[str] | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Routing:
    """Compare sources slice by slice.

    Model: bits of a label are the capacity of a symmetric channel with the slice's error; sources
    are independent given what is believed of each.
    Assumes: all sources use the same slices; one measured without slices is the same in all.
    Fails when: bits are not what is wanted: a source with shared error may be cheap in bits and
        still teach the wrong thing. Its error is in the table for that.

    Args:
        sources: by name; operated ones too.
        slices: their names.
        draws: posterior draws.
        seed: of the draws.

    Raises:
        InputError: no source, or sources that were measured on different slices.
    """
    import numpy as np
    import polars as pl

    from suffice.supply.operators import Operated, draw_worlds

    if not sources:
        raise InputError("there is no source to route to", fix="give at least one")
    errors, values = [], []
    for number, source in enumerate(sources.values(), start=1):
        worlds = draw_worlds(source, draws, Stream.ROUTING.rng(seed, number))
        errors.append(worlds.by_slice())
        values.append(worlds.bits() / np.maximum(worlds.price, 1e-12)[:, None])
    count = max(e.shape[1] for e in errors)
    if any(e.shape[1] not in (1, count) for e in errors):
        raise InputError(
            "the sources were measured on different slices",
            fix="measure all of them on the same slices",
        )
    names = tuple(slices) if slices is not None else tuple(f"slice {k}" for k in range(count))
    if len(names) != count:
        raise InputError(f"{len(names)} names for {count} slices", fix="name each slice once")
    error = np.stack([np.broadcast_to(e, (draws, count)) for e in errors])
    value = np.stack([np.broadcast_to(v, (draws, count)) for v in values])
    top = np.isclose(value, value.max(axis=0), rtol=1e-12)
    share = (top / top.sum(axis=0)).mean(axis=1)
    rows, best = [], {}
    for k, place in enumerate(names):
        for s, (name, source) in enumerate(sources.items()):
            row: dict[str, Any] = {
                "slice": place,
                "source": name,
                "operators": source.how if isinstance(source, Operated) else "as it comes",
            }
            for key, drawn in (("error", error[s, :, k]), ("bits_per_price", value[s, :, k])):
                row |= cells(key, drawn)
            rows.append(row | {"p_best": float(share[s, k])})
        best[place] = list(sources)[int(value[:, :, k].mean(axis=1).argmax())]
    return Routing(pl.DataFrame(rows), best)
