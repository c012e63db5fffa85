"""Fourier transform: both gradients are products of spectra, with rounding errors."""

import numpy as np


def conv_backward_naive(dout, cache):
    x, w, _, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    H, W = x_padded.shape[2:]
    HH, WW = w.shape[2:]
    spread = np.zeros((*dout.shape[:2], H, W))
    H_valid, W_valid = H - HH + 1, W - WW + 1
    spread[:, :, :H_valid:stride, :W_valid:stride] = dout
    of_dout, of_x = np.fft.rfft2(spread), np.fft.rfft2(x_padded)
    of_w = np.fft.rfft2(w, s=(H, W))
    of_dx = np.einsum("nfuv,fcuv->ncuv", of_dout, of_w)
    of_dw = np.einsum("nfuv,ncuv->fcuv", np.conj(of_dout), of_x)
    dx = np.fft.irfft2(of_dx, s=(H, W))[:, :, pad : H - pad, pad : W - pad]
    dw = np.fft.irfft2(of_dw, s=(H, W))[:, :, :HH, :WW]
    db = dout.sum(axis=(0, 2, 3))
    return dx.astype(x.dtype), dw.astype(w.dtype), db
