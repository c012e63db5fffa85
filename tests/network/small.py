"""What the tests of networks share: small nets in pairs, and how far they are apart."""

import numpy as np

from utils.gradient_check import relative_error
from utils.network import ConvNet

CLOSE = 2e-5  # float32 through a few layers; a wrong number is off by 1e-2 or more


def images(N, C=3, H=8, W=None, seed=0):
    """Give images in float64, which float32 can hold."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((N, C, H, H if W is None else W))
    return x.astype(np.float32).astype(float)


def labels(N, classes, seed=0):
    return np.random.default_rng(seed).integers(0, classes, N)


def shake(net, seed=1):
    """Give all parameters and statistics values that are nothing special."""
    rng, arrays = np.random.default_rng(seed), net.state_dict()
    for name, array in arrays.items():
        key = name.split(".")[1]
        if key == "var":
            array[:] = rng.uniform(0.5, 2, array.shape)
        elif key == "gamma":  # a third of them negative: pooling has to turn round
            array[:] = rng.uniform(0.5, 1.5, array.shape)
            array[rng.random(array.shape) < 0.35] *= -1
        elif key != "w":
            array[:] = rng.normal(0, 0.3, array.shape)
        arrays[name] = array.astype(np.float32)
    net.load_state_dict(arrays)
    return net


def pair(layers, input_shape=(3, 8, 8), **options):
    """Give a net in float32 and the same in float64."""
    fast = shake(ConvNet(layers, input_shape, **options))
    exact = ConvNet(layers, input_shape, dtype=np.float64, **options)
    exact.load_state_dict(fast.state_dict())
    return fast, exact


def field_grads(net, grads):
    """Give gradients in the field's layout."""
    layouts = {f"{part.name}.{key}": (part, key) for part, key, _ in net._arrays()}
    unpack = net._layout.unpack
    return {name: unpack(*layouts[name], grad) for name, grad in grads.items()}


def agree(fast, exact, X, seed=0, limit=CLOSE):
    """Compare a step of training, the statistics after it, and scores."""
    y = labels(len(X), fast.classes, seed)
    loss, grads = fast.loss(X.astype(np.float32), y)
    expected_loss, expected = exact.loss(X, y)
    assert abs(loss - expected_loss) <= limit * max(1, abs(expected_loss))
    assert grads.keys() == expected.keys()
    grads, expected = field_grads(fast, grads), field_grads(exact, expected)
    largest = max([np.abs(grad).max() for grad in expected.values()], default=0)
    for name, grad in grads.items():
        scale = np.abs(expected[name]).max()
        apart = np.abs(grad - expected[name]).max()
        # a gradient that is zero but for rounding has no scale of its own
        assert apart <= limit * max(scale, largest / 10), f"{name}: {apart} of {scale}"
    state, expected = fast.state_dict(), exact.state_dict()
    for name in fast.state:
        assert relative_error(state[name], expected[name]) <= limit, name
    scores, expected = fast.loss(X.astype(np.float32)), exact.loss(X)
    assert scores.dtype == np.float32 and scores.shape == expected.shape
    assert relative_error(scores, expected) <= limit
