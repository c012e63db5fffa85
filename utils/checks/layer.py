"""One kind of layer, as `utils.checks.properties` sees it."""

import numpy as np

from utils.checks import rounding
from utils.checks.inputs import fractions, make_dout


class Layer:
    """One kind of layer; subclasses fill it in.

    Attributes
    ----------
    gradients : tuple of str
        What the backward pass returns; ``"d" + name`` belongs to argument ``name``.
    linear : bool
        Whether outputs are sums of products of the inputs (or choices among them), so
        that absolute values tell how far rounding can go; see `rounding`.
    step : float
        How far a number may move with no other maximum.
    may_change : tuple of str
        Keys of parameter dictionaries that the forward pass may change.
    """

    gradients = ("dx",)
    linear = True
    step = 1 / 4
    may_change = ()

    def arguments(self, case):
        """Return fresh arguments of the forward pass by name, in order."""
        raise NotImplementedError

    def forward(self, **arguments):
        """Return the right output."""
        raise NotImplementedError

    def backward(self, dout, **arguments):
        """Return the right gradients, as a tuple in the order of ``gradients``."""
        raise NotImplementedError

    def dout(self, case, arguments):
        """Return an incoming gradient: whole numbers, or fractions where case says so.

        These have 27 binary digits, three more than float32: a plain sum of a few, as
        db is one, must not fit into it.
        """
        shape = self.forward(**arguments).shape
        if getattr(case, "fractions", False):
            return fractions(shape, 27, seed=1)
        return make_dout(shape)

    def out_suspects(self, **arguments):
        """Return known wrong values and known wrong shapes of the output."""
        return (), ()

    def gradient_suspects(self, dout, **arguments):
        """Return, by gradient name, known wrong values and known wrong shapes."""
        return {}

    def limit(self, result, arguments, dtype=np.float64):
        """Return the largest relative error that rounding can explain.

        Parameters
        ----------
        result : callable
            Gives the right output or gradient, with ``arguments`` as keywords.
        arguments : dict
            What goes in.
        dtype : numpy dtype, default np.float64
            What is computed in.
        """
        right, n = result(**arguments), rounding.count(arguments.values())
        if self.linear:
            size = result(**rounding.absolute(arguments))
            return rounding.of_sums(n, dtype, size, right)
        others = (rounding.moved(arguments, dtype, seed) for seed in range(3))
        return rounding.of_moved(n, [result(**other) for other in others], right)

    def gradient_limit(self, dout, arguments, dtype=np.float64):
        """Return the largest relative error of a gradient that rounding can explain."""
        given = {"dout": dout, **arguments}

        def gradient(k):
            return lambda **given: self.backward(**given)[k]

        count = range(len(self.gradients))
        return max(self.limit(gradient(k), given, dtype) for k in count)
