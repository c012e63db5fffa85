"""What a model must answer, and what it is made of at one moment.

A model has

- ``params``: a dictionary of weights by name, float32 or float64;
- ``loss(X)``: the scores in test mode, shape (N, classes);
- ``loss(X, y)``: the loss and a dictionary of gradients, one per weight;

and may have

- ``state``: a dictionary of arrays that belong to the weights but are not trained, such
  as running statistics;
- ``bn_params``: the same for models of layers from the lessons, a list or dictionary of
  ``bn_param`` dictionaries;
- ``freeze(pattern)``, ``unfreeze(pattern)`` and ``frozen``, the names of weights that
  are left alone and have no gradient;
- ``filters(name)``: how many columns of a weight are no padding;
- ``describe()``: a dictionary of all that makes it compute what it computes, beside its
  weights; a training goes on from a checkpoint only if that is equal;
- ``first_non_finite(X)``: a phrase that says where something infinite begins.
"""

import copy
import math
from typing import NamedTuple

import numpy as np

from utils.optim.engine import total
from utils.solver.arguments import describe


class NotFinite(ArithmeticError):
    """Ends training; its text is the reason."""


class Snapshot(NamedTuple):
    """Copies of all that a model has learnt."""

    params: dict
    state: dict
    bn_params: list


def parts(model):
    """Give a model's own arrays, not copies, as a `Snapshot`."""
    bn_params = getattr(model, "bn_params", None) or []
    bn_params = bn_params.values() if isinstance(bn_params, dict) else bn_params
    return Snapshot(model.params, getattr(model, "state", None) or {}, list(bn_params))


def take(model):
    """Copy all that a model has learnt."""
    return copy.deepcopy(parts(model))


def put_back(model, snapshot):
    """Give a model what a snapshot holds; the snapshot stays as it is."""
    mine = parts(model)
    for own, kept in ((mine.params, snapshot.params), (mine.state, snapshot.state)):
        for name, array in kept.items():
            own[name][...] = array
    kept = copy.deepcopy(list(snapshot.bn_params))
    for bn_param, kept_param in zip(mine.bn_params, kept, strict=False):
        bn_param.update(kept_param)


def arrays_of(model):
    """Give the arrays of a model by name, weights and statistics.

    These are what `Ema` and `Lookahead` average.  Not among them are ``bn_params``,
    where layers make new arrays as they go.
    """
    mine = parts(model)
    return {**mine.params, **mine.state}


def common_dtype(model):
    """Check the model's weights; return the dtype in which to train."""
    params = getattr(model, "params", None)
    if not isinstance(params, dict) or not params:
        have = f"model.params is {describe(params)}"
        raise ValueError(f"{have}, expected a dictionary of arrays by name.")
    for name, w in params.items():
        if not isinstance(w, np.ndarray) or w.dtype not in (np.float32, np.float64):
            have = f"model.params[{name!r}] is {describe(w)}"
            raise ValueError(f"{have}, expected a float32 or float64 array.")
    return np.result_type(*(w.dtype for w in params.values()))


def scores_of(model, X):
    """Return one row of scores per image, or say what is wrong with them."""
    scores = model.loss(X)
    if getattr(scores, "ndim", 0) != 2 or len(scores) != len(X):
        have = f"model.loss(X) gave {describe(scores)} for {len(X)} images"
        raise ValueError(f"{have}, expected scores, one row per image.")
    return scores


def loss_and_grads(model, X, y):
    """Return what the model computes for one batch, or say what is wrong with it."""
    result = model.loss(X, y)
    pair = isinstance(result, tuple) and len(result) == 2
    loss, grads = result if pair else (None, None)
    if loss is None or np.shape(loss) != () or not isinstance(grads, dict):
        have = ", ".join(map(describe, result)) if pair else describe(result)
        want = "a number and a dictionary of gradients"
        raise ValueError(f"model.loss(X, y) gave {have}, expected {want}.")
    frozen = getattr(model, "frozen", ())
    wanted = {name: w.shape for name, w in model.params.items()}
    got = {name: getattr(dw, "shape", None) for name, dw in grads.items()}
    for name in wanted | got:
        if wanted.get(name) != got.get(name) and (name in got or name not in frozen):
            have = f"has shape {got[name]}" if name in got else "is missing"
            want = wanted.get(name, f"none, model.params has {', '.join(wanted)}")
            raise ValueError(f"The gradient of {name} {have}, expected {want}.")
    return float(loss), grads


def first_not_finite(arrays):
    """Return the name of the first array with a value that is not finite, or None."""
    for name, array in arrays.items():
        # The sum of anything not finite is not finite, and it is quick to compute.
        if not np.isfinite(total(array)) and not np.isfinite(array).all():
            return name
    return None


def not_finite(model, loss, grads, X=None):
    """Say what is not finite, as precisely as the model can, or return None.

    Parameters
    ----------
    model : object
        Its weights give the order in which gradients are looked through.
    loss : float
        Loss of a batch.
    grads : dict
        Gradients of the batch; those of frozen weights may be missing.
    X : ndarray, optional
        The batch, for a model that can follow it from layer to layer.
    """
    found = [] if math.isfinite(loss) else [f"the loss is {loss:g}"]
    where = None
    if found and hasattr(model, "first_non_finite"):
        where = model.first_non_finite(X)
    if where is None:
        ordered = {name: grads[name] for name in model.params if name in grads}
        name = first_not_finite(ordered)
        where = None if name is None else f"the gradient of {name}"
    if where is not None:
        found.append(f"{where} is the first that is not finite")
    return " and ".join(found) or None
