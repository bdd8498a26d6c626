"""Worker processes: what happens when one of them is killed."""

from __future__ import annotations

import os

import pytest

from suffice.demand.runs._processes import processes
from suffice.errors import SufficeError


def test_a_killed_process_is_one_line():
    """What the system kills when memory runs out is told in words, with a remedy."""
    told = pytest.raises(SufficeError, match="was killed, most likely because memory ran out")
    with told, processes(1) as workers:
        workers.submit(os._exit, 1).result()
