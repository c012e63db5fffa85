"""Convolution restated as a matrix product.

``im2col`` copies every window of an image into one column of a matrix.  With the
filters as the rows of another matrix, all dot products of a convolution are one
matrix product, which BLAS computes close to the machine's peak:

    (F, C*HH*WW) @ (C*HH*WW, H_out*W_out) = (F, H_out*W_out)

``col2im`` is its transpose: it adds every column back to the pixels it came from.
Padding is never stored: positions outside the image are read as 0 and written
nowhere.
"""

from utils.kernels.compiler import kernel


# The output positions j at which tap q of a window lies inside the image, as a
# range: 0 <= j * stride + q - pad < size.  Sorting this out before the innermost loop
# keeps that loop free of tests, so the compiler can vectorise it.
@kernel
def inside(q, size, stride, pad, count):
    """Give the half-open range of output positions whose tap is in the image."""
    first = max(0, -((q - pad) // stride))
    last = min(count, (size - 1 + pad - q) // stride + 1)
    return min(first, count), max(last, min(first, count))


# Moves:  x (N, C, H, W) into cols (N, C*HH*WW, H_out*W_out); row (c, p, q) of cols[n]
#         holds the pixel under tap (p, q) of channel c, for every window.
# Order:  j runs fastest, so each row of cols is written from left to right.
# Thread: image n owns cols[n].
# Cost:   HH * WW copies of the input (stride 1): memory bought for speed.
@kernel
def im2col(start, stop, x, cols, window, stride, pad, out_size):
    """Write the columns of images ``start`` to ``stop``."""
    C, H, W = x.shape[1:]
    HH, WW = window
    H_out, W_out = out_size
    for n in range(start, stop):
        for c in range(C):
            for p in range(HH):
                for q in range(WW):
                    row = cols[n, (c * HH + p) * WW + q]
                    j_first, j_last = inside(q, W, stride, pad, W_out)
                    for i in range(H_out):
                        y = i * stride + p - pad
                        line = row[i * W_out : (i + 1) * W_out]
                        if y < 0 or y >= H:
                            line[:] = 0
                            continue
                        line[:j_first] = 0
                        line[j_last:] = 0
                        pixels = x[n, c, y]
                        for j in range(j_first, j_last):
                            line[j] = pixels[j * stride + q - pad]


# Moves:  cols (N, C*HH*WW, H_out*W_out) back into dx (N, C, H, W), adding.
# Order:  the same walk as im2col; each row of cols is read from left to right.
# Thread: image n owns dx[n], so no two threads add to the same pixel.
# Cost:   one addition per number in cols.
@kernel
def col2im(start, stop, cols, dx, window, stride, pad, out_size):
    """Sum the columns of images ``start`` to ``stop`` into ``dx``."""
    C, H, W = dx.shape[1:]
    HH, WW = window
    H_out, W_out = out_size
    for n in range(start, stop):
        dx[n] = 0
        for c in range(C):
            for p in range(HH):
                for q in range(WW):
                    row = cols[n, (c * HH + p) * WW + q]
                    j_first, j_last = inside(q, W, stride, pad, W_out)
                    i_first, i_last = inside(p, H, stride, pad, H_out)
                    for i in range(i_first, i_last):
                        line = row[i * W_out : (i + 1) * W_out]
                        pixels = dx[n, c, i * stride + p - pad]
                        for j in range(j_first, j_last):
                            pixels[j * stride + q - pad] += line[j]
