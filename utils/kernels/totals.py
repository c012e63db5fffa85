"""The sum of an array, for those who ask whether all of it is finite.

A sum is infinite or not a number as soon as one of its terms is, and adding up reads
memory as fast as anything can.

What moves:  x in, nothing out.
Threads:     each adds up one contiguous part.  Their sums are added in order, so that
             the result depends on the number of threads only.
Why fast:    CHAINS vectors of sums, none of which waits for another.
Cost:        4 bytes per number.
"""

import numpy as np

from utils.kernels import expect, threads
from utils.kernels.compiler import kernel
from utils.kernels.simd import BYTES, LANES, address, instruction

CHAINS = 8
RUN = CHAINS * LANES


@instruction
def _add_runs(e, x, runs, sums):
    """Add `runs` times CHAINS vectors to one vector of sums, from zero."""
    chains = [e.variable(e.constant(0)) for _ in range(CHAINS)]
    with e.loop(runs) as i:
        for j, chain in enumerate(chains):
            vector = e.load(x + i * (CHAINS * BYTES) + j * BYTES)
            chain.set(chain.get() + vector)
    result = chains[0].get()
    for chain in chains[1:]:
        result = result + chain.get()
    e.store(result, sums)


@kernel
def _add_up(worker, workers, x, sums):
    runs = len(x) // RUN
    first, stop = runs * worker // workers, runs * (worker + 1) // workers
    _add_runs(address(x) + first * RUN * 4, stop - first, address(sums[worker]))
    if worker == workers - 1:
        for i in range(runs * RUN, len(x)):
            sums[worker, 0] += x[i]


def total(x):
    """Add up an array.

    Parameters
    ----------
    x : ndarray of shape (N,)
        float32 in C order.

    Returns
    -------
    float
        The sum, by float32 additions; infinite or NaN if a number of x is.

    Raises
    ------
    ValueError
        If x is another kind of array.
    """
    expect.numbers(x=x)
    expect.axes(1, x=x)
    sums = np.empty((threads.count(), LANES), np.float32)
    threads.each(_add_up, x, sums)
    return float(sums.sum())
