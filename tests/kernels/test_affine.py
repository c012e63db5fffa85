import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.engine import between_canaries, needs_compiler, normal, run_checked
from utils.kernels import affine, threads
from utils.kernels.gemm import WIDTH
from utils.kernels.scratch import own
from utils.kernels.simd import LANES

pytestmark = needs_compiler


def bound(a, b):
    """Bound the rounding error of a @ b in float32."""
    size = np.abs(a).astype(float) @ np.abs(b).astype(float)
    return (a.shape[1] + 2) * 2**-24 * (size + 1)


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 7).map(lambda m: m * LANES) | st.integers(WIDTH, 3 * WIDTH),
    st.sampled_from([1, 2, 3]),
    st.integers(0, 2**32 - 1),
)
def test_against_numpy(N, d, M, workers, seed):
    rng, before = np.random.default_rng(seed), threads.count
    D = d * LANES
    x, w, b, dout = (normal(rng, *s) for s in ((N, D), (D, M), (M,), (N, M)))
    out, out_untouched = between_canaries((N, M))
    dx, dx_untouched = between_canaries((N, D))
    dw, dw_untouched = between_canaries((D, M))
    db, db_untouched = between_canaries((M,))
    threads.count = lambda: workers
    try:
        affine.forward(x, w, b, out)
        affine.backward_data(dout, w, dx)
        affine.backward_weights(x, dout, dw, db)
    finally:
        threads.count = before
    expected = x.astype(float) @ w + b
    assert (np.abs(out - expected) <= bound(x, w) + 2**-22 * np.abs(b)).all()
    assert (np.abs(dx - dout.astype(float) @ w.T) <= bound(dout, w.T)).all()
    assert (np.abs(dw - x.T.astype(float) @ dout) <= bound(x.T, dout)).all()
    np.testing.assert_allclose(db, dout.sum(axis=0, dtype=float), atol=1e-4)
    for untouched in (out_untouched, dx_untouched, dw_untouched, db_untouched):
        untouched()


@pytest.mark.parametrize("M", [0, LANES, WIDTH, WIDTH + 1, 5 * WIDTH - 1])
def test_it_suits_what_fills_a_panel_or_whole_vectors(M):
    assert affine.suits(M)
    assert not affine.suits(LANES - 1) and not affine.suits(1)


def test_garbage_in_scratch_memory_is_not_added(rng):
    # 5 images are computed as 6 or 8 rows: those that are missing must be zeros.
    x, w = normal(rng, 5, 3 * LANES), normal(rng, 3 * LANES, WIDTH + 1)
    b, out, again = w[0].copy(), *np.empty((2, 5, WIDTH + 1), np.float32)
    affine.forward(x, w, b, out)
    for piece in own().pieces():
        piece[:] = np.nan
    affine.forward(x, w, b, again)
    np.testing.assert_array_equal(out, again)


N, D, M = 3, 2 * LANES, LANES
SHAPES = {"x": (N, D), "w": (D, M), "b": (M,), "out": (N, M)}
CALLS = [
    (affine.forward, {"x": "x", "w": "w", "b": "b", "out": "out"}, {"out"}),
    (affine.backward_data, {"dout": "out", "w": "w", "dx": "x"}, {"dx"}),
    (
        affine.backward_weights,
        {"x": "x", "dout": "out", "dw": "w", "db": "b"},
        {"dw", "db"},
    ),
]


def wrong(a):
    """Yield arrays that may not take the place of a."""
    yield from (a.astype(float), a[None], a[..., ::-1], a.tolist())
    yield from (np.ones((*a.shape[:-1], a.shape[-1] + n), np.float32) for n in (1, 64))
    yield from (a[..., :0], np.float32(1) * a[:1].sum(), a[: len(a) // 2])


@pytest.mark.parametrize("function, roles, written", CALLS)
def test_arrays_that_do_not_fit_are_refused(function, roles, written):
    good = {name: np.ones(SHAPES[role], np.float32) for name, role in roles.items()}
    function(**good)
    names = "|".join(roles)
    for name, array in good.items():
        for bad in wrong(array):
            sentence = rf"^({names}) (is|has shape) .*expected"
            with pytest.raises(ValueError, match=sentence):
                function(**{**good, name: bad})
        frozen = array.copy()
        frozen.flags.writeable = False
        if name in written:
            with pytest.raises(ValueError, match=f"{name} is read-only"):
                function(**{**good, name: frozen})
        else:
            function(**{**good, name: frozen})


def test_memory_is_touched_only_where_it_may_be():
    run_checked("""
import numpy as np
from utils.kernels import affine, simd
from utils.kernels.scratch import own
from utils.kernels.simd import LANES

N, D, M = 7, 19 * LANES, 6 * LANES + 3
x, w, b, out = (np.ones(s, np.float32) for s in ((N, D), (D, M), M, (N, M)))
dx, dw, db = np.ones_like(x), np.ones_like(w), np.ones_like(b)
calls = [
    (affine.forward, (x, w, b, out)),
    (affine.backward_data, (out, w, dx)),
    (affine.backward_weights, (x, out, dw, db)),
]
for function, arrays in calls:
    function(*arrays)  # scratch memory grows
    with simd.watched(*arrays, *own().pieces()):
        function(*arrays)
""")
