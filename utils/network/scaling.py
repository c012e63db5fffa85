"""The two numbers per channel that a stage multiplies by and adds.

A batchnorm, a bias and a constant factor are all ``scale * y + shift`` per channel, so
the stage of the engine knows only that.  Each class here answers four questions:
``read`` (train: what follows from the sums of y and y**2?), ``recall`` (test mode),
``back`` (from the sums of dz and dz * y: the gradients of the parameters, and a, b, c
of dy = a * dz + b * y + c), and ``counts`` (are the sums needed at all?).
"""

import numpy as np

from utils.kernels import moments


class Batch:
    """A batchnorm: scale and shift follow from the batch.

    Parameters
    ----------
    layer : BatchNorm
    gamma : ndarray (K,) or None
        None if the scale is not trained.
    beta, mean, var : ndarray (K,)
        Parameters and running statistics; the latter are updated in place.
    filters : int
        Real channels; the others get the scale 0.
    count : int
        Numbers that the statistics are taken over.
    """

    counts = True

    def __init__(self, layer, gamma, beta, mean, var, filters, count):
        K = len(beta)
        self._layer, self._beta, self._running = layer, beta, (mean, var)
        real = np.zeros(K, np.float32)
        real[:filters] = 1
        self._gamma = real if gamma is None else gamma
        self._trains_gamma, self._count = gamma is not None, count
        self.scale, self.shift = np.zeros((2, K), np.float32)
        self._total, self._abc = np.zeros((2, K)), np.zeros((3, K), np.float32)
        self._constants = tuple(self._abc)
        self._mean, self._var, self._inverse = np.zeros((3, K))
        self._dgamma, self._dbeta = np.zeros((2, K))
        self._sign = np.ones(K, np.float32)

    @property
    def sign(self):
        """Whether scaling keeps the order of values (1) or turns it round (-1)."""
        self._sign[:] = np.where(self._gamma < 0, -1, 1)
        return self._sign

    def read(self, sums):
        """Take the sums of y and y**2: scale, shift and running statistics follow."""
        args = sums, self._count, self._layer.momentum, self._running
        moments.read(*args, self._total, self._mean, self._var)
        self._prepare()

    def recall(self):
        """Take the running statistics."""
        self._mean[:], self._var[:] = self._running
        self._prepare()

    def _prepare(self):
        args = self._layer.eps, self._gamma, self._beta, self._mean, self._var
        moments.prepare(*args, self._inverse, self.scale, self.shift)

    def back(self, sums):
        """Give gradients by name, and (a, b, c), from the sums of dz and dz * y."""
        args = sums, self._count, self._gamma, self._mean, self._inverse, self._total
        moments.back(*args, self._dgamma, self._dbeta, self._abc)
        grads = {"beta": self._dbeta}
        if self._trains_gamma:
            grads["gamma"] = self._dgamma
        return grads, self._constants


class Bias:
    """A bias, or nothing: the scale is 1."""

    counts = False

    def __init__(self, b, K):
        self._trains = b is not None
        self.scale = np.ones(K, np.float32)
        self.shift = b if self._trains else np.zeros(K, np.float32)

    def recall(self):
        """Do nothing: there are no statistics."""

    def back(self, sums):
        """Give gradients by name, and None: dy is dz."""
        grads = {"b": sums[:, 0].sum(axis=0, dtype=np.float64)} if self._trains else {}
        return grads, None


class Factor(Bias):
    """A constant factor."""

    def __init__(self, factor, K):
        super().__init__(None, K)
        self.scale *= np.float32(factor)
        zero = np.zeros(K, np.float32)
        self._constants = self.scale, zero, zero

    def back(self, sums):
        """Give no gradients, and (a, b, c)."""
        return {}, self._constants
