"""What the options of a solver may be; every error is a sentence."""

import copy
import math
import numbers

import numpy as np

from utils.optim import UPDATE_RULES


def refuse(unknown):
    """Refuse arguments that a solver does not have; a dict by name."""
    for name in unknown:
        raise TypeError(
            f"Solver has no argument {name!r}: help(Solver) lists all; those of the "
            "update rule belong into optim_config, as in "
            'optim_config={"learning_rate": 1e-3}.'
        )


def whole(name, value, none=False, least=1):
    """Return `value` if it is an int >= `least` (or None, if `none`)."""
    is_int = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not (is_int and value >= least or none and value is None):
        expected = f"an int >= {least}{' or None' if none else ''}"
        raise ValueError(f"{name} is {value!r}, expected {expected}.")
    return value


def positive(name, value, none=False):
    """Return `value` as a float if it is a finite number > 0 (or None)."""
    if not (_is_number(value) and 0 < value < math.inf or none and value is None):
        expected = f"a finite number > 0{' or None' if none else ''}"
        raise ValueError(f"{name} is {value!r}, expected {expected}.")
    return value if value is None else float(value)


def epochs(value):
    """Return the number of epochs, which may be a fraction."""
    if not (_is_number(value) and 0 < value < math.inf):
        raise ValueError(
            f"num_epochs is {value!r}, expected an int >= 1 or a fraction."
        )
    return value


def split(data, part):
    """Return the images and labels of "train" or "val", checked."""
    names = f"X_{part}", f"y_{part}"
    for name in names:
        if name not in data:
            have = f"data has no {name}, only {', '.join(map(str, data)) or 'nothing'}"
            raise ValueError(f"{have}; expected X_train, y_train, X_val and y_val.")
    return labelled(*(data[name] for name in names), *names)


def labelled(X, y, X_name, y_name):
    """Check that there is one integer label per image."""
    y = np.asarray(y)
    if not getattr(X, "shape", None) or len(X) == 0:
        raise ValueError(f"{X_name} is {describe(X)}, expected an array of images.")
    if y.shape != (len(X),) or y.dtype.kind not in "iu":
        want = f"{len(X)} integers, one per image of {X_name}"
        raise ValueError(f"{y_name} is {describe(y)}, expected {want}.")
    return X, y


def first_rate(update_rule, optim_config):
    """Try the rule on one weight; return the learning rate to start with."""
    rule = UPDATE_RULES.get(update_rule) if isinstance(update_rule, str) else None
    if rule is None:
        names = ", ".join(UPDATE_RULES)
        raise ValueError(f"update_rule is {update_rule!r}, expected one of {names}.")
    # A matrix, because not every rule takes a vector.
    one = np.zeros((1, 1))
    return rule(one, np.zeros((1, 1)), copy.copy(optim_config))[1]["learning_rate"]


def check_order(update_rule, model):
    """Refuse a rule that looks for filters where the model does not have them."""
    if update_rule == "muon" and callable(getattr(model, "filters", None)):
        raise ValueError(
            "update_rule is 'muon', which takes the first axis of a weight for its "
            f"filters, but {type(model).__name__} keeps them last: expected "
            'optimizer=Optimizer([Group("*.w", Muon(), rate=0.1), ...]) of utils.optim.'
        )


def timetable(name, value, is_right, what):
    """Check pairs (progress, something) in rising order; return them as a tuple."""
    want = f"pairs (progress, {what}) with progress in [0, 1] and rising"
    try:
        pairs = tuple((float(begin), right) for begin, right in value or ())
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {value!r}, expected {want}.") from None
    begins = [begin for begin, _ in pairs]
    rising = begins == sorted(begins) and all(0 <= begin <= 1 for begin in begins)
    if not rising or not all(is_right(right) for _, right in pairs):
        raise ValueError(f"{name} is {value!r}, expected {want}.")
    return pairs


