"""einsum for dw over sliding windows; dx by writing through a view of windows."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv_backward_naive(dout, cache):
    x, w, _, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    wide = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    view = sliding_window_view(np.pad(x, wide), w.shape[2:], axis=(2, 3))
    dw = np.einsum("nfij,ncijpq->fcpq", dout, view[:, :, ::stride, ::stride])
    dx_padded = np.pad(np.zeros_like(x), wide)
    view = sliding_window_view(dx_padded, w.shape[2:], axis=(2, 3), writeable=True)
    for i, j in np.ndindex(dout.shape[2:]):
        window = view[:, :, i * stride, j * stride]
        window += np.tensordot(dout[:, :, i, j], w, axes=1)
    dx = dx_padded[:, :, pad:-pad, pad:-pad] if pad else dx_padded
    return dx, dw, np.einsum("nfij->f", dout)
