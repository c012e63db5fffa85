import numpy as np
import pytest

from utils.optim import blocks


@pytest.mark.parametrize("size, count", [(0, 0), (3, 1), (4, 1), (9, 3)])
def test_each_number_is_in_one_piece_of_its_array(monkeypatch, size, count):
    monkeypatch.setattr(blocks, "BLOCK", 4)
    a, b = np.zeros((size, 1)), np.zeros((size, 1), np.float32)
    pieces = list(blocks.blocks(a, b))
    assert len(pieces) == count
    for piece in pieces:
        assert [array.ndim for array in piece] == [1, 1] and piece[0].size <= 4
        for array in piece:
            array += 1
    np.testing.assert_array_equal(a, 1)
    np.testing.assert_array_equal(b, 1)


def test_another_order_is_one_piece():
    a, b = np.zeros((3, 4)), np.zeros((4, 3)).T
    (piece,) = blocks.blocks(a, b)
    assert piece[0] is a and piece[1] is b
