"""Every layer by its definition, one at a time: the network as the lessons compute it.

Maps are (N, C, H, W), in float32 or float64.  Nothing is fused and nothing is kept in
place, so this is slow, and the measure of the engine: gradients are checked here in
float64, and the engine's numbers must be these.  `ConvNet.look` uses it, too, because
here the output of every single layer exists.

A layer is one function.  It computes ``out`` and defines ``back(dout)``, which gives dx
and a dictionary of the gradients of its parameters.
"""

import numpy as np

from utils.batchnorm import batchnorm_backward, batchnorm_forward
from utils.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
    spatial_batchnorm_backward_fast,
    spatial_batchnorm_forward_fast,
)
from utils.kernels import curves, threads
from utils.layers import affine_backward, affine_forward, relu_backward, relu_forward
from utils.network import specs


def _conv(part, x, p, train):
    conv_param = {"stride": part.layer.stride, "pad": part.layer.padding}
    b = p.get("b", np.zeros(part.filters, x.dtype))
    out, cache = conv_forward_fast(x, p["w"], b, conv_param)

    def back(dout):
        dx, dw, db = conv_backward_fast(dout, cache)
        return dx, {"w": dw, "b": db}

    return out, back


def _affine(part, x, p, train):
    b = p.get("b", np.zeros(part.filters, x.dtype))
    out, cache = affine_forward(x, p["w"], b)

    def back(dout):
        dx, dw, db = affine_backward(dout, cache)
        return dx, {"w": dw, "b": db}

    return out, back


def _batchnorm(part, x, p, train):
    forward, backward = batchnorm_forward, batchnorm_backward
    if x.ndim == 4:
        forward = spatial_batchnorm_forward_fast
        backward = spatial_batchnorm_backward_fast
    bn_param = {
        "mode": "train" if train else "test",
        "eps": part.layer.eps,
        "momentum": part.layer.momentum,
        "running_mean": p["mean"],
        "running_var": p["var"],
    }
    gamma = p.get("gamma", np.ones(part.filters, x.dtype))
    out, cache = forward(x, gamma, p["beta"], bn_param)
    p["mean"], p["var"] = bn_param["running_mean"], bn_param["running_var"]

    def back(dout):
        dx, dgamma, dbeta = backward(dout, cache)
        return dx, {"gamma": dgamma, "beta": dbeta}

    return out, back


def _relu(part, x, p, train):
    out, cache = relu_forward(x)
    return out, lambda dout: (relu_backward(dout, cache), {})


def _curve(forward, backward):
    """Make the function of an activation from its two kernels."""

    def layer(part, x, p, train):
        x, out = np.ascontiguousarray(x), np.empty(x.shape, x.dtype)
        threads.run(forward, x.size, x.reshape(-1), out.reshape(-1))

        def back(dout):
            dout, dx = np.ascontiguousarray(dout), np.empty_like(x)
            flat = (array.reshape(-1) for array in (dout, x, dx))
            threads.run(backward, x.size, *flat)
            return dx, {}

        return out, back

    return layer


def _max_pool(part, x, p, train):
    size = part.layer.size
    pool_param = {"pool_height": size, "pool_width": size, "stride": part.layer.step}
    out, cache = max_pool_forward_fast(x, pool_param)
    return out, lambda dout: (max_pool_backward_fast(dout, cache), {})


def _avg_pool(part, x, p, train):
    size, (N, C, H, W) = part.layer.size, x.shape
    OH, OW = H // size, W // size
    windows = x[:, :, : OH * size, : OW * size].reshape(N, C, OH, size, OW, size)

    def back(dout):
        dx = np.zeros_like(x)
        spread = (dout / size**2).repeat(size, axis=2).repeat(size, axis=3)
        dx[:, :, : OH * size, : OW * size] = spread
        return dx, {}

    return windows.mean(axis=(3, 5)), back


def _global_max_pool(part, x, p, train):
    flat = x.reshape(*x.shape[:2], -1)
    where = flat.argmax(axis=2)[..., None]

    def back(dout):
        dx = np.zeros_like(flat)
        np.put_along_axis(dx, where, dout[..., None], axis=2)
        return dx.reshape(x.shape), {}

    return np.take_along_axis(flat, where, axis=2)[..., 0], back


def _global_avg_pool(part, x, p, train):
    pixels = x.shape[2] * x.shape[3]

    def back(dout):
        return np.broadcast_to(dout[..., None, None] / pixels, x.shape).copy(), {}

    return x.mean(axis=(2, 3)), back


def _scale(part, x, p, train):
    factor = x.dtype.type(part.layer.factor)
    return x * factor, lambda dout: (dout * factor, {})


def _stop(part, x, p, train):
    return x, lambda dout: (None, {})


LAYERS = {
    specs.Conv: _conv,
    specs.Whiten: _conv,
    specs.Affine: _affine,
    specs.BatchNorm: _batchnorm,
    specs.Relu: _relu,
    specs.Gelu: _curve(curves.gelu, curves.gelu_back),
    specs.Silu: _curve(curves.silu, curves.silu_back),
    specs.MaxPool: _max_pool,
    specs.AvgPool: _avg_pool,
    specs.GlobalMaxPool: _global_max_pool,
    specs.GlobalAvgPool: _global_avg_pool,
    specs.Scale: _scale,
    specs.StopGradient: _stop,
}


class Run:
    """One pass forward through all layers, which can be gone back.

    Parameters
    ----------
    parts : list of Part
    x : ndarray (N, C, H, W)
    arrays : dict
        Name of a part -> its parameters and state as the field has them.  In training
        mode ``mean`` and ``var`` of batchnorms are replaced.
    train : bool
        Whether batchnorms use the batch's statistics.

    Attributes
    ----------
    out : ndarray
        What the last layer gives.
    outputs, douts : dict
        Name of a layer -> its output; and the gradient of that, after `back`.
    """

    def __init__(self, parts, x, arrays, train):
        self.outputs, self.douts = {}, {}
        self._arrays, self._train = arrays, train
        self.out, self._back = self._forward(parts, x)

    def _forward(self, parts, x):
        backs = []
        for part in parts:
            x, back = self._one(part, x)
            self.outputs[part.name] = x
            backs.append((part, back))
        return x, backs

    def _one(self, part, x):
        if isinstance(part.layer, specs.Residual):
            out, inner = self._forward(part.inner, x)

            def back(dout):
                dx, grads = self._backward(inner, dout)
                return (dout if dx is None else dout + dx), grads

            return x + out, back
        layer = LAYERS[type(part.layer)]
        out, back = layer(part, x, self._arrays[part.name], self._train)

        def named(dout):
            dx, grads = back(dout)
            return dx, {f"{part.name}.{key}": grad for key, grad in grads.items()}

        return out, named

    def _backward(self, backs, dout):
        grads = {}
        for part, back in reversed(backs):
            if dout is None:
                break
            self.douts[part.name] = dout
            dout, more = back(dout)
            grads |= more
        return dout, grads

    def back(self, dout):
        """Give dx (None behind a `StopGradient`) and the gradients by full name."""
        return self._backward(self._back, dout)
