"""Which learning rate to try: one short training with a rate that rises all the time.

The loss stays where it is while the rate is too small, falls where the rate is useful,
and rises again where it is too large [1]_.  A hundred updates show all three.

References
----------
.. [1] L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017,
   section 3.3.
"""

from typing import NamedTuple

import numpy as np

from utils.solver import arguments
from utils.solver.rule import Rule
from utils.solver.solver import Solver

LOST = 2  # times the first loss: whatever is larger counts as much as this


class Finding(NamedTuple):
    """What `find_learning_rate` has found.

    Attributes
    ----------
    rates, losses, smooth : list of float
        Learning rate and loss of each update, and the mean of the losses around it.
        They end before the first loss that is not finite.
    suggestion : float or None
        A tenth of the rate at which ``smooth`` is lowest; None if it never falls.
    """

    rates: list
    losses: list
    smooth: list
    suggestion: float | None


def find_learning_rate(
    make_model,
    data,
    *,
    update_rule="sgd",
    optim_config=None,
    optimizer=None,
    augment=None,
    size=None,
    batch_size=100,
    lowest=1e-6,
    highest=10.0,
    num_steps=100,
    seed=0,
):
    """Train a new model with rates from ``lowest`` to ``highest`` and suggest one.

    Parameters
    ----------
    make_model : callable
        Makes a model of its own for this, which is thrown away.
    data : dict
        As for `Solver`.
    update_rule, optim_config : str and dict
        As for `Solver`; a learning rate in the dictionary has no say.
    optimizer : callable, optional
        Instead of a rule: makes an `Optimizer` from a schedule, for example
        ``lambda rate: Optimizer([Group("*", AdamW(), rate=rate)])``.
    augment, batch_size, seed
        As for `Solver`.
    size : int, optional
        Of the images that ``augment`` makes.
    lowest, highest : float > 0
        First and last rate; in between they grow by the same factor each time.
    num_steps : int >= 10, default 100
        Number of updates.

    Returns
    -------
    finding : Finding

    Raises
    ------
    ValueError
        If an argument makes no sense, or the first loss is not finite.

    Examples
    --------
    A model is made for this alone::

        finding = find_learning_rate(lambda: Net(), data, update_rule="adam")
        solver = Solver(model, data, optim_config={"learning_rate": finding.suggestion})
    """
    lowest = arguments.positive("lowest", lowest)
    if arguments.positive("highest", highest) <= lowest:
        raise ValueError(
            f"highest is {highest!r}, expected more than lowest, {lowest}."
        )
    arguments.whole("num_steps", num_steps, least=10)
    schedule = Rising(lowest, float(highest), num_steps)
    model = make_model()
    if optimizer is None:
        arguments.first_rate(update_rule, optim_config)
        arguments.check_order(update_rule, model)
        mover = RisingRule(update_rule, optim_config or {}, schedule)
    else:
        mover = optimizer(schedule)
    solver = Solver(
        model,
        data,
        optimizer=mover,
        augment=augment,
        sizes=None if size is None else [(0.0, size)],
        batch_size=batch_size,
        num_steps=num_steps,
        evaluate="never",
        verbose=False,
        seed=seed,
    )
    solver.train()
    losses = solver.loss_history
    if not losses:
        raise ValueError(solver.stopped)
    rates = [schedule(step / num_steps) for step in range(len(losses))]
    smooth = smoothed(losses, reach=num_steps // 10)
    best = int(np.argmin(smooth))
    falls = smooth[best] < 0.98 * smooth[0]
    return Finding(rates, losses, smooth, rates[best] / 10 if falls else None)


class Rising:
    """A schedule that grows by the same factor from one step to the next.

    Parameters
    ----------
    lowest, highest : float
        Rates of the first and the last of ``num_steps`` steps.
    num_steps : int
    """

    def __init__(self, lowest, highest, num_steps):
        self.lowest, self.highest, self.num_steps = lowest, highest, num_steps

    def __call__(self, progress):
        """Give the rate after a part of the training."""
        part = progress * self.num_steps / (self.num_steps - 1)
        return self.lowest * (self.highest / self.lowest) ** part

    def __repr__(self):
        """Print as written."""
        return f"Rising({self.lowest:g}, {self.highest:g}, {self.num_steps})"


class RisingRule(Rule):
    """An update rule of the lessons whose rate follows a schedule."""

    def __init__(self, name, config, schedule):
        super().__init__(name, config, schedule(0))
        self.schedule = schedule

    def step(self, params, grads, progress):
        """Update every weight once."""
        self.learning_rate = self.schedule(progress)
        super().step(params, grads, progress)


def smoothed(losses, reach):
    """Give weighted means of each loss and its neighbours.

    Parameters
    ----------
    losses : list of float
        What is above `LOST` times the first ones is cut off: a loss of a million
        should not weigh more than a lost one.
    reach : int
        Neighbours on each side; their weights fall in a line to zero.

    Returns
    -------
    smooth : list of float
        Of the same length; at the ends there are fewer neighbours.
    """
    losses = np.asarray(losses)
    losses = np.minimum(losses, LOST * losses[: 1 + reach].min())
    weights = 1 - np.abs(np.arange(-reach, reach + 1)) / (reach + 1)
    total = np.convolve(losses, weights)[reach : reach + len(losses)]
    count = np.convolve(np.ones(len(losses)), weights)[reach : reach + len(losses)]
    return (total / count).tolist()
