"""The layer as one matrix in the cache: dx is a product with its transpose."""

import numpy as np

from utils.shapes import conv_output_shape


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    C, H, W = x.shape[1:]
    index = np.arange(w.size).reshape(w.shape)  # which weight stands in the matrix
    index_of = np.full((F, H_out, W_out, C, H + 2 * pad, W + 2 * pad), -1)
    for i, j in np.ndindex(H_out, W_out):
        rows = slice(i * stride, i * stride + w.shape[2])
        columns = slice(j * stride, j * stride + w.shape[3])
        index_of[:, i, j, :, rows, columns] = index
    index_of = index_of[..., pad : pad + H, pad : pad + W]
    index_of = index_of.reshape(F * H_out * W_out, C * H * W)
    matrix = np.where(index_of < 0, 0, w.ravel()[index_of])
    out = (x.reshape(N, -1) @ matrix.T).reshape(N, F, H_out, W_out)
    return out + b[:, None, None], (x, w, matrix, index_of)


def conv_backward_naive(dout, cache):
    x, w, matrix, index_of = cache
    rows = dout.reshape(len(x), -1)
    of_matrix = rows.T @ x.reshape(len(x), -1)
    used = index_of >= 0
    dw = np.bincount(index_of[used], of_matrix[used], w.size).reshape(w.shape)
    return (rows @ matrix).reshape(x.shape), dw.astype(w.dtype), dout.sum((0, 2, 3))
