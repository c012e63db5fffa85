import numpy as np

from tests.kernels.engine import needs_compiler, normal
from utils.kernels.compiler import kernel
from utils.kernels.simd import LANES, address, instruction, returns_int

pytestmark = needs_compiler


@instruction
def _vectors(e, x, y, out):
    a, b = e.load(x), e.load(y)
    results = [a + b, a - b, 2 - b, a * b, a * 3, a / b, 1 / b, -a, a * 1, 0.5 + a]
    results += [e.where(a > b, a, b), e.where(a == a, b, a)]
    results.append(e.where(b.is_nan(), e.constant(7), a))
    for i, result in enumerate(results):
        e.store(result, out + i * LANES * 4)


@instruction
@returns_int
def _integers(e, a, b, k):
    one, two = (a + b) * 3 - 4, (a >> 1) & 5
    small = e.choose(a.below(b), e.int(1), e.int(0))
    return [one, two, a * 0 + a * 1 + 0, 10 * a + (1 + b), small][0] * e.int(0) + (
        e.choose(k.below(1), one, e.choose(k.below(2), two, small))
    )


@instruction
@returns_int
def _triangle(e, n):
    total = e.variable(e.int(0))
    with e.loop(n) as i:
        total.set(total.get() + i)
    return total.get()


@kernel
def vectors(x, y, out):
    _vectors(address(x), address(y), address(out))


@kernel
def integers(a, b, k):
    return _integers(a, b, k)


@kernel
def triangle(n):
    return _triangle(n)


def test_vectors_follow_numpy(rng):
    x, y = normal(rng, LANES), normal(rng, LANES)
    y[0] = np.nan
    out = np.empty((13, LANES), np.float32)
    vectors(x, y, out)
    expected = [x + y, x - y, 2 - y, x * y, x * 3, x / y, 1 / y, -x, x, x + 0.5]
    expected += [np.where(x > y, x, y), y, np.where(np.isnan(y), 7, x)]
    np.testing.assert_allclose(out, np.array(expected, np.float32), rtol=1e-6)


def test_integers():
    for a, b in [(3, 8), (-7, 2), (8, 8), (100, 3)]:
        assert integers(a, b, 0) == (a + b) * 3 - 4
        assert integers(a, b, 1) == (a >> 1) & 5
        assert integers(a, b, 2) == int(0 <= a < b)


def test_a_loop_at_run_time():
    assert [triangle(n) for n in (0, 1, 2, 10)] == [0, 0, 1, 45]
