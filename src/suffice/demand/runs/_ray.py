"""Training on many machines, by Ray: the ``ray`` extra.

Ray starts the workers, ships what they need, and trains a cell again where the machine that had it
went away. Results are the same as everywhere: a cell depends on its seeds alone.
"""

from __future__ import annotations

import socket
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from suffice._privacy import NO_REPORTS
from suffice.errors import InputError, MissingError, SufficeError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from suffice.demand.runs._work import Work
    from suffice.evidence import Cell, CellRuns

_PER_CORE = 2
"""Cells that are handed over for each core: one that trains, and one that waits. Chosen."""

_PATIENCE = 10.0
"""Seconds in which a cluster must answer. Chosen."""

_LONGEST = 200
"""Characters of what Ray says; chosen for one line."""

_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class RayCluster:
    """A Ray cluster: one that runs already, or one of this machine alone.

    suffice and its data need to be installed on every node. A cluster that is connected to already
    is used as it is, and left connected.

    Attributes:
        address: ``host:port`` of the head node, or ``auto``; None for this machine alone, unless
            the environment variable ``RAY_ADDRESS`` names a cluster.
    """

    address: str | None = None

    def run(self, work: Work, cells: Sequence[Cell]) -> Generator[tuple[int, CellRuns], None, None]:
        """See ``Executor.run``; a cell whose node is lost is trained again on another."""
        ray = _ray()
        with _connected(ray, self.address):
            shared = ray.put(work)
            # A lost node says nothing about the cell: it is tried again, however often.
            # Told before the worker starts: its first import is not suffice's to choose.
            surroundings = {"env_vars": {**_ONE_THREAD, **NO_REPORTS}}
            train = ray.remote(num_cpus=1, max_retries=-1, runtime_env=surroundings)(_train)
            waiting = list(enumerate(cells))[::-1]
            jobs: dict[Any, int] = {}
            try:
                while waiting or jobs:
                    room = _PER_CORE * max(int(ray.cluster_resources().get("CPU", 1)), 1)
                    while waiting and len(jobs) < room:
                        i, cell = waiting.pop()
                        jobs[train.remote(shared, cell)] = i
                    done, _ = ray.wait(list(jobs), num_returns=1)
                    for job in done:
                        yield jobs.pop(job), _result(ray, job)
            finally:
                for job in jobs:
                    ray.cancel(job, force=True)


def _train(work: Work, cell: Cell) -> CellRuns:
    return work.train(cell)


def _result(ray: Any, job: Any) -> CellRuns:  # noqa: ANN401 - ray is an extra and untyped here
    try:
        runs: CellRuns = ray.get(job)
    except ray.exceptions.RayTaskError as error:
        # What went wrong in the cell is what the caller would have seen at home.
        raise error.cause from error
    return runs


@contextmanager
def _connected(ray: Any, address: str | None) -> Iterator[None]:  # noqa: ANN401
    if ray.is_initialized():
        yield
        return
    _knock(address)
    try:
        ray.init(address, log_to_driver=False, include_dashboard=False, logging_level="error")
    except (OSError, RuntimeError, ValueError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:_LONGEST]
        raise SufficeError(
            f"Ray does not start: {reason} (its sockets need a short path: see TMPDIR; or train "
            "with --executor processes)"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str | None) -> None:
    """Raise InputError where nobody answers: Ray itself would go on asking for minutes."""
    host, _, port = (address or "").rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
    except OSError as error:
        raise InputError(
            f"no Ray cluster answers at {address} ({error.strerror or error})",
            fix="start one with `ray start --head`, or leave the address out",
        ) from error


def _ray() -> Any:  # noqa: ANN401
    if find_spec("ray") is None:
        raise MissingError("Ray is not installed (pip install 'suffice[ray]')")
    return import_module("ray")
