"""Run a kernel in several threads, and memory for them to work on.

Kernels are compiled with ``nogil=True``: while one runs, Python may run another one
in a second thread.  So a few plain Python threads are enough, and a kernel compiles in
a fraction of the time that Numba's own ``parallel=True`` takes.

`each` calls a kernel once per thread.  The kernel learns which thread it is in, and
takes its work from a counter that all threads share (`simd.next_ticket`), so that a
thread that was held up does less.  `run` cuts a loop into equal parts instead, and
`each_above` does little work right here.

If the system has no more threads to give, the calls are made one after the other.

The threads sleep until they are called.  A call costs what it takes to wake a core, 10
to 80 microseconds, and nothing is taken from other programs in between (a thread that
waits in a loop would cost them a whole core).  They sleep on a lock that somebody else
opens, the cheapest bell that Python has.  A bell may ring for nothing: whether there is
work is told by `job` alone.

BLAS has threads of its own.  We leave them alone, except inside `serial_blas`.
"""

import ctypes
import math
import mmap
import os
import threading
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from pathlib import Path

import numpy as np
from threadpoolctl import ThreadpoolController

CACHE_LINE = 64
HUGE_PAGE = 2**21


@cache
def count():
    """Say how many threads `each` and `run` use.

    Returns
    -------
    int
        The environment variable ``UTILS_THREADS`` if it is set, otherwise the number
        of cores this process may use.  Read once.  Two hyper-threads are one core:
        they share the units that multiply, which our kernels keep busy.

    Raises
    ------
    ValueError
        If ``UTILS_THREADS`` is not a whole number >= 1.
    """
    asked = os.environ.get("UTILS_THREADS")
    if asked is None:
        return _cores()
    if not asked.isdecimal() or int(asked) < 1:
        raise ValueError(
            f"The environment variable UTILS_THREADS is {asked!r}, expected a whole "
            f"number of threads, 1 or more."
        )
    return int(asked)


def _cores():
    """Count the cores whose processors this process may use."""
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    processors = os.sched_getaffinity(0)
    topology = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
    cores = {_read(topology.format(number)) or number for number in processors}
    return max(1, min(len(cores), _quota()))


def _quota():
    """Give the cores that a container's limit allows (Linux, cgroup 2)."""
    limits = [math.inf]
    for folder in ("", _read("/proc/self/cgroup").rpartition("::")[2]):
        words = _read(f"/sys/fs/cgroup{folder}/cpu.max").split()
        if len(words) == 2 and words[0].isdecimal() and int(words[1]) > 0:
            limits.append(math.ceil(int(words[0]) / int(words[1])))
    return min(limits)


def _read(path):
    try:
        return Path(path).read_text().strip()
    except (OSError, ValueError):
        return ""


def aligned(shape, dtype=np.float32):
    """Make an array of zeros that starts at a cache line.

    A vector that straddles two cache lines costs two reads, and NumPy's arrays begin
    anywhere.  Large arrays lie on pages of 2 MB where Linux has them to give: the
    processor keeps the addresses of few pages at hand, and looks up the others.

    Parameters
    ----------
    shape : int or tuple of ints
    dtype : dtype, optional

    Returns
    -------
    ndarray
        In C order, zeroed, its address a multiple of 64.
    """
    dtype = np.dtype(dtype)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size < HUGE_PAGE or not hasattr(mmap, "MADV_HUGEPAGE"):
        step, memory = CACHE_LINE, np.zeros(size + CACHE_LINE, np.uint8)
    else:
        # Private: a forked child must not write into its parent's arrays.
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        step, memory = HUGE_PAGE, mmap.mmap(-1, size + HUGE_PAGE, flags=flags)
        try:
            memory.madvise(mmap.MADV_HUGEPAGE)
        except OSError:
            pass  # a kernel built without them
    address = np.frombuffer(memory, np.uint8).__array_interface__["data"][0]
    return np.ndarray(shape, dtype, memory, offset=-address % step)


@cache
def _blas():
    return threading.RLock(), ThreadpoolController()


@contextmanager
def serial_blas():
    """Keep BLAS to one thread while our own threads call it.

    A matrix product of one image is so small that the threads inside BLAS would spend
    their time waiting for each other; one product per thread of ours does not wait.
    The setting is one for the whole process, so only one thread at a time gets in, and
    whoever waits for another Python thread inside must not let that one come here: both
    would wait for ever.
    """
    lock, libraries = _blas()
    with lock, libraries.limit(limits=1, user_api="blas"):
        yield


