"""Max pooling by remembering where each maximum stood.

The forward kernel stores, next to each maximum, the position it came from; the
backward kernel then only has to send each gradient to that position.  Searching the
windows a second time is not needed.
"""

from utils.kernels.compiler import kernel


# Moves:  x (planes, H, W) into out and argmax (planes, H_out, W_out); a plane is one
#         channel of one image, argmax the position y * W + x within the plane.
# Order:  windows row by row; inside a window row by row, so the first of several
#         equal maxima wins.  A NaN wins over everything: it must not be hidden.
# Thread: plane k owns out[k] and argmax[k].
# Cost:   one comparison per pixel and window.
@kernel
def max_pool(start, stop, x, out, argmax, window, stride):
    """Pool planes ``start`` to ``stop``."""
    W = x.shape[2]
    height, width = window
    H_out, W_out = out.shape[1:]
    for k in range(start, stop):
        for i in range(H_out):
            for j in range(W_out):
                top, left = i * stride, j * stride
                best = x[k, top, left]
                where = top * W + left
                for p in range(height):
                    for q in range(width):
                        value = x[k, top + p, left + q]
                        is_new_nan = value != value and best == best
                        if value > best or is_new_nan:
                            best = value
                            where = (top + p) * W + left + q
                out[k, i, j] = best
                argmax[k, i, j] = where


# The same for windows of 2 x 2 pixels, side by side, which most networks have.  With
# no branch and no loop inside, the compiler does several windows at a time.
@kernel
def max_pool_2x2(start, stop, x, out, argmax):
    """Pool planes ``start`` to ``stop``."""
    W = x.shape[2]
    H_out, W_out = out.shape[1:]
    for k in range(start, stop):
        for i in range(H_out):
            upper, lower = x[k, 2 * i], x[k, 2 * i + 1]
            values, places = out[k, i], argmax[k, i]
            for j in range(W_out):
                above, p = larger(upper[2 * j], 0, upper[2 * j + 1], 1)
                below, q = larger(lower[2 * j], W, lower[2 * j + 1], W + 1)
                best, where = larger(above, p, below, q)
                values[j], places[j] = best, 2 * (i * W + j) + where


@kernel
def larger(a, i, b, j):
    """Give the larger of two numbers and its place; a where both are equal."""
    # Not `b > a`: a NaN, which compares false, shall win.
    wins = (a == a) & (not b <= a)
    return b if wins else a, j if wins else i


# Moves:  dout (planes, H_out, W_out) into dx (planes, H * W), adding at argmax:
#         overlapping windows may share a maximum.
# Order:  the windows of a plane one after the other.
# Thread: plane k owns dx[k].
# Cost:   one addition per window.
@kernel
def max_pool_scatter(start, stop, dout, argmax, dx):
    """Send the gradients of planes ``start`` to ``stop`` to their maxima."""
    H_out, W_out = dout.shape[1:]
    for k in range(start, stop):
        dx[k] = 0
        for i in range(H_out):
            for j in range(W_out):
                dx[k, argmax[k, i, j]] += dout[k, i, j]
