"""Who works on which tile, when two passes go over the same memory.

A *tile* is some rows of a map, small enough that there are several for each thread.
Threads take tiles one by one, so that one that was held up takes fewer.  But taking
the next free tile, whichever it is, would forget where a thread has been: the tiles of
the first pass that are still in its own cache should be its first ones in the second.

So the tiles lie on a ring, and two threads walk it in opposite directions until they
meet.  The second pass begins at the other side of the ring, where the first one ended,
and goes back::

    first pass                        second pass
    0 1 2 3 >       < 8 9 10 11       0 1 2      < 4 5|6 7 >      9 10 11

Where they meet depends on their speeds, what they compute does not: a tile is the same
work whoever does it, and sums are kept per tile and added in order afterwards.

More than two threads walk on a ring for each pair.
"""

from utils.kernels.compiler import kernel
from utils.kernels.simd import address, next_ticket

TILES = 32
LINE = 8  # counters this far apart are in cache lines of their own


@kernel
def take(worker, workers, tiles, k, again, counters):
    """Give a thread its next tile, or -1 if there is none left.

    Parameters
    ----------
    worker, workers : int
        Which thread, of how many.
    tiles : int
        How many tiles there are.
    k : int
        How many this thread has taken before, in this pass.
    again : bool
        Whether this is the second pass.
    counters : ndarray, int64
        `LINE` numbers for each pair of threads; zeros when a pass begins.
    """
    pair = worker // 2
    first = tiles * (2 * pair) // workers
    ring = tiles * min(2 * pair + 2, workers) // workers - first
    if next_ticket(address(counters) + pair * LINE * 8) >= ring:
        return -1
    up = (worker % 2 == 0) != again
    place = k if up else 2 * ring - 1 - k
    if again:
        place += ring // 2
    return first + place % ring


@kernel
def bounds(rows, tile, tiles):
    """Give the first row of a tile, and the row after its last."""
    return rows * tile // tiles, rows * (tile + 1) // tiles
