"""Made-up crowds for the tests of quality control."""

from __future__ import annotations

import numpy as np
from small import noisy_source

from suffice.channel import Source
from suffice.supply.operators import Chance, Worlds, draw_worlds, with_workers

CROWD = noisy_source("crowd", 0.2, 0.1, 0.05, capacity=1000.0)
POOL = with_workers(
    CROWD,
    spread=1.0,
    spam=Chance.about(0.1),
    hostile=Chance.about(0.05),
    camouflage=Chance.about(0.5),
    labels_per_worker=100,
)


def one_world(source: Source) -> Worlds:
    """One drawn world of a source."""
    return draw_worlds(source, 1, np.random.default_rng(0))


def kinds(wrong: list[float], weight: list[float], hostile: list[bool] | None = None) -> Worlds:
    """One world with workers of these kinds, one slice and bin."""
    table = np.array(wrong)[None, None, :, None, None]
    one = np.ones((1, 1, 1))
    return Worlds(
        name="kinds",
        wrong=np.concatenate([table, 1.0 - table]),
        weight=np.array([weight]),
        hostile=np.zeros(len(wrong), bool) if hostile is None else np.array(hostile),
        camouflage=np.zeros(1),
        share=one,
        shared=0.0 * one,
        price=np.ones(1),
        capacity=np.full(1, np.inf),
        latency=np.zeros(1),
        most=99,
    )
