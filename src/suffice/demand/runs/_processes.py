"""Local worker processes, each with one numeric thread."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import TYPE_CHECKING, Any

from suffice.errors import SufficeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_THREAD_LIMITS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


_STOPS = {signal.SIGINT, signal.SIGTERM}


class _Workers(ProcessPoolExecutor):
    """Workers that no Ctrl-C reaches: only the parent decides what to do about it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401
        """Submit work; a worker that this starts is born deaf, see ``_begin``."""
        with _interrupts_held():
            return super().submit(fn, *args, **kwargs)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back, for this thread and for processes that it starts."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def processes(
    count: int, start: Callable[..., None] | None = None, arguments: tuple[Any, ...] = ()
) -> Iterator[ProcessPoolExecutor]:
    """Fresh processes that call ``start(*arguments)`` first; waiting work is dropped on leaving.

    One thread each keeps results the same whatever the number of cores, and keeps workers from
    fighting over them.

    Raises:
        SufficeError: one of them was killed.
    """
    # Workers read their thread limits when they import numpy, so they must find them set.
    before = {k: os.environ.get(k) for k in _THREAD_LIMITS}
    os.environ.update(dict.fromkeys(_THREAD_LIMITS, "1"))
    executor = _Workers(
        count, get_context("spawn"), initializer=_begin, initargs=(start, arguments)
    )
    # Polars (2.1) has Ctrl-C restart the calls that it interrupts: it would be heard only when the
    # work that is waited for is done.
    if hasattr(signal, "siginterrupt"):
        signal.siginterrupt(signal.SIGINT, True)
    try:
        yield executor
    except BrokenProcessPool:
        raise SufficeError(
            "a process that computes was killed, most likely because memory ran out: close other "
            "programs or use fewer processes (--executor processes:1); what is finished is kept"
        ) from None
    except BaseException:
        # Waiting for what is being computed would be silent for as long as a fit takes.
        _end(executor)
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
        for k, v in before.items():
            if v is None:
                os.environ.pop(k, None)
            else:
                os.environ[k] = v


def _end(executor: ProcessPoolExecutor) -> None:
    """End workers in the middle of their work: nobody waits for it any more."""
    for worker in list((executor._processes or {}).values()):
        worker.terminate()


def _begin(start: Callable[..., None] | None, arguments: tuple[Any, ...]) -> None:
    # Ctrl-C reaches every process of the terminal. It was held back until here, so that a worker
    # that is still starting does not die of it with a traceback of its own.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if start is not None:
        start(*arguments)


def _end_with_parent() -> None:
    # A parent that is killed tells nobody, and its workers would wait for work for ever.
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
