"""Split a kernel's outermost loop over threads.

Kernels are compiled with ``nogil=True``: while one runs, Python may run another one
in a second thread.  So a plain pool of Python threads is enough, and a kernel
compiles in a fraction of the time that Numba's own ``parallel=True`` takes.
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache

import numba
from threadpoolctl import ThreadpoolController

# nogil: threads run side by side; cache: compiled once per machine, not per start.
kernel = numba.njit(nogil=True, cache=True)


@cache
def count():
    """Say how many threads `run` uses.

    Returns
    -------
    int
        The environment variable ``UTILS_THREADS`` if it is set, otherwise the number
        of cores this process may use.  Read once.

    Raises
    ------
    ValueError
        If ``UTILS_THREADS`` is not a whole number >= 1.
    """
    asked = os.environ.get("UTILS_THREADS")
    if asked is None:
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if not asked.isdecimal() or int(asked) < 1:
        raise ValueError(
            f"The environment variable UTILS_THREADS is {asked!r}, expected a whole "
            f"number of threads, 1 or more."
        )
    return int(asked)


@cache
def _pool():
    return ThreadPoolExecutor(count() - 1, thread_name_prefix="kernel")


@cache
def _blas():
    return threading.RLock(), ThreadpoolController()


def _start_anew():
    """Forget threads and locks, which a forked child inherits as mere shells."""
    _pool.cache_clear()
    _blas.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


@contextmanager
def serial_blas():
    """Keep BLAS to one thread while our own threads call it.

    A matrix product of one image is so small that the threads inside BLAS would spend
    their time waiting for each other; one product per thread of ours does not wait.
    The setting is one for the whole process, so only one thread at a time gets in.
    """
    lock, libraries = _blas()
    with lock, libraries.limit(limits=1, user_api="blas"):
        yield


def run(function, size, *args):
    """Call ``function(start, stop, *args)`` so that all of ``range(size)`` is done.

    Parameters
    ----------
    function : callable
        A kernel; parts with different ``start, stop`` must write to different places.
    size : int
        Length of the kernel's outermost loop.
    *args
        Arrays and numbers handed to every call.

    Raises
    ------
    Exception
        Whatever a call raised, after all calls have ended.
    """
    parts = min(count(), size)
    if parts <= 1:
        function(0, size, *args)
        return
    bounds = [size * part // parts for part in range(parts + 1)]
    # The context carries np.errstate into the threads.
    others = [
        _pool().submit(copy_context().run, function, start, stop, *args)
        for start, stop in zip(bounds[1:-1], bounds[2:], strict=True)
    ]
    try:
        function(bounds[0], bounds[1], *args)
    finally:
        _wait(others)
    for future in others:
        future.result()


def _wait(futures):
    """Return only when every thread has let go of the arrays, even at Ctrl-C."""
    interrupt = None
    while True:
        try:
            wait(futures)
            break
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt
