"""Fourier transform: products of spectra, so the output has rounding errors."""

import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    H, W = x_padded.shape[2:]
    spectrum = np.fft.rfft2(x_padded)
    turned = np.conj(np.fft.rfft2(w, s=(H, W)))  # correlation, not convolution
    out = np.fft.irfft2(np.einsum("ncuv,fcuv->nfuv", spectrum, turned), s=(H, W))
    out = out[:, :, : H - w.shape[2] + 1 : stride, : W - w.shape[3] + 1 : stride]
    return (out + b[:, None, None]).astype(x.dtype), (x, w, b, conv_param)
