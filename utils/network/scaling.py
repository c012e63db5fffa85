"""The two numbers per channel that a stage multiplies by and adds.

A batchnorm, a bias and a constant factor are all ``scale * y + shift`` per channel, so
the stage of the engine knows only that.  Each class here answers four questions:
``read`` (train: what follows from the sums of y and y**2?), ``recall`` (test mode),
``back`` (from the sums of dz and dz * y: the gradients of the parameters, and a, b, c
of dy = a * dz + b * y + c), and ``counts`` (are the sums needed at all?).
"""

import numpy as np


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
        self._layer, self._beta, self._mean, self._var = layer, beta, mean, var
        real = np.zeros(len(beta), np.float32)
        real[:filters] = 1
        self._gamma = real if gamma is None else gamma
        self._trains_gamma, self._count = gamma is not None, count
        self.scale, self.shift = np.zeros((2, len(beta)), np.float32)

    @property
    def sign(self):
        """Whether scaling keeps the order of values (1) or turns it round (-1)."""
        return np.where(self._gamma < 0, -1, 1).astype(np.float32)

    def read(self, sums):
        """Take the sums of y and y**2: scale, shift and running statistics follow."""
        mean, square = sums.sum(axis=0, dtype=np.float64) / self._count
        var = np.maximum(square - mean**2, 0)
        self._set(mean, var)
        kept = self._layer.momentum
        for running, batch in ((self._mean, mean), (self._var, var)):
            running *= kept
            running += (1 - kept) * batch

    def recall(self):
        """Take the running statistics."""
        self._set(self._mean.astype(np.float64), self._var)

    def _set(self, mean, var):
        self._m, self._inverse = mean, 1 / np.sqrt(var + self._layer.eps)
        scale = self._gamma * self._inverse
        self.scale[:] = scale
        self.shift[:] = self._beta - mean * scale

    def back(self, sums):
        """Give gradients by name, and (a, b, c), from the sums of dz and dz * y."""
        dbeta, product = sums.sum(axis=0, dtype=np.float64)
        dgamma = (product - self._m * dbeta) * self._inverse
        a = self._gamma * self._inverse
        b = -a * self._inverse * dgamma / self._count
        c = -a * dbeta / self._count - b * self._m
        grads = {"beta": dbeta}
        if self._trains_gamma:
            grads["gamma"] = dgamma
        return grads, [part.astype(np.float32) for part in (a, b, c)]


class Bias:
    """A bias, or nothing: the scale is 1."""

    counts, sign = False, None

    def __init__(self, b, K):
        self._trains = b is not None
        self.scale = np.ones(K, np.float32)
        self.shift = b if self._trains else np.zeros(K, np.float32)
        self.sign = self.scale

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
        self._zero = np.zeros(K, np.float32)

    def back(self, sums):
        """Give no gradients, and (a, b, c)."""
        return {}, [self.scale, self._zero, self._zero]
