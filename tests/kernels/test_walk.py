import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.engine import needs_compiler
from utils.kernels import walk

pytestmark = needs_compiler


def go(tiles, again, turns, workers):
    """Let threads take tiles in the order of `turns`, then one by one; list them."""
    counters = np.zeros(workers * walk.LINE, np.int64)
    taken = [[] for _ in range(workers)]
    for worker in [*turns, *(w for w in range(workers) for _ in range(tiles))]:
        k = len(taken[worker])
        tile = walk.take(worker, workers, tiles, k, again, counters)
        if tile >= 0:
            taken[worker].append(tile)
    return taken


def test_two_threads_walk_toward_each_other_and_back():
    fair = [0, 1] * 4
    assert go(8, False, fair, 2) == [[0, 1, 2, 3], [7, 6, 5, 4]]
    assert go(8, True, fair, 2) == [[3, 2, 1, 0], [4, 5, 6, 7]]


def test_who_is_faster_takes_more():
    assert go(8, False, [0, 0, 0, 0, 0, 1], 2) == [[0, 1, 2, 3, 4, 5, 6], [7]]
    assert go(8, True, [1, 1, 1, 1, 1, 0], 2) == [[3, 2, 1], [4, 5, 6, 7, 0]]


def test_three_threads():
    assert go(9, False, [0, 1, 2] * 3, 3) == [[0, 1, 2], [5, 4, 3], [6, 7, 8]]


@given(
    tiles=st.integers(1, 40),
    again=st.booleans(),
    workers=st.integers(1, 7),
    data=st.data(),
)
def test_each_tile_is_taken_once(tiles, again, workers, data):
    turns = data.draw(st.lists(st.integers(0, workers - 1), max_size=60))
    taken = go(tiles, again, turns, workers)
    assert sorted(sum(taken, [])) == list(range(tiles))


@given(rows=st.integers(1, 100), tiles=st.integers(1, 40))
def test_tiles_cover_all_rows(rows, tiles):
    ends = [walk.bounds(rows, tile, tiles) for tile in range(tiles)]
    covered = [row for start, stop in ends for row in range(start, stop)]
    assert covered == list(range(rows))
