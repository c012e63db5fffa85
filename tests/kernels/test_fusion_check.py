import re
from time import perf_counter

import numpy as np
import pytest

from tests.kernels.engine import needs_compiler, normal
from utils.kernels import fusion, passes
from utils.kernels.activations import Relu
from utils.kernels.fusion_check import POOLED, SINKS, SOURCES, check_sink, check_source
from utils.kernels.simd import LANES
from utils.kernels.winograd import Convolution

pytestmark = needs_compiler

N, H, W, C, K = 2, 8, 8, LANES, 2 * LANES
FULL, HALF = (N, H, W, K), (N, H // 2, W // 2, K)
CONV = Convolution(N, H, W, C, K, pooled=True)


def zeros(*shape, dtype=np.float32):
    return np.zeros(shape, dtype)


def sources(channels=C):
    """Give a fitting source of each class by name."""
    full, half = (N, H, W, channels), (N, H // 2, W // 2, channels)
    x, y, vectors = zeros(*full), zeros(*full), [zeros(channels)] * 3
    dout, index = zeros(*half), zeros(*half, dtype=np.uint8)
    parts = [
        fusion.Plain(x),
        fusion.BnAct(x, *vectors[:2], Relu()),
        fusion.BnBack(x, y, *vectors),
        fusion.PoolBack(dout, dout, index, *vectors, H // 2, W // 2),
        fusion.BnPoolBack(dout, y, index, *vectors, H // 2, W // 2),
    ]
    return {type(part).__name__: part for part in parts}


def sinks():
    out, y, vector, sums = (
        zeros(*FULL),
        zeros(*FULL),
        zeros(K),
        zeros(CONV.blocks, 2, K),
    )
    pooled, index, size = zeros(*HALF), zeros(*HALF, dtype=np.uint8), (H // 2, W // 2)
    parts = [
        fusion.Store(out),
        fusion.StoreBias(out, vector),
        fusion.StoreStats(out, sums),
        fusion.StorePool(pooled, index, sums, *size),
        fusion.StoreBnPool(out, sums, pooled, index, vector, *size),
        fusion.ActBack(out, y, vector, vector, Relu(), sums),
    ]
    return {type(part).__name__: part for part in parts}


def run(source, sink):
    """Do what must be refused, or not."""
    CONV.forward(zeros(3, 3, C, K), source, sink)


def spoiled(value):
    """Yield what may stand in a field instead of a value, but must not."""
    if isinstance(value, Relu):
        yield from ("relu", fusion.Plain(zeros(1)))
    elif isinstance(value, int):
        yield from (value - 1, value + 1, float(value), -1)
    else:
        other = np.float32 if value.dtype == np.uint8 else np.int32
        yield from (value.astype(other), value.astype(float), value.tolist(), None)
        yield from (value[:-1], np.concatenate([value, value]), value[..., :-LANES])
        yield from (
            value[None],
            value[..., ::-1],
            np.repeat(value, 2, axis=-1)[..., ::2],
        )
        if value.ndim > 1:
            yield np.asfortranarray(value)


FIELDS = [(kind.__name__, field) for kind in SOURCES + SINKS for field in kind._fields]


@pytest.mark.parametrize("name, field", FIELDS)
def test_no_wrong_value_gets_through(name, field):
    parts = sources() | sinks()
    for bad in spoiled(getattr(parts[name], field)):
        part = parts[name]._replace(**{field: bad})
        pair = [part, sinks()["Store"]]
        if name in sinks():
            pair = [sources()["Plain"], part]
        with pytest.raises(ValueError, match=rf"{name}\.{field} .*expected"):
            run(*pair)


def test_the_parts_that_were_spoiled_are_all_and_would_have_worked():
    assert [type(part) for part in sources().values()] == list(SOURCES)
    assert [type(part) for part in sinks().values()] == list(SINKS)
    for source in sources().values():
        check_source(source, N, CONV.forward_plan.source, 1)
    for sink in sinks().values():
        check_sink(sink, N, CONV.forward_plan.sink, CONV.blocks, (4, 4))
    run(sources()["BnPoolBack"], sinks()["StoreBnPool"])


@pytest.mark.parametrize("name", [kind.__name__ for kind in SINKS])
def test_what_is_read_only_is_not_written(name):
    sink = sinks()[name]
    for field in {"out", "pooled", "index", "sums"} & set(sink._fields):
        frozen = getattr(sink, field).copy()
        frozen.flags.writeable = False
        with pytest.raises(ValueError, match=rf"{name}\.{field} is read-only"):
            run(sources()["Plain"], sink._replace(**{field: frozen}))


def frozen(array):
    array.flags.writeable = False
    return array


def test_what_is_only_read_may_be_read_only(rng):
    w, x, out = normal(rng, 3, 3, C, K), normal(rng, N, H, W, C), zeros(*FULL)
    dx, dw, expected = zeros(*x.shape), zeros(*w.shape), zeros(*FULL)
    CONV.forward(w, fusion.Plain(x), fusion.Store(expected))
    w, x = frozen(w), frozen(x)
    CONV.forward(w, fusion.Plain(x), fusion.Store(out))
    np.testing.assert_array_equal(out, expected)
    CONV.backward_data(w, fusion.Plain(frozen(out)), fusion.Store(dx))
    CONV.backward_weights(fusion.Plain(x), fusion.Plain(out), dw)
    assert dx.any() and dw.any()


def test_roles_are_not_exchanged():
    with pytest.raises(ValueError, match="source is a Store, expected Plain"):
        run(sinks()["Store"], sinks()["Store"])
    with pytest.raises(ValueError, match="sink is a Plain, expected Store"):
        run(sources()["Plain"], sources()["Plain"])


@pytest.mark.parametrize("name", ["StorePool", "StoreBnPool"])
def test_tiles_that_cut_windows_do_not_pool(name):
    conv = Convolution(N, 9, 9, C, K)  # F3
    full, half = (N, 9, 9, K), (N, 4, 4, K)
    shapes = {"out": half if name == "StorePool" else full, "pooled": half}
    sums = zeros(conv.blocks, 2, K)
    sink = sinks()[name]
    fields = {f: zeros(*s) for f, s in shapes.items() if f in sink._fields}
    sink = sink._replace(**fields, sums=sums, index=zeros(*half, dtype=np.uint8))
    args = zeros(3, 3, C, K), fusion.Plain(zeros(N, 9, 9, C)), sink
    with pytest.raises(ValueError, match=f"{name} .*3 x 3.*pooled=True"):
        conv.forward(*args)
    conv = Convolution(N, 9, 9, C, K, pooled=True)
    conv.forward(*args[:2], sink._replace(sums=zeros(conv.blocks, 2, K)))


@pytest.mark.parametrize("pad", [0, 2])
@pytest.mark.parametrize("kind", [fusion.PoolBack, fusion.BnPoolBack])
def test_pooled_sources_need_pad_1(pad, kind):
    name = kind.__name__
    conv = Convolution(N, H, W, C, K, pad=pad)
    out = conv.forward_plan.sink
    x, dout = sources()[name], fusion.Plain(zeros(N, *out))
    w, sentence = zeros(3, 3, C, K), f"{name} is read with pad {pad}"
    with pytest.raises(ValueError, match=sentence):
        conv.forward(w, x, fusion.Store(dout.x))
    with pytest.raises(ValueError, match=sentence):
        conv.backward_weights(x, dout, w)
    size = H + 2 - 2 * pad  # such that the output is H x W
    conv = Convolution(N, size, size, C, K, pad=pad)
    source, dx = sources(K)[name], zeros(N, size, size, C)
    with pytest.raises(ValueError, match=sentence):
        conv.backward_data(w, source, fusion.Store(dx))
    conv.backward_weights(fusion.Plain(dx), source, w)  # not through windows


def weights():
    good = zeros(3, 3, C, K)
    yield from spoiled(good)
    yield zeros(3, 3, K, C)
    yield zeros(5, 5, C, K)


@pytest.mark.parametrize("bad", list(weights()))
def test_wrong_weights(bad):
    x, out = sources()["Plain"], sinks()["Store"]
    dout, dx = fusion.Plain(out.out), fusion.Store(x.x)
    calls = (CONV.forward, (bad, x, out)), (CONV.backward_data, (bad, dout, dx))
    for function, args in calls:
        with pytest.raises(ValueError, match="^w .*expected"):
            function(*args)
    with pytest.raises(ValueError, match="^dw .*expected"):
        CONV.backward_weights(x, dout, bad)


def test_backward_checks_all_it_is_given():
    x, dout, w = sources()["Plain"], fusion.Plain(zeros(*FULL)), zeros(3, 3, C, K)
    small = fusion.Plain(zeros(N, H - 1, W, C))
    with pytest.raises(ValueError, match=r"Plain\.x has shape"):
        CONV.backward_weights(small, dout, w)
    with pytest.raises(ValueError, match=r"Plain\.x has shape"):
        CONV.backward_weights(x, small, w)
    with pytest.raises(ValueError, match="dw is read-only"):
        CONV.backward_weights(x, dout, frozen(w.copy()))
    with pytest.raises(ValueError, match=r"Store\.out has shape"):
        CONV.backward_data(w, dout, fusion.Store(small.x))


@pytest.mark.parametrize("name", [kind.__name__ for kind in SOURCES])
def test_fill_checks_its_source_and_its_map(name):
    source = sources()[name]
    good = zeros(N, H, W, C)
    passes.fill(source, good)
    bads = [zeros(N + 1, H, W, C), zeros(N, H + 2, W, C), good.astype(float)]
    bads += [zeros(N, H, W, 2 * C), good[:, ::2], good[0], frozen(good.copy())]
    for bad in bads:
        with pytest.raises(ValueError, match="is|has|expected"):
            passes.fill(source, bad)


def test_part_of_an_output_sets_the_size_of_a_sink():
    conv = Convolution(N, 9, 9, C, K, pooled=True, out_size=(8, 8))
    sink = sinks()["StoreBnPool"]._replace(sums=zeros(conv.blocks, 2, K))
    args = zeros(3, 3, C, K), fusion.Plain(zeros(N, 9, 9, C))
    conv.forward(*args, sink)
    expected = re.escape(f"expected {FULL}")
    with pytest.raises(ValueError, match=expected):
        conv.forward(*args, sink._replace(out=zeros(N, 9, 9, K)))


def test_a_check_is_cheap():
    plan = CONV.forward_plan
    source, sink = sources()["BnPoolBack"], sinks()["StoreBnPool"]
    assert {type(source), type(sink)} <= set(POOLED)
    times = []
    for _ in range(50):
        start = perf_counter()
        check_source(source, N, plan.source, 1)
        check_sink(sink, N, plan.sink, CONV.blocks, (4, 4))
        times.append(perf_counter() - start)
    assert min(times) < 2e-4  # 20 us here; this is to find another order of magnitude
