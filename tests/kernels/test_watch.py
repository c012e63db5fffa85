import numpy as np
import pytest

from tests.kernels.engine import needs_compiler, run_checked
from utils.kernels import watch
from utils.kernels.watch import watched

pytestmark = needs_compiler


def test_a_miss_is_counted_and_harmless():
    run_checked("""
import numpy as np, pytest
from tests.kernels.test_simd import Up, change
from utils.kernels.simd import LANES, watched

x = np.ones(4 * LANES, np.float32)
inner, out = x[LANES : 3 * LANES], np.zeros(2 * LANES, np.float32)
with watched(inner, out):
    change(Up(1.0), inner, out)
np.testing.assert_array_equal(out, 2)
for arrays in [(inner, out[1:]), (inner[:-1], out), (out,), ()]:
    out[:] = 0
    with pytest.raises(RuntimeError, match="missed the watched arrays"):
        with watched(*arrays):
            change(Up(1.0), inner, out)
    np.testing.assert_array_equal(x, 1)
with watched(inner, out):  # nothing of the misses is left
    change(Up(1.0), inner, out)
with pytest.raises(ValueError, match="expected at most 256"):
    with watched(*[x] * 257):
        pass
""")


@pytest.mark.skipif(watch.CHECKED, reason="the checks are on")
def test_watching_needs_the_checks():
    with pytest.raises(RuntimeError, match="UTILS_CHECK_MEMORY=1"):
        with watched(np.ones(3)):
            pass
