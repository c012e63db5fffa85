"""What a checkpoint keeps of a solver, and what must be equal to go on from it."""

import zlib

import numpy as np

from utils.kernels import threads
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
    "keep_best",
    "patience",
)

POINTS = 32  # parts of the training at whose ends two functions are compared


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
        "threads": threads.count(),
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


def warning(tree):
    """Say in a sentence why numbers may not be those of one training, or None.

    Parameters
    ----------
    tree : dict
        What `state_of` gave, perhaps on another machine.
    """
    now, then = threads.count(), tree.get("threads", threads.count())
    if now == then:
        return None
    return (
        f"The checkpoint was written with {then} threads for the kernels, now there "
        f"are {now} (UTILS_THREADS): the last bits of sums may differ."
    )


def settings_of(solver):
    """Describe in texts what must be equal for a training to go on.

    Returns
    -------
    settings : dict
        Name -> text: the options that matter, what the model says of itself, the
        shapes of all weights, the data.
    """
    settings = {name: readable(getattr(solver, name)) for name in SETTINGS}
    settings["optimizer"] = readable(solver.optimizer)
    settings |= _functions_of(solver)
    settings["model"] = type(solver.model).__name__
    describe = getattr(solver.model, "describe", None)
    about = describe() if callable(describe) else {}
    about = about if isinstance(about, dict) else {"describe()": about}
    settings |= {f"model.{key}": readable(value) for key, value in about.items()}
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


def _functions_of(solver):
    """Describe what functions of the progress give: their text may be an address."""
    found = {}
    progresses = np.linspace(0, 1, POINTS + 1).tolist()
    if solver.optimizer is not None:
        rows = [solver.optimizer.rates(progress) for progress in progresses]
        for name in rows[0]:
            found[f"the rate of {name}"] = _values([row[name] for row in rows])
    decay = getattr(solver.averaging, "decay", None)
    if callable(decay):  # which is never asked before the first step
        values = [decay(progress) for progress in progresses[1:]]
        found["the decay of averaging"] = _values(values)
    return found


def _values(values):
    """Describe numbers shortly, alike on machines whose last digits differ."""
    texts = [f"{value:.6g}" for value in values]
    mark = zlib.crc32(" ".join(texts).encode())
    return f"{texts[0]} to {texts[-1]} (mark {mark:08x})"
