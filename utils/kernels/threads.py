"""Split a kernel's outermost loop over threads.

Kernels are compiled with ``nogil=True``: while one runs, Python may run another one
in a second thread.  So a plain pool of Python threads is enough, and a kernel
compiles in a fraction of the time that Numba's own ``parallel=True`` takes.
"""

import os
from concurrent.futures import ThreadPoolExecutor
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
def _libraries():
    return ThreadpoolController()


def serial_blas():
    """Keep BLAS to one thread while our own threads call it.

    A matrix product of one image is so small that the threads inside BLAS would spend
    their time waiting for each other; one product per thread of ours does not wait.

    Returns
    -------
    context manager
        To be used with ``with``; the former setting comes back at the end.
    """
    return _libraries().limit(limits=1, user_api="blas")


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
    others = [
        _pool().submit(function, start, stop, *args)
        for start, stop in zip(bounds[1:-1], bounds[2:], strict=True)
    ]
    try:
        function(bounds[0], bounds[1], *args)
    finally:
        # Nobody may touch the arrays again before every thread has let go of them.
        errors = [future.exception() for future in others]
    for error in errors:
        if error is not None:
            raise error
