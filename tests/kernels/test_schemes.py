import numpy as np
import pytest

from utils.kernels import schemes
from utils.kernels.schemes import SCHEMES, apply, cook

ONE = {schemes.F2: 2, schemes.F3: 3, schemes.F4: 4, schemes.F6: 6}


def slide(x, w, stride=1):
    count = (len(x) - len(w)) // stride + 1
    return np.array([x[i * stride : i * stride + len(w)] @ w for i in range(count)])


def bilinear(scheme, x, w):
    return scheme.AT @ ((scheme.G @ w) * (scheme.BT @ x))


def test_cook_by_hand():
    BT, G, AT = cook((0, 1, -1), 2, 3)
    # the well-known F(2, 3), up to factors that may stand in either matrix
    np.testing.assert_array_equal(AT, [[1, 1, 1, 0], [0, 1, -1, 1]])
    np.testing.assert_array_equal(
        G, [[-1, 0, 0], [0.5] * 3, [0.5, -0.5, 0.5], [0, 0, 1]]
    )
    np.testing.assert_array_equal(
        BT, [[-1, 0, 1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]
    )


@pytest.mark.parametrize(("m", "r"), [(1, 1), (2, 2), (3, 2), (2, 5), (4, 7)])
def test_cook_computes_a_convolution(rng, m, r):
    points = rng.permutation(np.arange(-6, 7))[: m + r - 2] / 2
    BT, G, AT = cook(points, m, r)
    x, w = rng.standard_normal(m + r - 1), rng.standard_normal(r)
    np.testing.assert_allclose(AT @ ((G @ w) * (BT @ x)), slide(x, w), rtol=1e-6)


@pytest.mark.parametrize("points", [(0, 1), (0, 1, 1), (0, 1, 2, 3)])
def test_wrong_points_are_refused(points):
    with pytest.raises(ValueError, match="takes 3 different points"):
        cook(points, 2, 3)


@pytest.mark.parametrize("kind", ONE)
def test_stride_one(rng, kind):
    scheme = SCHEMES[kind]
    x, w = rng.standard_normal(scheme.pixels), rng.standard_normal(3)
    np.testing.assert_allclose(bilinear(scheme, x, w), slide(x, w), atol=1e-12)
    assert (scheme.products, scheme.step_in, scheme.step_out) == (
        ONE[kind] + 2,
        ONE[kind],
        ONE[kind],
    )


def test_stride_two(rng):
    scheme = SCHEMES[schemes.S4]
    x, w = rng.standard_normal(9), rng.standard_normal(3)
    np.testing.assert_allclose(bilinear(scheme, x, w), slide(x, w, 2), atol=1e-12)
    assert scheme.products == 9  # 12 multiplications by the definition


@pytest.mark.parametrize("pad", [0, 1, 2, 3])
@pytest.mark.parametrize("size", [8, 9, 16, 21])
def test_stride_two_back(rng, pad, size):
    count = (size + 2 * pad - 3) // 2 + 1
    dout, w = rng.standard_normal(count), rng.standard_normal(3)
    expected = np.zeros(size + 2 * pad)
    for i in range(count):
        expected[2 * i : 2 * i + 3] += dout[i] * w
    axis = schemes.backward(size, 2, pad)
    scheme, dx = SCHEMES[type(axis)], []
    for tile in range(axis.tiles):
        seen = axis.origin + tile * axis.step_in + np.arange(scheme.pixels)
        inside = (seen >= 0) & (seen < count)
        pixels = np.where(inside, dout[np.clip(seen, 0, count - 1)], 0)
        dx += list(bilinear(scheme, pixels, w))
    np.testing.assert_allclose(dx[:size], expected[pad : pad + size], atol=1e-12)


@pytest.mark.parametrize(
    ("size", "kind", "tiles"),
    [
        (1, schemes.F2, 1),
        (2, schemes.F2, 1),
        (3, schemes.F3, 1),
        (4, schemes.F4, 1),
        (6, schemes.F6, 1),
        (7, schemes.F4, 2),
        (8, schemes.F4, 2),
        (30, schemes.F6, 5),
        (32, schemes.F4, 8),
    ],
)
def test_the_scheme_with_the_fewest_products_is_chosen(size, kind, tiles):
    axis = schemes.forward(size, 1, 1)
    assert (type(axis), axis.tiles, axis.origin) == (kind, tiles, -1)
    for other in ONE:
        products = SCHEMES[other].products * -(-size // ONE[other])
        assert products >= tiles * SCHEMES[kind].products


def test_tiles_that_pool_hold_whole_windows():
    assert type(schemes.forward(3, 1, 1, multiple=2)) is schemes.F4
    assert type(schemes.forward(2, 2, 1, multiple=2)) is schemes.S4


MATRICES = [
    pytest.param(matrix, id=f"{kind.__name__} {name}")
    for kind, scheme in SCHEMES.items()
    for name, matrix in (
        ("BT", scheme.BT),
        ("G", scheme.G),
        ("AT", scheme.AT),
        ("A", scheme.AT.T),
        ("GT", scheme.G.T),
    )
]


@pytest.mark.parametrize("matrix", MATRICES)
def test_apply_is_a_matrix_product(rng, matrix):
    vectors = list(rng.standard_normal(matrix.shape[1]))
    np.testing.assert_allclose(apply(matrix, vectors), matrix @ vectors, atol=1e-12)


class Counting:
    """A number that counts the operations done with it."""

    operations = 0

    def __add__(self, other):
        Counting.operations += 1
        return Counting()

    __sub__ = __add__

    def __mul__(self, factor):
        # a product next to a sum is one instruction, so only sums are counted
        return self

    def __neg__(self):
        return self


def test_apply_spares_operations():
    BT = SCHEMES[schemes.F4].BT
    Counting.operations = 0
    apply(BT, [Counting() for _ in range(6)])
    plain = np.count_nonzero(BT) - len(BT)
    assert Counting.operations <= plain - 4  # 2 pairs of rows save 2 or more each


def error(points, m, channels=64):
    """Give the largest error in float32 of F(m x m, 3 x 3), relative to the output."""
    BT, G, AT = (matrix.astype(np.float32) for matrix in cook(points, m, 3))
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, m + 2, m + 2, channels)).astype(np.float32)
    w = rng.standard_normal((3, 3, channels)).astype(np.float32)
    v = np.einsum("ap,bq,npqc->nabc", BT, BT, x).astype(np.float32)
    u = np.einsum("ap,bq,pqc->abc", G, G, w).astype(np.float32)
    products = np.einsum("nabc,abc->nab", v, u)
    out = np.einsum("ia,jb,nab->nij", AT, AT, products)
    windows = np.lib.stride_tricks.sliding_window_view(x.astype(float), (3, 3), (1, 2))
    exact = np.einsum("nijcpq,pqc->nij", windows, w.astype(float))
    return np.abs(out - exact).max() / np.abs(exact).max()


def test_the_points_are_better_than_those_of_the_textbooks():
    ours = error(schemes.THREE_TAPS[4], 4)
    textbook = error((0, 1, -1, 2, -2), 4)
    assert ours < 1.5e-6 < 2.5e-6 < textbook
    assert error(schemes.THREE_TAPS[6], 6) < 1e-5
    assert error(schemes.THREE_TAPS[3], 3) < 1e-6
