"""The whole layer as one large matrix, built by convolving unit images."""

import numpy as np

from utils.shapes import conv_output_shape


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    C, H, W = x.shape[1:]
    HH, WW = w.shape[2:]
    matrix = np.zeros((F, H_out, W_out, C, H + 2 * pad, W + 2 * pad), x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            rows = slice(i * stride, i * stride + HH)
            columns = slice(j * stride, j * stride + WW)
            matrix[:, i, j, :, rows, columns] = w
    matrix = matrix[..., pad : pad + H, pad : pad + W].reshape(F * H_out * W_out, -1)
    out = (x.reshape(N, -1) @ matrix.T).reshape(N, F, H_out, W_out)
    return out + b.reshape(F, 1, 1), (matrix, x, w, b, conv_param)