def each(function, *args):
    """Call ``function(worker, workers, *args)`` once in each thread.

    Parameters
    ----------
    function : callable
        A kernel.  ``workers`` is how many calls there are and ``worker``, from 0 to
        ``workers - 1``, which of them this is.  Calls must not wait for each other:
        if the threads are taken they are made one after the other.
    *args
        Arrays and numbers handed to every call.

    Raises
    ------
    Exception
        Whatever a call raised, after all calls have ended.
    """
    workers = count()
    _together([(function, worker, workers, *args) for worker in range(workers)])


def each_above(limit, size, function, *args):
    """Call ``function(worker, workers, *args)`` in each thread, or just here.

    Waking a thread takes as long as moving some ten thousand numbers, and weights are
    often no more.

    Parameters
    ----------
    limit : int
        The size up to which one thread alone is done before two would have begun.
    size : int
        How much there is to do.
    function : callable
        See `each`.
    *args
        Arrays and numbers handed to every call.
    """
    if size <= limit:
        function(0, 1, *args)
    else:
        each(function, *args)


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
    parts = max(1, min(count(), size))
    bounds = [size * part // parts for part in range(parts + 1)]
    pairs = zip(bounds, bounds[1:], strict=False)
    _together([(function, start, stop, *args) for start, stop in pairs])


def _together(calls):
    """Make the first call here and the others in helpers, and wait for all."""
    free, helpers = _team()
    # Taken: by another thread of the program, or by ourselves one call further up.
    if len(calls) == 1 or not free.acquire(blocking=False):
        _one_by_one(calls)
        return
    try:
        if _hire(helpers, len(calls) - 1):
            _share(calls, helpers[: len(calls) - 1])
            return
    finally:
        free.release()
    _one_by_one(calls)


def _hire(helpers, count):
    """Start threads until there are enough; tell whether the system had them."""
    try:
        while len(helpers) < count:
            helpers.append(_Helper())
    except RuntimeError:  # can't start new thread
        return False
    return True


def _one_by_one(calls):
    for function, *args in calls:
        function(*args)


def _share(calls, helpers):
    rung = False
    _keep_off(helpers)
    try:
        for helper, call in zip(helpers, calls[1:], strict=True):
            # The context carries np.errstate into the threads.
            helper.error, helper.job = None, (copy_context(), call)
            _ring(helper.ready)
        rung = True
        function, *args = calls[0]
        function(*args)
    finally:
        _wait(helpers, rung)
    for helper in helpers:
        if helper.error is not None:
            raise helper.error


def _keep_off(helpers):
    """Keep helpers off the processor that the calling thread runs on (Linux).

    A thread that wakes another one is expected to sleep soon, so Linux likes to put
    the woken one on the same processor.  Ours does not sleep: both would share one
    core for some milliseconds while another one is idle.
    """
    here = _processor()
    for helper in helpers:
        if here is not None and helper.kept_off != here:
            helper.kept_off = here
            try:
                others = os.sched_getaffinity(0) - {here}
                if others:
                    os.sched_setaffinity(helper.native_id, others)
            except OSError:  # not allowed: it is only a matter of speed
                pass


@cache
def _find_processor():
    """Give the C library's function that names the running processor, or None."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    return getattr(ctypes.CDLL(None), "sched_getcpu", None)


def _processor():
    function = _find_processor()
    number = -1 if function is None else function()
    return number if number >= 0 else None


def _wait(helpers, rung):
    """Return only when every thread has let go of the arrays, even at Ctrl-C."""
    interrupt = None
    while True:
        try:
            for helper in helpers:
                while helper.job is not None:
                    if not rung:  # Ctrl-C came between a job and its bell
                        _ring(helper.ready)
                    helper.done.acquire()
            break
        except BaseException as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt


def _ring(bell):
    """Open a lock that another thread sleeps on, or will."""
    try:
        bell.release()
    except RuntimeError:
        pass  # it is open already


class _Helper(threading.Thread):
    """A thread that sleeps until it has a job."""

    def __init__(self):
        super().__init__(name="kernel", daemon=True)
        self.job = self.error = self.kept_off = None
        self.ready, self.done = threading.Lock(), threading.Lock()
        self.ready.acquire()
        self.done.acquire()
        self.start()

    def run(self):
        """Do one job after the other."""
        while True:
            self.ready.acquire()
            if self.job is None:
                continue
            context, call = self.job
            try:
                context.run(*call)
            except BaseException as error:
                self.error = error
            del context, call  # let go of the arrays before saying so
            self.job = None
            _ring(self.done)


@cache
def _team():
    return threading.Lock(), []


def _start_anew():
    """Forget threads and locks, which a forked child inherits as mere shells."""
    _team.cache_clear()
    _blas.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)
