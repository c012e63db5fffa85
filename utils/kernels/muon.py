"""Muon: a step of equal size in all directions of a matrix.

Muon (Jordan and others, 2024) treats the filters (HH * WW * C, K) of a convolution as
one matrix and steps along the *nearest matrix with orthogonal columns*.  That matrix is
approached by Newton-Schulz steps, X -> X (a I + b G + c G**2) with G = X.T @ X.  All
factors are polynomials of the first G and so commute.  So we multiply them with each
other, small matrices (K, K), and X only once at the end: for 2304 x 256 that is 0.9
instead of 1.9 billion operations.  NumPy's BLAS does products of this size at over 80 %
of the processor's peak, so a kernel of our own would not pay; filters are spread over
our threads, with one BLAS thread each.

What moves:  w, dw and the velocity in; w and the velocity out.
Threads:     each takes the next largest filters and does all of them, so the numbers
             do not depend on who was faster.
Cost:        two passes over w, dw and the velocity, and the products.
"""

import numpy as np

from utils.kernels import expect, threads
from utils.kernels.compiler import kernel
from utils.kernels.simd import LANES, address, instruction

STEPS = 3  # of Newton and Schulz
# Steeper at 0 than the classical 1.5, -0.5: small singular values grow faster.  In
# exchange all end near 1 (0.6 to 1.2) and not at 1, which does no harm here.
QUINTIC = 3.4445, -4.7750, 2.0315


class Orthogonalizer:
    """Newton-Schulz steps for matrices with a given number of columns.

    Parameters
    ----------
    K : int
        Columns.
    """

    def __init__(self, K):
        self._small = threads.aligned((5, K, K))

    def __call__(self, X, out):
        """Write the matrix near X whose singular values are all about 1.

        Parameters
        ----------
        X : ndarray (R, K), float32
            Any matrix; rows and columns of zeros stay zeros, and so does X = 0.
        out : ndarray (R, K), float32
            Written; may not be `X`.
        """
        G, square, factor, product, spare = self._small
        np.matmul(X.T, X, out=G)
        total = np.trace(G, dtype=np.float64) or 1.0  # the squared norm of X
        G /= np.float32(total)
        for step in range(STEPS):
            np.matmul(G, G, out=square)
            self._polynomial(G, square, factor)
            if step == 0:
                product[...] = factor
            else:
                np.matmul(product, factor, out=spare)
                product, spare = spare, product
            if step < STEPS - 1:
                np.matmul(factor, G, out=square)
                np.matmul(square, factor, out=G)
        product *= np.float32(total**-0.5)
        np.matmul(X, product, out=out)

    def _polynomial(self, G, square, out):
        """Write a I + b G + c G**2 to `out`; `square` is G**2 and is lost."""
        a, b, c = map(np.float32, QUINTIC)
        np.multiply(G, b, out=out)
        square *= c
        out += square
        out.ravel()[:: len(out) + 1] += a


@instruction
def _blend(e, momentum, w, dw, velocity, direction, squares):
    """Write velocity and the Nesterov direction; add w**2 to squares."""
    g, weight = e.load(dw), e.load(w)
    v = e.load(velocity) * momentum + g
    e.store(v, velocity)
    e.store(v * momentum + g, direction)
    e.store(e.load(squares) + weight * weight, squares)


@kernel
def _blend_all(momentum, w, dw, velocity, direction, squares):
    """Blend rows of matrices; give the sum of the squares of w."""
    total = 0.0
    R, K = w.shape
    for i in range(R):
        squares[:] = 0
        for c in range(0, K, LANES):
            at = (i * K + c) * 4
            v_at, to = address(velocity) + at, address(direction) + at
            w_at, dw_at = address(w) + at, address(dw) + at
            _blend(momentum, w_at, dw_at, v_at, to, address(squares))
        for lane in range(LANES):
            total += squares[lane]
    return total


@instruction
def _move(e, keep, rate, w, direction):
    e.store(e.load(w) * keep - e.load(direction) * rate, w)


