"""The plan of a training: which images, at which size, make which step.

All of it follows from the number of a step, so that a training can go on from any step
as if it had never ended.
"""

import math

import numpy as np


class Order:
    """Hand out the images of every epoch in a new random order.

    Parameters
    ----------
    N, batch_size : int
        Number of images, and of images per batch.
    seed : int or None
        Of the orders.
    even : bool
        True: an epoch visits each image once, in batches of at most ``batch_size``
        whose sizes differ by at most one; one generator makes one order after the
        other.  False: all batches have ``batch_size`` images, what is left over is
        dropped; the order of an epoch depends on the seed and the epoch's number only.
    """

    def __init__(self, N, batch_size, seed, even):
        self.N, self.batch_size, self.even = N, batch_size, even
        self.per_epoch = math.ceil(N / batch_size) if even else N // batch_size
        self.rng = np.random.default_rng(seed)
        # Without a seed we draw one, so that a checkpoint can keep it.
        self.seed = int(self.rng.integers(2**32)) if seed is None else int(seed)
        self._epoch, self._before, self._batches = None, None, None

    def batch(self, epoch, k):
        """Give the images of batch ``k`` of an epoch; epochs come one after another."""
        if epoch != self._epoch:
            self._epoch, self._before = epoch, self.rng.bit_generator.state
            if self.even:
                order = self.rng.permutation(self.N)
                self._batches = np.array_split(order, self.per_epoch)
            else:
                order = np.random.default_rng([self.seed, epoch]).permutation(self.N)
                order = order[: self.per_epoch * self.batch_size]
                self._batches = order.reshape(self.per_epoch, self.batch_size)
        return self._batches[k]

    def images(self, steps):
        """Give the number of images in so many steps."""
        per_epoch = self.N if self.even else self.per_epoch * self.batch_size
        return round(steps / self.per_epoch * per_epoch)

    def state_dict(self, epoch):
        """Give what `load_state_dict` needs to go on within this epoch or before it."""
        begun = epoch == self._epoch
        rng = self._before if begun else self.rng.bit_generator.state
        return {"seed": self.seed, "rng": rng}

    def load_state_dict(self, state):
        """Go on where `state_dict` was called."""
        self.seed, self.rng.bit_generator.state = state["seed"], state["rng"]
        self._epoch = None


class Plan:
    """Tell what changes in the course of one training.

    Parameters
    ----------
    per_epoch, total : int
        Steps per epoch, and of the whole training.
    evaluate : str or int
        "epoch", "end", "never", or a number of steps between two evaluations.
    sizes, freeze : tuple of pairs
        (progress, image size) and (progress, pattern of names).
    """

    def __init__(self, per_epoch, total, evaluate="epoch", sizes=(), freeze=()):
        self.per_epoch, self.total, self.evaluate = per_epoch, total, evaluate
        self.sizes, self.freeze = sizes, freeze

    def progress(self, step):
        """Give the part of the training that is done after so many steps."""
        return step / self.total

    def next_stop(self, step):
        """Give the next step after which an epoch ends or accuracies are measured."""
        every = [self.per_epoch]
        if isinstance(self.evaluate, int):
            every.append(self.evaluate)
        return min(self.total, *((step // n + 1) * n for n in every))

    def measures(self, step):
        """Tell whether accuracies are measured after so many steps."""
        if self.evaluate == "never":
            return False
        if step >= self.total:
            return True
        if self.evaluate == "epoch":
            return step % self.per_epoch == 0
        is_every = isinstance(self.evaluate, int)
        return is_every and step > 0 and step % self.evaluate == 0

    def size(self, step):
        """Give the size of the images of a step, or None if they stay as they are."""
        begun = [size for begin, size in self.sizes if begin <= self.progress(step)]
        return begun[-1] if begun else None

    def phases(self):
        """Give (first step, end, size) of each stretch of images of one size."""
        begins = [math.ceil(begin * self.total) for begin, _ in self.sizes]
        ends = [*begins[1:], self.total]
        sizes = [size for _, size in self.sizes]
        phases = zip(begins, ends, sizes, strict=False)  # no sizes, but an end
        return [phase for phase in phases if phase[0] < phase[1]]

    def frozen(self, step):
        """Give the patterns of the weights that a step leaves alone."""
        return [name for begin, name in self.freeze if begin <= self.progress(step)]
