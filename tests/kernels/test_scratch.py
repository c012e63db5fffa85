import threading

import numpy as np

from utils.kernels import scratch
from utils.kernels.scratch import Scratch


def test_a_piece_is_kept_and_grows():
    memory = Scratch()
    first = memory.get("a", 2, 100)
    assert first.shape == (2, 112) and first.dtype == np.float32
    assert all(row.ctypes.data % 64 == 0 for row in first)
    first[:] = 5
    again = memory.get("a", 1, 50)
    assert again.shape == (1, 64) and np.shares_memory(first, again)
    np.testing.assert_array_equal(again, 5)
    larger = memory.get("a", 3, 200)
    assert larger.shape == (3, 208)
    assert memory.nbytes == larger.nbytes
    assert memory.get("a", 3, 200).ctypes.data == larger.ctypes.data


def test_pieces_of_different_names_do_not_overlap():
    memory = Scratch()
    a, b = memory.get("a", 1, 100), memory.get("b", 1, 100)
    assert not np.shares_memory(a, b)
    assert len(memory.pieces()) == 2


def test_each_thread_has_memory_of_its_own():
    found = [scratch.own(), scratch.own()]
    thread = threading.Thread(target=lambda: found.append(scratch.own()))
    thread.start()
    thread.join()
    assert found[0] is found[1] is not found[2]
