"""What a checkpoint keeps of a solver, and what must be equal to go on from it."""

import zlib

import numpy as np

from utils.solver import model as models
from utils.solver.checkpoint import readable

# All that is a number, a text or a list; the rest has a line of its own below.
PLAIN = (
    "epoch",
    "epoch_seconds",
    "train_acc_history",
    "val_acc_history",
    "history",
    "train_seconds",
    "best_val_acc",
    "_stale",
    "_first_step",
    "_first_epoch",
    "_row_step",
    "_seconds",
    "_images",
)

SETTINGS = (
    "update_rule",
    "optim_config",
    "lr_decay",
    "batch_size",
    "num_epochs",
    "num_steps",
    "num_train_samples",
    "num_val_samples",
    "seed",
    "augment",
    "sizes",
    "freeze",
    "averaging",
    "evaluate",
    "patience",
)


def state_of(solver, reason, done):
    """Give all that the rest of a training depends on, as one tree.

    Parameters
    ----------
    solver : Solver
        Between two updates.
    reason : str or None
        Why training ended early.
    done : bool
        Nothing is left to do.

    Returns
    -------
    tree : dict
        The solver's own arrays, not copies.
    """
    best = solver._best
    averaging = solver.averaging
    return {
        "plain": {name: getattr(solver, name) for name in PLAIN},
        "losses": np.array(solver.loss_history),
        "weights": models.parts(solver.model)._asdict(),
        "best": None if best is None else best._asdict(),
        "optimizer": solver._updates.state_dict(),
        "averaging": None if averaging is None else averaging.state_dict(),
        "order": solver._order.state_dict(solver.epoch),
        "call": solver._call,
        "reason": reason,
        "done": done,
    }


def load_state(solver, tree):
    """Put a solver, its model and its optimiser into the state that was saved."""
    for name, value in tree["plain"].items():
        setattr(solver, name, value)
    solver.loss_history = tree["losses"].tolist()
    models.put_back(solver.model, models.Snapshot(**tree["weights"]))
    solver._best = None if tree["best"] is None else models.Snapshot(**tree["best"])
    solver._updates.load_state_dict(tree["optimizer"])
    if solver.averaging is not None:
        solver.averaging.load_state_dict(tree["averaging"])
    solver._order.load_state_dict(tree["order"])


def settings_of(solver):
    """Describe in texts what must be equal for a training to go on.

    Returns
    -------
    settings : dict
        Name -> text: the options that matter, the shapes of all weights, the data.
    """
    settings = {name: readable(getattr(solver, name)) for name in SETTINGS}
    settings["optimizer"] = readable(solver.optimizer)
    settings["model"] = type(solver.model).__name__
    mine = models.parts(solver.model)
    for kind, arrays in (("params", mine.params), ("state", mine.state)):
        for name, array in arrays.items():
            settings[f"model.{kind}[{name!r}]"] = f"{array.shape} {array.dtype}"
    for part in ("train", "val"):
        X, y = getattr(solver, f"X_{part}"), getattr(solver, f"y_{part}")
        # The first image and all labels tell most data sets apart, at once.
        first = np.ascontiguousarray(X[np.arange(1)])
        mark = zlib.crc32(np.ascontiguousarray(y), zlib.crc32(first))
        settings[f"X_{part}"] = f"{tuple(X.shape)} (mark {mark:08x})"
    return settings
