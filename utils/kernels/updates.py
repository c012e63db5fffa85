"""Update rules over flat memory: each number is read once and written once.

A rule such as ``v = momentum * v + dw; w -= rate * v`` in NumPy is one pass over memory
per operation, and the weights of a network do not fit into the caches.  Here a vector
of w, dw and the rule's memory is loaded, all is computed, and w and the memory are
stored: for SGD with momentum three reads and two writes per weight, whatever else the
rule does.  The rules are those of `utils.optim`, with weight decay.

A network has many parameters that are tiny, the gamma and beta of each batchnorm, and
calling a kernel costs more than moving 64 numbers.  So a call takes many arrays: a
`Table` holds their addresses, one row per parameter, and what a kernel walks over is
the sequence of all vectors of all rows.

What moves:  w, dw and the memory of the rule in; w and the memory out.
Threads:     each owns one contiguous part of that sequence; up to `SMALL` numbers the
             caller does all of it alone, since waking a thread costs more.
Cost:        20 bytes per weight (SGD), 28 (Adam).
"""

from typing import NamedTuple

import numpy as np

from utils.kernels import expect, threads
from utils.kernels.compiler import kernel
from utils.kernels.simd import BYTES, LANES, instruction

SMALL = 1 << 15


class Sgd(NamedTuple):
    """v = momentum * v + dw + decay * w; w = keep * w - rate * v.

    `keep` is for weight decay that is not a part of the gradient: 1 - rate * decay.
    """

    rate: float
    momentum: float = 0.0
    decay: float = 0.0
    keep: float = 1.0


class Nesterov(NamedTuple):
    """Sgd with g = dw + decay * w; v = momentum * v + g, and g + momentum * v for v.

    So a step goes where the velocity is about to carry it.
    """

    rate: float
    momentum: float = 0.9
    decay: float = 0.0
    keep: float = 1.0


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
    e.store(weight * rule.keep - step * rule.rate, w)


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
def _sgd_all(worker, workers, rule, places):
    total = places[:, -1].sum()
    first, stop = total * worker // workers, total * (worker + 1) // workers
    for row in range(len(places)):
        w, dw, velocity, vectors = places[row]
        for i in range(max(first, 0), min(stop, vectors)):
            at = i * BYTES
            _sgd(rule, w + at, dw + at, velocity + at)
        first, stop = first - vectors, stop - vectors


@kernel
def _adam_all(worker, workers, rule, places, rates, roots):
    total = places[:, -1].sum()
    first, stop = total * worker // workers, total * (worker + 1) // workers
    for row in range(len(places)):
        w, dw, m, v, vectors = places[row]
        step = _AdamStep(
            rule.beta1,
            1 - rule.beta1,
            rule.beta2,
            1 - rule.beta2,
            rates[row],
            roots[row],
            rule.epsilon,
            1 - rule.rate * rule.decay,
        )
        for i in range(max(first, 0), min(stop, vectors)):
            at = i * BYTES
            _adam(step, w + at, dw + at, m + at, v + at)
        first, stop = first - vectors, stop - vectors


class Table:
    """Parameters that take their steps together, in one call.

    Parameters
    ----------
    w, dw : list of ndarray, float32, in C order
        Weights and their gradients, of one shape in each row.  The last axis is a
        multiple of `simd.LANES`.
    **memory : list of ndarray
        Likewise the memory of the rule: ``velocity``, or ``m`` and ``v``.

    Raises
    ------
    ValueError
        If the arrays do not fit together or are not what kernels expect.

    Notes
    -----
    All is checked here and nothing later: a table keeps its arrays alive, and the
    caller must not resize them.
    """

    def __init__(self, w, dw, **memory):
        self.arrays = list(zip(w, dw, *memory.values(), strict=True))
        self.columns = tuple(memory)
        for row in self.arrays:
            named = dict(zip(("w", "dw", *memory), row, strict=True))
            expect.maps(**named)
            expect.same_shape(row[0].shape, **named)
            del named["dw"]
            expect.written(**named)
        places = [
            [*(a.__array_interface__["data"][0] for a in row), row[0].size // LANES]
            for row in self.arrays
        ]
        self.places = np.array(places, np.int64).reshape(-1, len(memory) + 3)
        self.size = sum(row[0].size for row in self.arrays)

    def spread(self, kernel, rule, *numbers):
        """Call a kernel in all threads, or here if there is little to do."""
        args = rule, self.places, *numbers
        threads.each_above(SMALL, self.size, kernel, *args)


def sgd_table(rule, table):
    """Take a step of gradient descent with each parameter of a table, in place.

    Parameters
    ----------
    rule : Sgd or Nesterov
        Its numbers.
    table : Table
        Its memory is ``velocity``, zeros at first.
    """
    table.spread(_sgd_all, type(rule)(*map(float, rule)))


def adam_table(rule, table, t):
    """Take a step of Adam or AdamW with each parameter of a table, in place.

    Parameters
    ----------
    rule : Adam
        Its numbers.
    table : Table
        Its memory is ``m`` and ``v``, the running averages of the gradient and of its
        square, zeros at first.
    t : ndarray of int, one per row
        Number of this step, from 1.

    Raises
    ------
    ValueError
        If a step is below 1.
    """
    rule, t = Adam(*map(float, rule)), np.asarray(t)
    if t.size and t.min() < 1:
        raise ValueError(f"t is {t.min()}, expected the number of the step, from 1.")
    rates, roots = rule.rate / (1 - rule.beta1**t), (1 - rule.beta2**t) ** -0.5
    table.spread(_adam_all, rule, rates, roots)


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
    adam_table(rule, Table([w], [dw], m=[m], v=[v]), [t])
