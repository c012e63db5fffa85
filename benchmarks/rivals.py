"""The others: PyTorch in both memory layouts, and the way our ancestors took.

PyTorch's layers are called with everything prepared as a training step would find it:
images, weights and gradients already lie in the layout under test.  The numbers of its
results are handed out in our order, (N, H, W, C) and (HH, WW, C, K).

The ancestors' way is a matrix product: *im2col* copies every window to a row of a
matrix, BLAS multiplies it with the filters, *col2im* adds rows back to pixels.
"""

import numpy as np
import torch
import torch.nn.functional as F

from benchmarks.harness import Side
from utils.ladder import windows

LAYOUTS = {
    "torch cl": torch.channels_last,
    "torch nchw": torch.contiguous_format,
}


def images_to_torch(array, layout):
    """Give images (N, H, W, C) to PyTorch, as (N, C, H, W) in a memory layout."""
    images = torch.from_numpy(array).permute(0, 3, 1, 2)
    return images.contiguous(memory_format=layout).clone(memory_format=layout)


def filters_to_torch(array, layout):
    """Give filters (HH, WW, C, K) to PyTorch, as (K, C, HH, WW)."""
    filters = torch.from_numpy(array).permute(3, 2, 0, 1)
    return filters.contiguous(memory_format=layout).clone(memory_format=layout)


def images_of(tensor):
    """Bring images or feature maps of PyTorch into our order."""
    return tensor.detach().permute(0, 2, 3, 1).numpy()


def filters_of(tensor):
    """Bring filters of PyTorch into our order."""
    return tensor.detach().permute(2, 3, 1, 0).numpy()


def torch_conv(direction, x, w, b, dout, stride, pad):
    """Make PyTorch's sides of one pass of a convolution.

    Parameters
    ----------
    direction : {"forward", "dx", "dw"}
        ``dw`` includes the gradient of the bias, if there is one.
    x, w, b, dout : ndarrays (N, H, W, C), (HH, WW, C, K), (K,) or None, (N, H, W, K)
    stride, pad : int

    Returns
    -------
    sides : list of Side
        One per memory layout.
    """
    return [
        _torch_conv(direction, label, x, w, b, dout, stride, pad) for label in LAYOUTS
    ]


def _torch_conv(direction, label, x, w, b, dout, stride, pad):
    layout = LAYOUTS[label]
    images, filters = images_to_torch(x, layout), filters_to_torch(w, layout)
    gradient = images_to_torch(dout, layout)
    bias = None if b is None else torch.from_numpy(b.copy())

    def forward():
        with torch.no_grad():
            return F.conv2d(images, filters, bias, stride, pad)

    def backward():
        return torch.ops.aten.convolution_backward(
            gradient,
            images,
            filters,
            None if b is None else [len(b)],
            (stride, stride),
            (pad, pad),
            (1, 1),
            False,
            (0, 0),
            1,
            (direction == "dx", direction == "dw", direction == "dw" and b is not None),
        )

    def gradients(results):
        if direction == "dx":
            return [images_of(results[0])]
        dw = [filters_of(results[1])]
        return dw if b is None else [*dw, results[2].numpy()]

    if direction == "forward":
        return Side(label, forward, lambda out: [images_of(out)])
    return Side(label, backward, gradients)


def im2col_conv(direction, x, w, b, dout, stride, pad):
    """Make the ancestors' side of one pass of a convolution; see `torch_conv`."""
    ways = {"forward": _forward, "dx": _backward_data, "dw": _backward_weights}
    run = ways[direction](x, w, b, dout, stride, pad)
    return Side("im2col", run, list, every=3)


def _forward(x, w, b, dout, stride, pad):
    out = np.empty_like(dout)
    filters = w.reshape(-1, w.shape[3])

    def run():
        for part, columns in windows(_padded(x, pad), w.shape[:2], stride):
            flat = out[part].reshape(len(columns), -1)
            np.matmul(columns, filters, out=flat)
            if b is not None:
                flat += b
        return (out,)

    return run


def _backward_weights(x, w, b, dout, stride, pad):
    def run():
        dw = np.zeros((w.size // w.shape[3], w.shape[3]), x.dtype)
        for part, columns in windows(_padded(x, pad), w.shape[:2], stride):
            dw += columns.T @ dout[part].reshape(len(columns), -1)
        dw = dw.reshape(w.shape)
        return (dw,) if b is None else (dw, dout.sum(axis=(0, 1, 2)))

    return run


def _backward_data(x, w, b, dout, stride, pad):
    N, H, W, C = x.shape
    H_out, W_out = dout.shape[1:3]
    HH, WW, _, K = w.shape
    filters = np.ascontiguousarray(w.reshape(-1, K).T)  # (K, HH*WW*C)
    step = min(N, max(1, 2**23 // (4 * H_out * W_out * HH * WW * C)))

    def run():
        dx = np.zeros((N, H + 2 * pad, W + 2 * pad, C), x.dtype)
        for first in range(0, N, step):
            flat = dout[first : first + step].reshape(-1, K)
            columns = (flat @ filters).reshape(-1, H_out, W_out, HH, WW, C)
            part = dx[first : first + step]
            for p in range(HH):
                for q in range(WW):
                    rows = slice(p, p + stride * (H_out - 1) + 1, stride)
                    places = slice(q, q + stride * (W_out - 1) + 1, stride)
                    part[:, rows, places] += columns[:, :, :, p, q]
        return (dx[:, pad : pad + H, pad : pad + W],)

    return run


def _padded(x, pad):
    return np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0))) if pad else x
