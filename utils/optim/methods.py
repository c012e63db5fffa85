"""What a group of parameters does with its gradients: settings and formulas.

The formulas of `rules`, except that the rate stands outside of the velocity, as most
libraries have it: a changing rate acts at once on all that has been gathered.

Each class has its formula twice.  `move` is NumPy, for any array.  `move_table` hands
float32 arrays in the engine's layout to `utils.kernels`, with the same numbers.
"""

import math
import numbers
from dataclasses import dataclass, fields

import numpy as np

from utils.optim.blocks import blocks
from utils.optim.newton_schulz import orthogonal


class Method:
    """What all methods share: their numbers are checked."""

    counts = False  # whether steps are counted, for each parameter

    def __post_init__(self):
        """Raise ValueError if a setting makes no sense."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is bool:
                fits, expected = isinstance(value, bool), "True or False"
            elif field.type is float:
                fits, expected = self._judge(field.name, value)
            else:
                continue
            if not fits:
                raise ValueError(
                    f"{field.name} of {type(self).__name__} is {value!r}, "
                    f"expected {expected}."
                )
            object.__setattr__(self, field.name, field.type(value))

    @staticmethod
    def _judge(name, value):
        is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        finite = is_number and math.isfinite(value)
        if name == "decay":
            return finite and value >= 0, "a finite number >= 0"
        if name == "epsilon":
            return finite and value > 0, "a finite number > 0"
        return finite and 0 <= value < 1, "a number in [0, 1)"


@dataclass(frozen=True)
class Sgd(Method):
    """Gradient descent with momentum.

        g = dw + decay * w
        velocity = momentum * velocity + g
        w = w - rate * velocity

    Parameters
    ----------
    momentum : float in [0, 1), default 0
    decay : float >= 0, default 0
        Weight decay.
    decoupled : bool, default False
        Whether decay is kept out of the velocity: g = dw, and the last line is
        w = w - rate * decay * w - rate * velocity.
    """

    momentum: float = 0.0
    decay: float = 0.0
    decoupled: bool = False

    memory = ("velocity",)
    looks_ahead = False

    def _decays(self, rate):
        """Give the decay inside of the gradient, and what is left of w outside."""
        return (0.0, 1 - rate * self.decay) if self.decoupled else (self.decay, 1.0)

    def move(self, rate, t, w, dw, velocity):
        """Take a step in place."""
        decay, keep = self._decays(rate)
        for w_, dw_, v_ in blocks(w, dw, velocity):
            g = dw_ + decay * w_
            v_ *= self.momentum
            v_ += g
            if self.looks_ahead:
                g += self.momentum * v_
            w_ *= keep
            w_ -= rate * (g if self.looks_ahead else v_)

    def move_table(self, rate, t, table):
        """Take a step with all parameters of an `updates.Table`."""
        from utils.kernels import updates

        rule = updates.Nesterov if self.looks_ahead else updates.Sgd
        updates.sgd_table(rule(rate, self.momentum, *self._decays(rate)), table)


@dataclass(frozen=True)
class Nesterov(Sgd):
    """Gradient descent that looks ahead along its velocity.

        g = dw + decay * w
        velocity = momentum * velocity + g
        w = w - rate * (g + momentum * velocity)

    Parameters
    ----------
    momentum : float in [0, 1), default 0.9
    decay, decoupled
        As for `Sgd`.
    """

    momentum: float = 0.9

    looks_ahead = True


@dataclass(frozen=True)
class AdamW(Method):
    """Adam with decoupled weight decay (see `rules.adamw`); Adam with decay 0.

    Parameters
    ----------
    beta1, beta2 : float in [0, 1), default 0.9 and 0.999
        What is kept of the running averages of the gradient and of its square.
    epsilon : float > 0, default 1e-8
        Added to the root of the latter.
    decay : float >= 0, default 0.01
        w = w - rate * decay * w comes before each step.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    decay: float = 0.01

    memory = ("m", "v")
    counts = True

    def move(self, rate, t, w, dw, m, v):
        """Take step number `t`, from 1, in place."""
        m_scale = rate / (1 - self.beta1 ** int(t))
        v_scale = 1 / (1 - self.beta2 ** int(t))
        for w_, dw_, m_, v_ in blocks(w, dw, m, v):
            m_ *= self.beta1
            m_ += (1 - self.beta1) * dw_
            v_ *= self.beta2
            v_ += (1 - self.beta2) * dw_ * dw_
            w_ *= 1 - rate * self.decay
            w_ -= m_scale * m_ / (np.sqrt(v_scale * v_) + self.epsilon)

    def move_table(self, rate, t, table):
        """Take a step, number t[i], with each parameter of an `updates.Table`."""
        from utils.kernels import updates

        numbers = rate, self.beta1, self.beta2, self.epsilon, self.decay
        updates.adam_table(updates.Adam(*numbers), table, t)


@dataclass(frozen=True)
class Muon(Method):
    """A step of the same size in all directions of a matrix (see `rules.muon`).

        velocity = momentum * velocity + dw
        step = orthogonal(dw + momentum * velocity)
        w = w * sqrt(filters) / norm(w) - rate * step

    Parameters
    ----------
    momentum : float in [0, 1), default 0.6
    renormalize : bool, default True
        Whether weights are brought to the norm sqrt(filters) in each step; if not,
        w = w - rate * step.
    filters : "last" or "first", default "last"
        Where the axis of the filters is: (HH, WW, C, K) and (D, M) as in `ConvNet`,
        or (F, C, HH, WW) as in the lessons.
    """

    momentum: float = 0.6
    renormalize: bool = True
    filters: str = "last"

    memory = ("velocity",)

    def __post_init__(self):
        """Raise ValueError if a setting makes no sense."""
        super().__post_init__()
        if self.filters not in ("first", "last"):
            raise ValueError(
                f"filters of Muon is {self.filters!r}, expected 'first' or 'last'."
            )

    def matrix(self, array):
        """See an array as a matrix, the filters being its rows or columns."""
        if self.filters == "first":
            return array.reshape(array.shape[0], -1)
        return array.reshape(-1, array.shape[-1])

    def move(self, rate, w, dw, velocity, filters):
        """Take a step in place; `filters` is how many of them are not padding."""
        velocity *= self.momentum
        velocity += dw
        direction = dw + self.momentum * velocity
        step = orthogonal(self.matrix(direction)).reshape(w.shape)
        norm = np.linalg.norm(w)
        if self.renormalize and norm:
            w *= float(filters**0.5 / norm)
        w -= rate * step
