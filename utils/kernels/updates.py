"""Update rules over flat memory: each number is read once and written once.

A rule such as ``v = momentum * v + dw; w -= rate * v`` in NumPy is one pass over memory
per operation, and the weights of a network do not fit into the caches.  Here a vector
of w, dw and the rule's memory is loaded, all is computed, and w and the memory are
stored: for SGD with momentum three reads and two writes per weight, whatever else the
rule does.  The rules are those of `utils.optim`, with weight decay.

Muon (Jordan and others, 2024) treats the filters (HH * WW * C, K) of a convolution as
one matrix and steps along the *nearest matrix with orthogonal columns*.  That matrix is
approached by Newton-Schulz steps, X -> X (a I + b G + c G**2) with G = X.T @ X.  All
factors are polynomials of the first G and so commute.  So we multiply them with each
other, small matrices (K, K), and X only once at the end: for 2304 x 256 that is 0.9
instead of 1.9 billion operations.  NumPy's BLAS does products of this size at over 80 %
of the processor's peak, so a kernel of our own would not pay; filters are spread over
our threads, with one BLAS thread each.

What moves:  w, dw and the memory of the rule in; w and the memory out.
Threads:     each owns one contiguous part of the vectors; arrays below `SMALL` numbers
             are done by the caller alone, since waking a thread costs more.  In Muon,
             each thread takes the next largest filters.
Cost:        20 bytes per weight (SGD), 28 (Adam); Muon 2 passes, and its products.
"""

from typing import NamedTuple

import numpy as np

from utils.kernels import expect, threads
from utils.kernels.compiler import kernel
from utils.kernels.simd import BYTES, LANES, address, instruction

SMALL = 1 << 15
STEPS = 3  # of Newton and Schulz
# Steeper at 0 than the classical 1.5, -0.5: small singular values grow faster.  In
# exchange all end near 1 (0.6 to 1.2) and not at 1, which does no harm here.
QUINTIC = 3.4445, -4.7750, 2.0315


class Sgd(NamedTuple):
    """v = momentum * v + dw + decay * w; w = w - rate * v."""

    rate: float
    momentum: float = 0.0
    decay: float = 0.0


class Nesterov(NamedTuple):
    """g = dw + decay * w; v = momentum * v + g; w = w - rate * (g + momentum * v)."""

    rate: float
    momentum: float = 0.9
    decay: float = 0.0


class Adam(NamedTuple):
    """Adam; with `decay` AdamW, which also does w = w - rate * decay * w."""

    rate: float
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    decay: float = 0.0


class _AdamStep(NamedTuple):
    """The numbers of one step of Adam, corrected for the start at zero."""

    beta1: float
    new1: float
    beta2: float
    new2: float
    rate: float
    root: float
    epsilon: float
    keep: float


@instruction
def _sgd(e, rule, w, dw, velocity):
    weight = e.load(w)
    g = e.load(dw) + weight * rule.decay
    v = e.load(velocity) * rule.momentum + g
    e.store(v, velocity)
    step = g + v * rule.momentum if rule.kind is Nesterov else v
    e.store(weight - step * rule.rate, w)


@instruction
def _adam(e, rule, w, dw, mean, square):
    g = e.load(dw)
    m = e.load(mean) * rule.beta1 + g * rule.new1
    v = e.load(square) * rule.beta2 + g * g * rule.new2
    e.store(m, mean)
    e.store(v, square)
    step = m * rule.rate / (e.math("sqrt", v) * rule.root + rule.epsilon)
    e.store(e.load(w) * rule.keep - step, w)


