"""Batch normalisation with what follows it, in training: N = 128.

PyTorch's side is its own BatchNorm2d, ReLU and MaxPool2d, one after the other; the
backward pass is what its autograd does for them.
"""

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks import harness, rivals
from benchmarks.harness import Job, Side
from utils.kernels import threads
from utils.kernels.activations import Relu
from utils.kernels.batchnorm import BatchNorm

N = 128
MAPS = [(64, 32), (128, 16), (256, 8)]  # channels, height and width
# PyTorch's channels-last layer adds 131,072 numbers up in float32; its other layout and
# ours agree to a few parts in ten million.
TOLERANCE = 1e-4


def arrays(C, size, pool, seed=0):
    """Draw x, gamma, beta and dout, so that rounding decides nothing.

    A number within rounding of the ReLU's corner, or two within rounding of each other
    in a pooling window, would send whole gradients here or there.  So x keeps away from
    the corner, and its numbers are equal or clearly different.
    """
    rng = np.random.default_rng(seed)

    def normal(*shape):
        array = threads.aligned(shape)
        rng.standard_normal(out=array, dtype=np.float32)
        return array

    x, gamma = normal(N, size, size, C), normal(C)
    x += np.copysign(np.float32(0.3), x)
    np.rint(64 * x, out=x)
    x *= np.float32(1 / 32)
    x += 1
    half = size // 2 if pool else size
    return x, gamma, gamma / 10, normal(N, half, half, C)


def ours(direction, pool, x, gamma, beta, dout):
    """Give our side."""
    norm, curve, pixels = BatchNorm(x.shape[-1]), Relu(), x.size // x.shape[-1]
    out, best, dx = (threads.aligned(a.shape) for a in (dout, dout, x))
    index = threads.aligned(dout.shape, np.uint8)

    def forward():
        norm.measure(x)
        norm.prepare(gamma, beta)
        if pool:
            norm.forward_pool(curve, x, out, best, index)
        else:
            norm.forward(curve, x, out)
        return (out,)

    def backward():
        if pool:
            norm.reduce(curve, dout, best, pixels=pixels)
            norm.backward_pool(curve, dout, index, x, dx)
        else:
            norm.reduce(curve, dout, x)
            norm.backward(curve, dout, x, dx)
        return dx, norm.dgamma, norm.dbeta

    forward()
    return Side("ours", forward if direction == "forward" else backward, list)


def theirs(label, direction, pool, x, gamma, beta, dout):
    """Give PyTorch's side in one memory layout."""
    layout = rivals.LAYOUTS[label]
    images = rivals.images_to_torch(x, layout).requires_grad_()
    gradient = rivals.images_to_torch(dout, layout)
    scale, shift = (torch.from_numpy(a.copy()).requires_grad_() for a in (gamma, beta))
    running = torch.zeros(len(gamma)), torch.ones(len(gamma))

    def forward():
        out = F.batch_norm(images, *running, scale, shift, training=True)
        out = F.relu(out, inplace=True)
        return F.max_pool2d(out, 2) if pool else out

    if direction == "forward":
        return Side(label, forward, lambda out: [rivals.images_of(out)])
    out = forward()

    def backward():
        leaves = images, scale, shift
        return torch.autograd.grad(out, leaves, gradient, retain_graph=True)

    def numbers(gradients):
        dx, dgamma, dbeta = gradients
        return [rivals.images_of(dx), dgamma.numpy(), dbeta.numpy()]

    return Side(label, backward, numbers)


def job(C, size, pool, direction):
    """Give one row's job."""
    data = arrays(C, size, pool)
    x, dout = data[0].nbytes, data[-1].nbytes
    # The statistics need all of x before the first output; backward likewise.
    traffic = 2 * x + dout if direction == "forward" else 3 * x + 2 * dout
    if pool and direction == "backward":
        # The sums need only the winners, as many as there are outputs.
        traffic = 2 * x + 3 * dout
    return Job(
        f"batchnorm+relu{'+pool' if pool else ''} {C}@{size}",
        direction,
        ours(direction, pool, *data),
        [theirs(label, direction, pool, *data) for label in rivals.LAYOUTS],
        tolerance=TOLERANCE,
        operations=0,  # a handful per number: the memory is what takes time
        traffic=traffic,
    )


def rows(options):
    """Measure all rows of the table; see `conv.rows`."""
    for pool in (False, True):
        for C, size in MAPS:
            for direction in ("forward", "backward"):
                name = f"batchnorm+relu{'+pool' if pool else ''} {C}@{size}"
                if options.only in f"{name} {direction}":
                    row = job(C, size, pool, direction)
                    yield harness.measure(row, options.rounds, options.patience)
