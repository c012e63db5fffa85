"""Memory that is not there is refused with a sentence, before it is taken."""

from posixpath import normpath

import numpy as np
import psutil
import pytest

from utils import blocks, fast_layers, kernels, memory
from utils.network import Affine, Conv, ConvNet, GlobalMaxPool, Relu

CONV = {"stride": 1, "pad": 1}
POOL = {"pool_height": 2, "pool_width": 2, "stride": 2}


@pytest.fixture
def small_machine(monkeypatch):
    """Let there be two million bytes, of which a tenth is for others."""
    monkeypatch.setattr(memory, "MUCH", 10**5)
    monkeypatch.setattr(memory, "SPARE", 2 * 10**5)
    monkeypatch.setattr(memory, "available", lambda: 2 * 10**6)


def test_little_is_never_asked_for(monkeypatch):
    monkeypatch.setattr(memory, "available", None)
    memory.require(memory.MUCH - 1, "x", "y")


def test_the_sentence(small_machine):
    memory.require(1_800_000, "This", "do that")
    with pytest.raises(MemoryError) as error:
        memory.require(1_800_001, "This", "do that")
    assert str(error.value) == (
        "This wants 1,800,001 bytes of memory and 2,000,000 are available: do that."
    )


def test_what_is_available():
    free = memory.available()
    assert 0 < free <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    "files, left",
    [
        ({"memory.max": "1000", "memory.current": "300"}, 700),
        ({"memory.max": "max", "memory.current": "300"}, float("inf")),
        (
            {
                "memory.max": "1000",
                "memory.current": "300",
                "memory.stat": "anon 5\ninactive_file 100\n",
            },
            800,
        ),
        ({}, float("inf")),
    ],
)
def test_limits_of_a_container_count(monkeypatch, files, left):
    texts = {f"/sys/fs/cgroup/mine/{name}": text for name, text in files.items()}
    monkeypatch.setattr(memory, "_read", lambda path: texts.get(normpath(path), ""))
    for group in ("0::/mine", "0::/mine/inner/most"):
        texts["/proc/self/cgroup"] = group
        assert memory._limit_left() == left
    texts["/proc/self/cgroup"] = "3:memory:/mine\n1:cpu:/mine"  # cgroup 1
    assert memory._limit_left() == float("inf")


def images(N, dtype=np.float32):
    """Give N images of 3 x 32 x 32 that take no memory themselves."""
    return np.broadcast_to(np.ones(1, dtype), (N, 3, 32, 32))


W, B, GAMMA = np.ones((8, 3, 3, 3), np.float32), np.ones(8), np.ones(3)
LARGE = {
    "conv_forward_fast": lambda x: fast_layers.conv_forward_fast(x, W, B, CONV),
    "conv_backward_fast": lambda x: fast_layers.conv_backward_fast(
        np.broadcast_to(np.float32(1), (len(x), 8, 32, 32)), (x, W, B, CONV)
    ),
    "max_pool_forward_fast": lambda x: fast_layers.max_pool_forward_fast(x, POOL),
    "spatial_batchnorm_forward_fast": lambda x: (
        fast_layers.spatial_batchnorm_forward_fast(x, GAMMA, GAMMA, {"mode": "train"})
    ),
    "conv_relu_pool_forward": lambda x: blocks.conv_relu_pool_forward(
        x, W, B, CONV, POOL
    ),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_a_layer_asks_before_it_takes(name, dtype, small_machine):
    LARGE[name](images(4, dtype))
    with pytest.raises(MemoryError) as error:
        LARGE[name](images(400, dtype))
    assert "x of shape (400, 3, 32, 32)" in str(error.value)
    assert "fewer images at a time" in str(error.value)


@pytest.mark.skipif(not kernels.compiles(), reason="the engine is compiled code")
def test_a_network_asks_before_it_takes_and_goes_on(small_machine):
    net = ConvNet([Conv(16, 3), Relu(), GlobalMaxPool(), Affine(2)], seed=0)
    X, y = np.ones((4, 3, 32, 32), np.float32), np.zeros(4, int)
    loss, _ = net.loss(X, y)
    with pytest.raises(MemoryError, match="batch of 400 images of 32 x 32 pixels"):
        net.loss(images(400), np.zeros(400, int))
    assert net.loss(X, y)[0] == loss