@kernel
def _sgd_all(worker, workers, rule, w, dw, velocity):
    vectors = w.size // LANES
    for i in range(vectors * worker // workers, vectors * (worker + 1) // workers):
        at = i * BYTES
        _sgd(rule, address(w) + at, address(dw) + at, address(velocity) + at)


@kernel
def _adam_all(worker, workers, rule, w, dw, m, v):
    vectors = w.size // LANES
    for i in range(vectors * worker // workers, vectors * (worker + 1) // workers):
        at = i * BYTES
        m_at, v_at = address(m) + at, address(v) + at
        _adam(rule, address(w) + at, address(dw) + at, m_at, v_at)


def _spread(kernel, rule, w, *others):
    """Call a kernel in all threads, or here if there is little to do."""
    if w.size < SMALL:
        kernel(0, 1, rule, w, *others)
    else:
        threads.each(kernel, rule, w, *others)


def sgd(rule, w, dw, velocity):
    """Take a step of gradient descent, in place.

    Parameters
    ----------
    rule : Sgd or Nesterov
        Its numbers.
    w, dw, velocity : ndarray of one shape, float32, in C order
        Weights, their gradient, and the memory of the rule, zeros at first.  The last
        axis is a multiple of `simd.LANES`.

    Raises
    ------
    ValueError
        If the arrays do not fit together or are not what kernels expect.
    """
    expect.maps(w=w, dw=dw, velocity=velocity)
    expect.same_shape(w.shape, dw=dw, velocity=velocity)
    expect.written(w=w, velocity=velocity)
    _spread(_sgd_all, type(rule)(*map(float, rule)), w, dw, velocity)


def adam(rule, w, dw, m, v, t):
    """Take a step of Adam or AdamW, in place.

    Parameters
    ----------
    rule : Adam
        Its numbers.
    w, dw, m, v : ndarray of one shape, float32, in C order
        Weights, their gradient, and the running averages of the gradient and of its
        square, zeros at first.  The last axis is a multiple of `simd.LANES`.
    t : int
        Number of this step, from 1.

    Raises
    ------
    ValueError
        If the arrays do not fit together or are not what kernels expect, or t < 1.
    """
    expect.maps(w=w, dw=dw, m=m, v=v)
    expect.same_shape(w.shape, dw=dw, m=m, v=v)
    expect.written(w=w, m=m, v=v)
    if t < 1:
        raise ValueError(f"t is {t}, expected the number of the step, from 1.")
    rate, beta1, beta2, epsilon, decay = map(float, rule)
    step = _AdamStep(
        beta1=beta1,
        new1=1 - beta1,
        beta2=beta2,
        new2=1 - beta2,
        rate=rate / (1 - beta1**t),
        root=(1 - beta2**t) ** -0.5,
        epsilon=epsilon,
        keep=1 - rate * decay,
    )
    _spread(_adam_all, step, w, dw, m, v)


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

    Parameters
    ----------
    shapes : list of (HH, WW, C, K)
        The weights, K a multiple of `simd.LANES`.
    momentum : float
        How much of the velocity stays in each step.
    filters : list of int, optional
        How many of the K filters are real, if some are padding.

    Notes
    -----
    The columns of padded filters, and the rows of padded channels, stay zeros.

    References
    ----------
    .. [1] K. Jordan and others, "Muon: an optimizer for hidden layers in neural
       networks", 2024.
    """

    def __init__(self, shapes, momentum=0.6, filters=None):
        self.momentum = float(momentum)
        self._filters = filters or [shape[-1] for shape in shapes]
        sizes = [(HH * WW * C, K) for HH, WW, C, K in shapes]
        self._velocity = [threads.aligned(size) for size in sizes]
        # The largest first, or a thread would take it when the others are done.
        self._order = sorted(range(len(sizes)), key=lambda i: -np.prod(sizes[i]))
        self._shapes = [tuple(shape) for shape in shapes]
        numbers, K = max(map(np.prod, sizes)), {K for _, K in sizes}
        self._work = [
            (
                threads.aligned((2, int(numbers))),
                {k: Orthogonalizer(k) for k in K},
                threads.aligned(LANES),
            )
            for _ in range(threads.count())
        ]

    def step(self, weights, gradients, rate):
        """Change the weights in place.

        Parameters
        ----------
        weights, gradients : list of ndarray (HH, WW, C, K), float32, in C order
            In the order of `shapes`.
        rate : float
            Size of the step.

        Raises
        ------
        ValueError
            If the arrays do not have the shapes that were announced.
        """
        for shape, w, dw in zip(self._shapes, weights, gradients, strict=True):
            expect.maps(w=w, dw=dw)
            expect.same_shape(shape, w=w, dw=dw)
            expect.written(w=w)
        waiting = iter(self._order)  # taking the next one is atomic in Python

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
        keep = (self._filters[i] / total) ** 0.5 if total else 1.0
        _move_all(keep, float(rate), w, out)
