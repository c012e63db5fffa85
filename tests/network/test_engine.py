"""The engine against every layer by its definition: same numbers, kept memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.network.small import agree, field_grads, images, labels, pair, shake
from utils.kernels import passes
from utils.network import (
    Affine,
    AvgPool,
    BatchNorm,
    Conv,
    ConvNet,
    Gelu,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Residual,
    Scale,
    Silu,
    StopGradient,
    Whiten,
)

HEAD = [GlobalMaxPool(), Affine(5)]

# name: layers, and size of the images
NETS = {
    "winograd": ([Conv(5), Relu(), Conv(7), Relu(), *HEAD], 8),
    "winograd, batchnorm": (
        [Conv(5), BatchNorm(), Relu(), Conv(20), BatchNorm(), Relu(), *HEAD],
        9,
    ),
    "pool before batchnorm": (
        [Whiten(), Gelu(), Conv(6), MaxPool(), BatchNorm(scale=False), Gelu()]
        + [Conv(6), BatchNorm(scale=False), Gelu(), MaxPool(3), Affine(5, bias=False)]
        + [Scale(1 / 9)],
        15,
    ),
    "pool behind batchnorm": (
        [Conv(5), BatchNorm(), Relu(), MaxPool(), Conv(6), BatchNorm(), MaxPool()]
        + [Silu(), Conv(6), BatchNorm(), MaxPool(), *HEAD],
        23,
    ),
    "pool behind relu": (
        [Conv(5), Relu(), MaxPool(), Conv(6), Relu(), MaxPool(), *HEAD],
        11,
    ),
    "pool behind gelu": (
        [Conv(5), Gelu(), MaxPool(), Conv(6), MaxPool(), Silu(), *HEAD],
        9,
    ),
    "windows of every size": (
        [Conv(5, 5), Relu(), Conv(6, 1), Relu(), Conv(6, 2), Relu(), Conv(4, 5)]
        + [BatchNorm(), MaxPool(), Relu(), Conv(6, 5), MaxPool(), Relu(), *HEAD],
        11,
    ),
    "narrow images": ([Conv(6, 7), BatchNorm(), Relu(), MaxPool(), *HEAD], 9),
    "stride 2": (
        [Conv(5, stride=2), Relu(), Conv(6, stride=2), BatchNorm(), Relu()]
        + [Conv(6, 1, stride=2), Relu(), Affine(5)],
        13,
    ),
    "pads": (
        [Conv(5, pad=0), Relu(), Conv(6, pad=2), MaxPool(), Relu(), Conv(6, pad=0)]
        + [BatchNorm(), MaxPool(), Relu(), Conv(6, 5, pad=3), Relu(), *HEAD],
        15,
    ),
    "affine": (
        [Conv(5), Relu(), Affine(20), BatchNorm(), Relu(), Affine(18), Gelu()]
        + [Affine(5)],
        6,
    ),
    "only affine": ([Affine(9), Silu(), Affine(5)], 5),
    "images are copied": ([BatchNorm(), MaxPool(), Relu(), Conv(5), Relu(), *HEAD], 9),
    "other pools": (
        [Conv(5), Relu(), MaxPool(3, 2), Conv(6), AvgPool(2), BatchNorm(), Relu()]
        + [MaxPool(2, 1), GlobalAvgPool(), Affine(5)],
        15,
    ),
    "factors": (
        [Conv(5, bias=False), Scale(-0.5), Relu(), MaxPool(), Scale(2.0), MaxPool()]
        + [Conv(6), Scale(3), Relu(), *HEAD],
        9,
    ),
    "residual": (
        [Conv(5), BatchNorm(), Relu(), MaxPool()]
        + [Residual([Conv(5), BatchNorm(), Relu(), Conv(5), BatchNorm(), Relu()])]
        + [Conv(6), MaxPool(), BatchNorm(), Relu(), *HEAD],
        11,
    ),
    "residuals first, last and inside": (
        [Residual([Conv(3), Relu(), Residual([Relu(), Conv(3)])]), *HEAD]
        + [Residual([Relu(), Affine(5)])],
        7,
    ),
    "stop": (
        [Conv(5), BatchNorm(), Relu(), StopGradient(), Conv(6), BatchNorm(), Relu()]
        + HEAD,
        7,
    ),
    "stops at the ends": (
        [StopGradient(), Conv(5), Relu(), Residual([StopGradient(), Conv(5)])]
        + [Residual([Conv(5), Relu(), StopGradient()]), *HEAD],
        7,
    ),
    "all stopped": ([Conv(5), Relu(), *HEAD, StopGradient()], 6),
}


@pytest.mark.parametrize("name", NETS)
def test_the_numbers_are_those_of_the_definitions(name):
    layers, size = NETS[name]
    fast, exact = pair(layers, (3, size, size))
    agree(fast, exact, images(4, H=size))
    if name != "affine":  # a batchnorm of one vector has no gradient but rounding
        agree(fast, exact, images(1, H=size, seed=1), seed=1)
    if name not in ("stride 2", "affine", "only affine", "pool before batchnorm"):
        agree(fast, exact, images(2, H=size + 2, W=size + 5), seed=2)


@pytest.mark.parametrize("C", [1, 2, 4, 17])
def test_images_of_any_number_of_channels(C):
    for layers in ([Conv(5), Relu(), *HEAD], [MaxPool(), Conv(5, 5), Relu(), *HEAD]):
        fast, exact = pair(layers, (C, 9, 9))
        agree(fast, exact, images(3, C, 9))


@pytest.mark.parametrize("name", ["pool before batchnorm", "pool behind relu", "pads"])
def test_what_pooling_drops_may_be_computed_too(name):
    layers, size = NETS[name]
    X, y = images(3, H=size).astype(np.float32), labels(3, 5)
    nets = [pair(layers, (3, size, size), skip_unused=skip)[0] for skip in (0, 1)]
    (loss, grads), (other_loss, others) = (net.loss(X, y) for net in nets)
    assert abs(loss - other_loss) <= 1e-6 * abs(loss)
    for name in grads:
        scale = np.abs(grads[name]).max()
        assert np.abs(grads[name] - others[name]).max() <= 1e-5 * scale, name


@pytest.mark.parametrize("ghost", [1, 3, 8])
def test_ghost_batches(ghost):
    fast, exact = pair([Conv(5), BatchNorm(), Relu(), *HEAD], ghost=ghost)
    agree(fast, exact, images(8))


FROZEN = {
    "the first block": (["conv1.*", "bn1.*"], {"conv2.w", "bn2.gamma", "bn2.beta"}),
    "all but biases": (["*.w", "*.gamma"], {"bn1.beta", "bn2.beta"}),
    "the middle": (["bn1.*", "conv2.w", "bn2.*"], {"conv1.w"}),
    "the head": (["affine1.*"], {"conv1.w", "conv2.w"}),
    "everything": (["*"], set()),
}


@pytest.mark.parametrize("name", FROZEN)
def test_the_other_gradients_do_not_notice_what_is_frozen(name):
    layers = [Conv(5), BatchNorm(), Relu(), MaxPool(), Conv(6), BatchNorm(), Relu()]
    fast, exact = pair([*layers, *HEAD])
    patterns, some = FROZEN[name]
    for net in (fast, exact):
        net.freeze(*patterns)
    agree(fast, exact, images(4))
    for net in (fast, exact):
        grads = net.loss(images(4), labels(4, 5))[1]
        assert some <= grads.keys() == net.params.keys() - net.frozen
        net.unfreeze("*")
    agree(fast, exact, images(4))


CURVES = st.sampled_from([Relu(), Gelu()])


@st.composite
def blocks(draw):
    """Draw a convolution and what may follow it, in any order that makes sense."""
    size, curve = draw(st.sampled_from([3, 3, 3, 1, 5])), draw(CURVES)
    conv = Conv(draw(st.sampled_from([3, 18])), size)
    norm = draw(st.sampled_from([[], [BatchNorm()], [BatchNorm(scale=False)]]))
    pool = draw(st.sampled_from([[], [MaxPool()]]))
    order = draw(st.sampled_from(["before", "between", "after"]))
    if order == "before":
        return [conv, *pool, *norm, curve]
    if order == "between":
        return [conv, *norm, *pool, curve]
    return [conv, *norm, curve, *pool]


@given(
    st.lists(blocks(), min_size=1, max_size=2),
    st.sampled_from([6, 7, 8]),
    st.sampled_from([GlobalMaxPool(), GlobalAvgPool(), None]),
    st.integers(3, 5),
    st.integers(0, 99),
)
@settings(max_examples=30)
def test_random_nets(some, size, last, N, seed):
    layers = [*sum(some, []), *([last] if last else []), Affine(4)]
    fast, exact = pair(layers, (3, size, size), seed=seed)
    agree(fast, exact, images(N, H=size, seed=seed), limit=1e-4)


def step(net, N, size, seed):
    """Train one step; give all that came out, as bytes."""
    X = images(N, H=size, seed=seed).astype(np.float32)
    loss, grads = net.loss(X, labels(N, net.classes, seed))
    return loss, {name: grad.tobytes() for name, grad in grads.items()}


MIXED = [Conv(8, 5), MaxPool(), Relu(), Conv(6), BatchNorm(), Relu()]
MIXED += [Residual([Conv(6), Gelu()]), Conv(6), MaxPool(), BatchNorm(), Relu(), *HEAD]


def test_the_same_step_gives_the_same_bits_whatever_comes_between():
    net = shake(ConvNet(MIXED, (3, 12, 12)))
    sizes = [(6, 12), (4, 20), (9, 12), (1, 13), (3, 12), (6, 15), (2, 30)]
    first = {size: step(net, *size, seed=1) for size in sizes}
    rng = np.random.default_rng(0)
    for _ in range(3):
        for k in rng.permutation(len(sizes)):
            net.predict(images(5, H=14).astype(np.float32), batch_size=2)
            assert step(net, *sizes[k], seed=1) == first[sizes[k]]
    fresh = shake(ConvNet(MIXED, (3, 12, 12)))
    assert step(fresh, 3, 12, seed=1) == first[3, 12]


def test_more_sizes_than_engines_are_kept_for():
    net = shake(ConvNet([Conv(4), Relu(), *HEAD]))
    first = [step(net, N, 6, seed=N) for N in range(1, 12)]
    assert [step(net, N, 6, seed=N) for N in range(1, 12)] == first
    assert len(net._engines) == 8


@pytest.mark.parametrize("layers", [MIXED, [Conv(8, 5), MaxPool(), Relu(), *HEAD]])
def test_a_smaller_batch_after_a_larger_one(layers):
    """A convolution's output and what was pooled of it once shared memory here."""
    fast, exact = pair(layers, (3, 40, 40))
    for N in (16, 12, 16, 12):
        agree(fast, exact, images(N, H=40), limit=1e-4)