@kernel
def _move_all(keep, rate, w, direction):
    for i in range(0, w.size, LANES):
        _move(keep, rate, address(w) + 4 * i, address(direction) + 4 * i)


class Muon:
    """Steps of equal size in all directions of a matrix, for convolutions.

        v = momentum * v + dw;  d = dw + momentum * v
        w = w * sqrt(filters) / norm(w) - rate * orthogonal(d)

    or, without renormalising, w = w - rate * orthogonal(d).

    Parameters
    ----------
    shapes : list of (HH, WW, C, K)
        The weights, K a multiple of `simd.LANES`.
    momentum : float
        How much of the velocity stays in each step.
    filters : list of int, optional
        How many of the K filters are real, if some are padding.
    renormalize : bool, optional
        Whether each step brings the weights back to the norm sqrt(filters).

    Attributes
    ----------
    velocity : list of ndarray (HH, WW, C, K), float32
        The memory of the steps so far, zeros at first; views that may be written to.

    Notes
    -----
    The columns of padded filters, and the rows of padded channels, stay zeros.

    References
    ----------
    .. [1] K. Jordan and others, "Muon: an optimizer for hidden layers in neural
       networks", 2024.
    """

    def __init__(self, shapes, momentum=0.6, filters=None, renormalize=True):
        self.momentum, self.renormalize = float(momentum), bool(renormalize)
        self._filters = filters or [shape[-1] for shape in shapes]
        sizes = [(HH * WW * C, K) for HH, WW, C, K in shapes]
        self._velocity = [threads.aligned(size) for size in sizes]
        # The largest first, or a thread would take it when the others are done.
        self._order = sorted(range(len(sizes)), key=lambda i: -np.prod(sizes[i]))
        self._shapes = [tuple(shape) for shape in shapes]
        pairs = zip(self._velocity, self._shapes, strict=True)
        self.velocity = [matrix.reshape(shape) for matrix, shape in pairs]
        self._work = []  # of each thread

    def _make_room(self):
        """Give each thread the memory for one matrix."""
        sizes = [velocity.shape for velocity in self._velocity]
        numbers, K = max(map(np.prod, sizes)), {K for _, K in sizes}
        while len(self._work) < threads.count():
            memory = threads.aligned((2, int(numbers)))
            makers = {k: Orthogonalizer(k) for k in K}
            self._work.append((memory, makers, threads.aligned(LANES)))

    def step(self, weights, gradients, rate):
        """Change the weights in place.

        Parameters
        ----------
        weights, gradients : list of ndarray (HH, WW, C, K), float32, in C order
            In the order of `shapes`.  Where a gradient is None, weights and velocity
            are left alone.
        rate : float
            Size of the step.

        Raises
        ------
        ValueError
            If the arrays do not have the shapes that were announced.
        """
        for shape, w, dw in zip(self._shapes, weights, gradients, strict=True):
            if dw is not None:
                expect.maps(w=w, dw=dw)
                expect.same_shape(shape, w=w, dw=dw)
                expect.written(w=w)
        self._make_room()
        # Taking the next one is atomic in Python.
        waiting = iter([i for i in self._order if gradients[i] is not None])

        def work(worker, workers):
            for i in waiting:
                self._one(i, weights[i], gradients[i], rate, *self._work[worker])

        with threads.serial_blas():
            threads.each(work)

    def _one(self, i, w, dw, rate, memory, orthogonalizers, squares):
        """Do all of one matrix in one thread."""
        velocity = self._velocity[i]
        w, dw = w.reshape(velocity.shape), dw.reshape(velocity.shape)
        d, out = (row[: w.size].reshape(w.shape) for row in memory)
        total = _blend_all(self.momentum, w, dw, velocity, d, squares)
        orthogonalizers[w.shape[1]](d, out)
        keep = 1.0
        if self.renormalize and total:
            keep = (self._filters[i] / total) ** 0.5
        _move_all(keep, float(rate), w, out)
