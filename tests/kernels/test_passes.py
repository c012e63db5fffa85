import numpy as np

from tests.kernels.engine import between_canaries, needs_compiler, normal
from utils.kernels import passes
from utils.kernels.activations import Identity
from utils.kernels.fusion import BnAct
from utils.kernels.simd import LANES

pytestmark = needs_compiler


def test_a_map_may_be_filled_in_place(rng):
    x, scale = normal(rng, 3, 2, 5, LANES), normal(rng, LANES)
    out, untouched = between_canaries(x.shape)
    out[:] = x
    passes.fill(BnAct(out, scale, scale, Identity()), out)
    np.testing.assert_allclose(out, x * scale + scale, rtol=1e-5, atol=1e-6)
    untouched()
