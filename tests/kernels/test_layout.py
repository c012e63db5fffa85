import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.engine import between_canaries, needs_compiler, run_checked
from utils.kernels import layout
from utils.kernels.simd import LANES, padded

pytestmark = needs_compiler

# Around whole vectors, and far from them.
SIZES = st.one_of(
    st.integers(1, 3), st.sampled_from([LANES - 1, LANES, LANES + 1, 2 * LANES + 3])
)


FUNCTIONS = [
    layout.images_to_last,
    layout.images_to_first,
    layout.filters_to_last,
    layout.filters_to_first,
]
OTHERS = [
    lambda a: a.astype(float),
    lambda a: np.asfortranarray(a),
    lambda a: a[..., ::-1],
    lambda a: a[0],
    lambda a: a.tolist(),
]


def smaller(shape, room):
    """Yield shapes that have too little room on one axis."""
    for axis in range(4):
        yield *shape[:axis], room[axis] - 1, *shape[axis + 1 :]


def numbers(*shape):
    return np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape)


def images_and_back(N, C, H, W, Q):
    x = numbers(N, C, H, W)
    last, check = between_canaries((N, H, W, Q))
    layout.images_to_last(x, last)
    check()
    np.testing.assert_array_equal(last[..., :C], x.transpose(0, 2, 3, 1))
    assert not last[..., C:].any()
    last[..., C:] = np.nan
    back, check = between_canaries(x.shape)
    layout.images_to_first(last, back)
    check()
    np.testing.assert_array_equal(back, x)


def filters_and_back(F, C, HH, WW, channels, K):
    w = numbers(F, C, HH, WW)
    last, check = between_canaries((HH, WW, channels, K))
    layout.filters_to_last(w, last)
    check()
    np.testing.assert_array_equal(last[:, :, :C, :F], w.transpose(2, 3, 1, 0))
    assert not last[:, :, C:].any() and not last[:, :, :, F:].any()
    last[:, :, C:] = last[:, :, :, F:] = np.nan
    back, check = between_canaries(w.shape)
    layout.filters_to_first(last, back)
    check()
    np.testing.assert_array_equal(back, w)


@given(N=st.integers(0, 3), C=SIZES, H=SIZES, W=SIZES, more=st.integers(0, 2))
def test_images_of_any_size(N, C, H, W, more):
    images_and_back(N, C, H, W, padded(C) + more * LANES)
    images_and_back(N, C, H, W, C + more)


@given(F=SIZES, C=SIZES, HH=st.integers(1, 4), WW=st.integers(1, 4))
def test_filters_of_any_size(F, C, HH, WW):
    filters_and_back(F, C, HH, WW, C, padded(F))
    filters_and_back(F, C, HH, WW, padded(C), padded(F) + LANES)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_arrays_that_do_not_fit_are_refused(function):
    Q = 2 * LANES
    if function in (layout.images_to_last, layout.images_to_first):
        first, last, exact = numbers(2, LANES + 1, 4, 5), numbers(2, 4, 5, Q), 3
        room = [first.shape[i] for i in (0, 2, 3, 1)]
    else:
        first, last, exact = numbers(LANES + 1, 7, 4, 5), numbers(4, 5, Q, Q), 2
        room = [first.shape[i] for i in (2, 3, 1, 0)]
    is_back = function in (layout.images_to_first, layout.filters_to_first)

    def call(first, last):
        function(*((last, first) if is_back else (first, last)))

    call(first, last)
    bads = [np.zeros((*shape,), np.float32) for shape in smaller(last.shape, room)]
    bads += [other(last) for other in OTHERS]
    if exact == 2:
        bads.append(numbers(4, 5, Q, Q + 1))
    for bad in bads:
        with pytest.raises(ValueError, match="^(x|w|out) .*expected"):
            call(first, bad)
    for other in OTHERS:
        with pytest.raises(ValueError, match="^(x|w|out) .*expected"):
            call(other(first), last)
    (first if is_back else last).flags.writeable = False
    with pytest.raises(ValueError, match="out is read-only"):
        call(first, last)


def test_no_channels_are_zeros():
    out = np.ones((2, LANES, LANES, LANES), np.float32)
    layout.images_to_last(np.ones((2, 0, LANES, LANES), np.float32), out)
    assert not out.any()


def test_much_is_done_by_all_threads():
    images_and_back(5, 70, 20, 21, 5 * 16)
    filters_and_back(100, 90, 3, 3, 96, 112)
    assert 100 * 90 * 9 > layout.FEW


def test_nothing_but_the_memory_of_the_arrays_is_touched():
    run_checked("""
import numpy as np
from utils.kernels import layout
from utils.kernels.simd import LANES, padded, watched
for C, P in ((LANES, LANES + 3), (LANES + 1, 2 * LANES), (3, LANES)):
    x = np.ones((2, C, 1, P), np.float32)
    last = np.empty((2, 1, P, padded(C)), np.float32)
    w = np.ones((C, P, 1, 3), np.float32)
    turned = np.empty((1, 3, P + 1, padded(C)), np.float32)
    with watched(x, last):
        layout.images_to_last(x, last)
        layout.images_to_first(last, x)
    with watched(w, turned):
        layout.filters_to_last(w, turned)
        layout.filters_to_first(turned, w)
    try:
        with watched(x):
            layout.images_to_last(x, last)
    except RuntimeError:
        continue
    raise SystemExit("nobody watched")
""")
