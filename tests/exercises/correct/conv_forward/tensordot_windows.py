"""tensordot over sliding windows; the output is a view in another memory order."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    x_padded = np.pad(x, ((0,), (0,), (pad,), (pad,)))
    windows = sliding_window_view(x_padded, w.shape[1:], axis=(1, 2, 3))
    windows = windows[:, 0, ::stride, ::stride]
    out = np.tensordot(windows, w, axes=([3, 4, 5], [1, 2, 3])) + b
    return np.moveaxis(out, -1, 1), [x_padded, w, b, stride, pad]