def evaluation(value):
    """Check when accuracies are measured: a word, or every so many steps."""
    if isinstance(value, str) and value in ("epoch", "end", "never"):
        return value
    if not _is_number(value) or not isinstance(value, numbers.Integral) or value < 1:
        want = "'epoch', 'end', 'never' or an int >= 1"
        raise ValueError(f"evaluate is {value!r}, expected {want}.")
    return int(value)


def methods(name, value, *needed, hint=""):
    """Check that an object, if there is one, can do what is asked of it."""
    missing = [word for word in needed if not callable(getattr(value, word, None))]
    if value is not None and missing:
        have = f"{name} is {value!r}, which has no {missing[0]}"
        raise ValueError(f"{have}; expected {hint or 'one that has'}.")
    return value


def describe(value):
    """Say in a few words what a value is."""
    if hasattr(value, "shape"):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return "None" if value is None else f"a {type(value).__name__}"


def checked(given, model, N):
    """Check the options of a `Solver`; return its attributes of the same names.

    Parameters
    ----------
    given : dict
        All options by name, as the solver got them.
    model : object
        Must know `freeze` if it is asked for.
    N : int
        Number of training images.
    """
    own = dict(given)
    first_rate(own["update_rule"], own["optim_config"])
    check_order(own["update_rule"], model)
    own["optim_config"] = dict(own["optim_config"] or {})
    own["lr_decay"] = positive("lr_decay", own["lr_decay"])
    if whole("batch_size", own["batch_size"]) > N:
        want = f"at most {N}, the number of images in X_train"
        raise ValueError(f"batch_size is {own['batch_size']}, expected {want}.")
    whole("print_every", own["print_every"])
    for name in ("num_train_samples", "num_val_samples", "num_steps", "patience"):
        whole(name, own[name], none=True)
    whole("seed", own["seed"], none=True, least=0)
    if own["num_steps"] is None or own["num_epochs"] not in (10, None):
        own["num_epochs"] = epochs(own["num_epochs"])
    if own["num_steps"] is not None and own["num_epochs"] not in (10, None):
        raise ValueError("num_epochs and num_steps are both given, expected one.")
    own["time_limit"] = positive("time_limit", own["time_limit"], none=True)
    own["checkpoint_every"] = positive("checkpoint_every", own["checkpoint_every"])
    own["evaluate"] = evaluation(own["evaluate"])
    if not isinstance(own["keep_best"], bool):
        raise ValueError(f"keep_best is {own['keep_best']!r}, expected True or False.")
    _check_objects(own)
    own["sizes"] = timetable(
        "sizes", own["sizes"], lambda size: whole("size", size) > 0, "image size"
    )
    if own["sizes"] and (own["augment"] is None or own["sizes"][0][0] > 0):
        want = "a size from progress 0 on, and augment, which resizes"
        raise ValueError(f"sizes is {own['sizes']!r}, expected {want}.")
    own["freeze"] = timetable(
        "freeze", own["freeze"], lambda pattern: isinstance(pattern, str), "pattern"
    )
    if own["freeze"]:
        methods(
            "model", model, "freeze", "unfreeze", hint="one whose weights can be frozen"
        )
    return own


def _check_objects(own):
    """Check the options that are objects or functions."""
    lesson = own["update_rule"] != "sgd" or own["optim_config"] or own["lr_decay"] != 1
    if own["optimizer"] is not None and lesson:
        have = "optimizer is given beside update_rule, optim_config or lr_decay"
        raise ValueError(f"{have}, expected one or the other.")
    methods("optimizer", own["optimizer"], "bind", "step", hint="an Optimizer")
    methods("augment", own["augment"], "batch", "plain", hint="an Augment")
    methods("averaging", own["averaging"], "bind", "update", hint="Ema or Lookahead")
    methods("live_plot", own["live_plot"], "update", hint="plots.LivePlot()")
    for name in ("on_evaluate", "finish"):
        if own[name] is not None and not callable(own[name]):
            raise ValueError(f"{name} is {own[name]!r}, expected a function.")


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
