"""What this machine can do at most, and whether it is doing something else.

Every row of a table says how close it comes to a *limit*, measured in the same run:

- arithmetic: the multiply-adds per second of our own microkernel while all its numbers
  lie in the innermost cache, on all threads at once;
- memory: the time that a plain copy takes to move as many bytes as the layer must read
  and write.  The copy has the size of the layer, because what fits into the last
  cache travels faster than what does not.

The larger of the two times is the limit of the row.

A virtual machine may be slower at times without any trace of it inside: where its host
lets two of our processors share one core, both run all the time, at half speed.  So the
microkernel is also the thermometer: `speed` says what it reaches just now.
"""

import importlib.util
import os
import platform
import statistics
import time
from functools import cache
from importlib import metadata
from pathlib import Path

import numba
import numpy as np

from utils.kernels import gemm, threads
from utils.kernels.machine import processor
from utils.kernels.simd import LANES, ROWS

DEPTH = 128  # steps of the microkernel: a block of numbers that fits into 48 KB
REPEATS = 4_000  # products in a burst
BUSY = 0.25  # cores used by others from which on times are not to be trusted
STEADY = 0.9  # of the peak: below it the machine is slower than it can be

_best = [0.0]


# Not kept on disk: the kernels' cache does not know the sources of this folder.
@numba.njit(nogil=True)
def _multiply(worker, workers, repeats, a, b, c):
    """Repeat one product of registers, each thread on its own numbers."""
    left, right, sums = a[worker], b[worker], c[worker]
    depth, width = right.shape
    row = 4 * depth
    for _ in range(repeats):
        gemm.product(left, row, 4, depth, right, sums, 4 * width, right)


@cache
def _blocks():
    """Give the microkernel's numbers, one block per thread, and compile it."""
    count = threads.count()
    a = threads.aligned((count, ROWS, DEPTH))
    b = threads.aligned((count, DEPTH, gemm.WIDTH))
    c = threads.aligned((count, ROWS, gemm.WIDTH))
    threads.each(_multiply, 1, a, b, c)
    return a, b, c


def speed(bursts=9):
    """Measure how fast the processor multiplies just now.

    Parameters
    ----------
    bursts : int
        Tries of two milliseconds or so.

    Returns
    -------
    gflops : float
        Billions of operations per second, all threads together, where a multiply-add
        is two; the median.
    """
    blocks, rates = _blocks(), []
    operations = 2 * len(blocks[0]) * REPEATS * ROWS * DEPTH * gemm.WIDTH
    for _ in range(bursts):
        begin = time.perf_counter()
        threads.each(_multiply, REPEATS, *blocks)
        rates.append(operations / (time.perf_counter() - begin) / 1e9)
    _best[0] = max(_best[0], *rates)
    return median(rates)


def peak():
    """Give the arithmetic limit: the best that `speed` has seen in this process."""
    if not _best[0]:
        speed(60)
    return _best[0]


def copy_seconds(traffic):
    """Measure the memory limit: the time to move a number of bytes.

    Parameters
    ----------
    traffic : float
        Bytes read plus bytes written.

    Returns
    -------
    seconds : float
        Of a copy, in all threads, that reads half of them and writes the other half.
    """
    size = 1 << max(12, round(np.log2(max(traffic, 1) / 8)))  # floats, a power of two
    return _copy_once(size) * traffic / (8 * size)


@cache
def _copy_once(size):
    source, target = threads.aligned(size), threads.aligned(size)
    source[:] = 1

    def copy(start, stop):
        np.copyto(target[start:stop], source[start:stop])

    tries = []
    for _ in range(15):
        begin = time.perf_counter()
        threads.run(copy, size)
        tries.append(time.perf_counter() - begin)
    return min(tries)


def limit(operations, traffic):
    """Give the least time that this machine needs for some work.

    Parameters
    ----------
    operations : float
        Additions and multiplications.
    traffic : float
        Bytes that must be read and written.

    Returns
    -------
    seconds : float
    bound : {"arithmetic", "memory"}
        Which of the two takes longer.
    """
    arithmetic, memory = operations / peak() / 1e9, copy_seconds(traffic)
    if arithmetic >= memory:
        return arithmetic, "arithmetic"
    return memory, "memory"


class Watch:
    """Tell how many cores other processes have used since the watch was started.

    Where the system does not count processor time for all (no ``/proc/stat``), the
    answer is None.
    """

    def __init__(self):
        self.begin = self._now()

    @staticmethod
    def _now():
        try:
            fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        except OSError:
            return None
        user, nice, system, _idle, _wait, irq, softirq, _steal = map(int, fields)
        ticks = os.sysconf("SC_CLK_TCK")
        everybody = (user + nice + system + irq + softirq) / ticks
        return time.perf_counter(), everybody, time.process_time()

    def others(self):
        """Give the number of cores that others used, on average; or None."""
        now = self._now()
        if now is None or self.begin is None:
            return None
        wall, everybody, mine = (b - a for a, b in zip(self.begin, now, strict=True))
        return max(0.0, (everybody - mine) / max(wall, 1e-9))


def busy(seconds=0.5):
    """Watch an idle moment: give the cores that others use, or None."""
    watch = Watch()
    time.sleep(seconds)
    return watch.others()


def where():
    """Describe machine and versions in one line."""
    names = ["numpy", "numba"]
    if importlib.util.find_spec("torch") is not None:
        names.append("torch")
    versions = [f"{name} {metadata.version(name)}" for name in names]
    plural = "s" if threads.count() > 1 else ""
    return (
        f"{processor()}, {threads.count()} thread{plural}, vectors of {LANES} floats, "
        f"Python {platform.python_version()}, {', '.join(versions)}"
    )


def median(values):
    """Give the median (of an even number: the smaller of the two in the middle)."""
    return statistics.median_low(values)
