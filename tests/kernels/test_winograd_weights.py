import numpy as np
import pytest

from tests.kernels.engine import conv_backward, needs_compiler, normal
from utils.kernels import threads, winograd
from utils.kernels.fusion import Plain
from utils.kernels.simd import LANES
from utils.kernels.winograd import Convolution

pytestmark = needs_compiler


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("shared", [1, 10**9])
@pytest.mark.parametrize("panels", [1, 3])
@pytest.mark.parametrize("N", [1, 20])
def test_every_share_is_added_once(monkeypatch, rng, workers, shared, panels, N):
    monkeypatch.setattr(threads, "count", lambda: workers)
    monkeypatch.setattr(winograd, "SHARED", shared)
    C, K = 3 * LANES, panels * winograd.WIDTH
    x, dout = normal(rng, N, 8, 4, C), normal(rng, N, 8, 4, K)
    dw = np.full((3, 3, C, K), np.nan, np.float32)
    conv = Convolution(N, 8, 4, C, K)
    for _ in range(2):  # what a call leaves behind must not count in the next one
        conv.backward_weights(Plain(x), Plain(dout), dw)
    _, expected = conv_backward(dout, x, np.zeros(dw.shape), 1, 1)
    np.testing.assert_allclose(dw, expected, atol=2e-4 * np.sqrt(N * 32))
