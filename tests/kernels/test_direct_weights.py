import numpy as np
import pytest

from tests.kernels.engine import needs_compiler
from tests.kernels.test_direct import case, check, run
from utils.kernels import direct, direct_weights
from utils.kernels.simd import LANES

pytestmark = needs_compiler


@pytest.mark.parametrize("chunk", [1, 20, 10**6])
def test_pixels_in_chunks_of_any_size(rng, monkeypatch, chunk):
    monkeypatch.setattr(direct_weights, "CHUNK", chunk)
    arrays = case(rng, 5, 6, 7, 6, 2, 3, 2, 1, 1)
    check(arrays, 1, 1, run(direct, *arrays, 1, 1))


def test_db_may_be_left_out(rng):
    x, _, _, dout = case(rng, 2, 5, 5, 16, 1, 3, 3, 2, 0)
    dw, again, db = (np.empty((3, 3, 16, LANES), np.float32) for _ in range(3))
    direct.backward_weights(x, dout, dw, None, 2, 0)
    direct.backward_weights(x, dout, again, db[0, 0, 0], 2, 0)
    np.testing.assert_array_equal(dw, again)


def test_no_images(rng):
    x, w, b, dout = case(rng, 0, 5, 5, 16, 1, 3, 3, 1, 0)
    direct.backward_weights(x, dout, w, b, 1, 0)
    assert not w.any() and not b.any()


def test_nan_reaches_only_its_own_weights(rng):
    x, w, b, dout = case(rng, 2, 4, 4, 16, 1, 1, 1, 1, 0)
    x[0, 2, 2, 5] = np.nan
    direct.backward_weights(x, dout, w, b, 1, 0)
    assert np.isnan(w[0, 0, 5]).all()
    assert np.isnan(w).sum() == LANES and np.isfinite(b).all()
