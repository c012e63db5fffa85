import numpy as np
import pytest

from tests.kernels.engine import needs_compiler
from tests.kernels.test_direct import run
from tests.kernels.test_narrow import case, check
from utils.kernels import narrow, narrow_gradients

pytestmark = needs_compiler


@pytest.mark.parametrize("chunk", [1, 5, 10**6])
def test_tiles_in_chunks_of_any_size(rng, monkeypatch, chunk):
    monkeypatch.setattr(narrow_gradients, "CHUNK", chunk)
    arrays = case(rng, 3, 11, 6, 3, 2, 5, 3, 1, 1)
    check(arrays, 1, run(narrow, *arrays, 1, 1))


def test_db_may_be_left_out(rng):
    x, w, b, dout = case(rng, 2, 5, 5, 3, 1, 3, 3, 1, 0)
    dw, again = np.empty_like(w), np.empty_like(w)
    narrow.backward_weights(x, dout, dw, None, 1, 0)
    narrow.backward_weights(x, dout, again, b, 1, 0)
    np.testing.assert_array_equal(dw, again)


def test_no_images(rng):
    x, w, b, dout = case(rng, 0, 5, 5, 3, 1, 3, 3, 1, 0)
    narrow.backward_data(dout, w, x, 1, 0)
    narrow.backward_weights(x, dout, w, b, 1, 0)
    assert not w.any() and not b.any()


def test_shapes_are_checked(rng):
    x, w, b, dout = case(rng, 2, 5, 5, 3, 1, 3, 3, 1, 0)
    with pytest.raises(ValueError, match="out has shape"):
        narrow.backward_data(dout[:1], w, x, 1, 0)
    with pytest.raises(ValueError, match="out has shape"):
        narrow.backward_weights(x, dout, w, b, 1, 1)
