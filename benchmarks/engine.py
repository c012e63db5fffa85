"""Our side: which kernels of the engine do a layer, and what they need at least."""

import numpy as np

from benchmarks.harness import Side
from utils.kernels import direct, fusion, narrow, threads, winograd
from utils.kernels.schemes import SCHEMES
from utils.kernels.simd import LANES

# Largest difference to PyTorch, relative to the largest number: rounding of float32 in
# sums of a few hundred products, and of the 10,000 to 100,000 of a weights' gradient.
TOLERANCE = {"forward": 5e-6, "dx": 5e-6, "dw": 3e-5}
WINOGRAD = 4  # times as much where sums are taken by way of larger numbers


def conv(direction, x, w, b, dout, stride, pad):
    """Choose the engine's way to do one pass of a convolution.

    Parameters
    ----------
    direction : {"forward", "dx", "dw"}
        ``dw`` includes the gradient of the bias, if there is one.
    x, w, b, dout : ndarrays (N, H, W, C), (HH, WW, C, K), (K,) or None, (N, H, W, K)
    stride, pad : int

    Returns
    -------
    side : Side
    saved : float
        The share of the plain algorithm's multiplications that it needs, apart from
        what is wasted where tiles reach over the border.
    """
    if w.shape[:2] == (3, 3) and w.shape[2] % LANES == 0 and b is None:
        return _winograd(direction, x, w, dout, stride, pad)
    module, saved = _module(w, stride)
    run = _simple(module, direction, x, w, b, dout, stride, pad)
    return Side("ours", run, list), saved


def tolerance(direction, saved):
    """Give the largest difference to PyTorch that rounding can explain."""
    return TOLERANCE[direction] * (WINOGRAD if saved < 1 else 1)


def _module(w, stride):
    """Give the module for a filter, and the share of multiplications it needs."""
    _, WW, C, _ = w.shape
    if narrow.suits(C, WW, stride):
        return narrow, (narrow.TILE + WW - 1) / (narrow.TILE * WW)
    return direct, 1.0


def _simple(module, direction, x, w, b, dout, stride, pad):
    out, dx, dw = (threads.aligned(a.shape) for a in (dout, x, w))
    db = None if b is None else np.empty_like(b)
    if direction == "forward":
        results, call, args = (out,), module.forward, (x, w, b, out)
    elif direction == "dx":
        results, call, args = (dx,), module.backward_data, (dout, w, dx)
    else:
        results = (dw,) if db is None else (dw, db)
        call, args = module.backward_weights, (x, dout, dw, db)

    def run():
        call(*args, stride, pad)
        return results

    return run


def _winograd(direction, x, w, dout, stride, pad):
    C, K = w.shape[2:]
    layer = winograd.Convolution(*x.shape, K, stride=stride, pad=pad)
    plan = layer.data_plan if direction == "dx" else layer.forward_plan
    if direction == "forward":
        result, call = threads.aligned(dout.shape), layer.forward
        args = w, fusion.Plain(x), fusion.Store(result)
    elif direction == "dx":
        result, call = threads.aligned(x.shape), layer.backward_data
        args = w, fusion.Plain(dout), fusion.Store(result)
    else:
        result, call = threads.aligned(w.shape), layer.backward_weights
        args = fusion.Plain(x), fusion.Plain(dout), result

    def run():
        call(*args)
        return (result,)

    per_tile = plan.rows.step_out * plan.cols.step_out * 9
    if direction == "dx":  # a pixel of x took part in fewer windows
        per_tile /= stride**2
    products = [SCHEMES[type(axis)].products for axis in (plan.rows, plan.cols)]
    return Side("ours", run, list), products[0] * products[1] / per_tile