def test_sizes_share_buffers():
    net = ConvNet(MIXED, (3, 12, 12))
    step(net, 8, 16, 0)
    held = net._store.memory.nbytes
    assert held > 4 * 8 * 16 * 16 * 16
    for N, size in ((8, 12), (2, 16), (7, 13)):
        step(net, N, size, 0)
    assert net._store.memory.nbytes < 1.06 * held  # 1.051 with vectors of 8 floats


def test_padding_stays_zero_while_training():
    fast, exact = pair(MIXED, (3, 12, 12))
    X, y = images(6, H=12).astype(np.float32), labels(6, 5)
    for _ in range(5):
        _, grads = fast.loss(X, y)
        for name, grad in grads.items():
            fast.params[name] -= 0.1 * grad
    for part, key, array in fast._arrays():
        real = fast._layout.unpack(part, key, array)
        again = fast._layout.pack(part, key, real)
        if key == "var":
            assert (array >= 0).all() and (array[: part.filters] > 0).all()
        else:
            assert np.isfinite(array).all() and (array == again).all()
    exact.load_state_dict(fast.state_dict())
    agree(fast, exact, X.astype(float), limit=1e-4)


@pytest.mark.parametrize("ghost", [None, 8])
def test_steps_allocate_next_to_nothing(ghost):
    layers = [Conv(16), BatchNorm(), Relu(), Conv(16), MaxPool(), BatchNorm(), Gelu()]
    layers += [Residual([Conv(16, 5), Relu()]), AvgPool(), Conv(16), Relu()]
    layers += [MaxPool(3, 2), Affine(5)]
    net = ConvNet(layers, (3, 33, 33), ghost=ghost)
    X, y = images(32, H=33).astype(np.float32), labels(32, 5)
    for _ in range(2):  # the second time in the memory of the largest batch
        (_, first), _ = net.loss(X, y), net.loss(X)
    assert net._store.memory.nbytes > 10e6
    tracemalloc.start()
    try:
        for _ in range(3):
            _, grads = net.loss(X, y)
        net.loss(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 400e3  # a large map is 558e3; Python keeps small tuples
    assert all(grads[name] is first[name] for name in net.params)


def test_images_that_are_channels_last_are_not_copied(monkeypatch):
    net = ConvNet([Conv(4), Relu(), *HEAD], (3, 6, 6))
    X = images(2, H=6).astype(np.float32)
    last = np.ascontiguousarray(X.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    seen = []
    forward = type(net._forward.__self__)._channels_last

    def watched(self, X):
        seen.append(np.shares_memory(forward(self, X), X))
        return forward(self, X)

    monkeypatch.setattr(ConvNet, "_channels_last", watched)
    last.flags.writeable = False
    scores = net.loss(X)
    assert (net.loss(last) == scores).all()
    assert (net.loss(X[:, :, ::-1][:, :, ::-1]) == scores).all()
    assert (net.loss(np.asfortranarray(X)) == scores).all()
    assert seen == [False, True, False, False]


def test_gradients_of_the_image_are_never_computed(monkeypatch):
    net = ConvNet([Conv(4), Relu(), *HEAD], (3, 6, 6))
    first = net.loss(images(2, H=6), labels(2, 5))  # makes the engine
    node = net._engine.chain.nodes[0]

    def refuse(*args):
        raise AssertionError("nobody wants this")

    monkeypatch.setattr(node._linear, "backward_data", refuse)
    assert net.loss(images(2, H=6), labels(2, 5))[0] == first[0]


def test_sums_have_a_row_per_block_of_images():
    fast, exact = pair([BatchNorm(), Conv(4), Relu(), *HEAD], (3, 4, 4))
    agree(fast, exact, images(passes.ROWS + 5, H=4))
    grads = fast.loss(images(3, H=4), labels(3, 5))[1]
    assert field_grads(fast, grads)["conv1.w"].shape == (4, 3, 3, 3)
