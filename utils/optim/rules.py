"""Update rules: how a gradient becomes a step of the weights.

Given code.  Every rule has the same signature, ``rule(w, dw, config=None)``, and
returns ``(next_w, config)``.  The dictionary ``config`` holds the options of the rule
and its memory of earlier steps (a velocity, running averages); hand the one you got
back to the next call with the same parameter.

**Every parameter needs a config of its own.**  Two parameters of equal shape that
share one also share its memory, which nothing here can notice: each is then moved by
the velocity of both.

**The step is taken in place**: ``next_w`` is the array ``w`` itself, changed.  A copy
of eight million weights in every iteration would cost more than the arithmetic; write
``w.copy()`` where the old weights are still needed.  ``dw`` is never changed.

To add a rule, write one function here and name it in `UPDATE_RULES`.
"""

import numpy as np

from utils.optim.blocks import blocks
from utils.optim.engine import move_by_adam
from utils.optim.newton_schulz import orthogonal
from utils.optim.options import prepare

MOMENTUM = {"learning_rate": 1e-2, "momentum": 0.9}
ADAM = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 0}


def sgd(w, dw, config=None):
    """Stochastic gradient descent: step against the gradient.

        w = w - learning_rate * dw

    Parameters
    ----------
    w : ndarray of any shape, float32 or float64
        Weights, changed in place.
    dw : ndarray of the same shape
        Gradient of the loss with respect to ``w``.
    config : dict, optional
        ``learning_rate``, float >= 0, default 1e-2.

    Returns
    -------
    next_w : ndarray
        ``w`` itself, same dtype as before.
    config : dict
        The dictionary that was given (a new one for None), defaults filled in.

    Raises
    ------
    ValueError
        If ``config`` has a key this rule does not know or a value out of range, or
        the arrays do not fit together.

    Examples
    --------
    >>> sgd(np.array([1.0, 2.0]), np.array([10.0, -10.0]), {"learning_rate": 0.1})[0]
    array([0., 3.])
    """
    config = prepare("sgd", w, dw, config, {"learning_rate": 1e-2})
    learning_rate = config["learning_rate"]
    for w_, dw_ in blocks(w, dw):
        w_ -= learning_rate * dw_
    return w, config


def sgd_momentum(w, dw, config=None):
    """Gradient descent with momentum: a ball that rolls, with friction.

        velocity = momentum * velocity - learning_rate * dw
        w = w + velocity

    Parameters
    ----------
    w, dw : ndarrays
        As for `sgd`.
    config : dict, optional
        ``learning_rate``, float >= 0, default 1e-2; ``momentum``, float in [0, 1),
        default 0.9, the part of the velocity that is kept; ``velocity``, ndarray of
        the shape of ``w``, zeros at first, updated in place.

    Returns
    -------
    next_w, config
        As for `sgd`.

    Raises
    ------
    ValueError
        As for `sgd`.

    References
    ----------
    .. [1] B. T. Polyak, "Some methods of speeding up the convergence of iteration
       methods", USSR Computational Mathematics and Mathematical Physics 4(5), 1964.
    """
    config = prepare("sgd_momentum", w, dw, config, MOMENTUM, ("velocity",))
    learning_rate, momentum = config["learning_rate"], config["momentum"]
    for w_, dw_, velocity in blocks(w, dw, config["velocity"]):
        velocity *= momentum
        velocity -= learning_rate * dw_
        w_ += velocity
    return w, config


def sgd_nesterov_momentum(w, dw, config=None):
    """Gradient descent with Nesterov's momentum: look ahead, then correct.

    Nesterov takes the gradient where the velocity is about to carry the weights.  As
    usual, ``w`` here **is** that point, ``w = w_nesterov + momentum * velocity``, so
    that the gradient belongs to the weights that are stored:

        velocity = momentum * velocity - learning_rate * dw
        w = w + momentum * velocity - learning_rate * dw

    Parameters
    ----------
    w, dw : ndarrays
        As for `sgd`.
    config : dict, optional
        ``learning_rate``, ``momentum`` and ``velocity`` as for `sgd_momentum`.

    Returns
    -------
    next_w, config
        As for `sgd`.

    Raises
    ------
    ValueError
        As for `sgd`.

    References
    ----------
    .. [1] Y. Nesterov, "A method of solving a convex programming problem with
       convergence rate O(1/k^2)", Soviet Mathematics Doklady 27, 1983.
    .. [2] I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of
       initialization and momentum in deep learning", ICML 2013, section 2.
    .. [3] Y. Bengio, N. Boulanger-Lewandowski and R. Pascanu, "Advances in optimizing
       recurrent networks", ICASSP 2013, section 3.5 (the change of variables).
    """
    config = prepare("sgd_nesterov_momentum", w, dw, config, MOMENTUM, ("velocity",))
    learning_rate, momentum = config["learning_rate"], config["momentum"]
    for w_, dw_, velocity in blocks(w, dw, config["velocity"]):
        step = learning_rate * dw_
        velocity *= momentum
        velocity -= step
        w_ -= step
        w_ += momentum * velocity
    return w, config


def rmsprop(w, dw, config=None):
    """RMSprop: divide each gradient by its own recent size.

        cache = decay_rate * cache + (1 - decay_rate) * dw ** 2
        w = w - learning_rate * dw / (sqrt(cache) + epsilon)

    Parameters
    ----------
    w, dw : ndarrays
        As for `sgd`.
    config : dict, optional
        ``learning_rate``, float >= 0, default 1e-2; ``decay_rate``, float in [0, 1),
        default 0.99; ``epsilon``, float > 0, default 1e-8, which keeps the quotient
        finite; ``cache``, ndarray of the shape of ``w``, zeros at first, the running
        average of the squared gradient, updated in place.

    Returns
    -------
    next_w, config
        As for `sgd`.

    Raises
    ------
    ValueError
        As for `sgd`.

    References
    ----------
    .. [1] T. Tieleman and G. Hinton, "Lecture 6.5: RMSprop", COURSERA: Neural Networks
       for Machine Learning, 2012.
    """
    options = {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8}
    config = prepare("rmsprop", w, dw, config, options, ("cache",))
    learning_rate, epsilon = config["learning_rate"], config["epsilon"]
    decay_rate = config["decay_rate"]
    for w_, dw_, cache in blocks(w, dw, config["cache"]):
        cache *= decay_rate
        cache += (1 - decay_rate) * dw_ * dw_
        w_ -= learning_rate * dw_ / (np.sqrt(cache) + epsilon)
    return w, config


def adam(w, dw, config=None):
    """Adam: momentum and RMSprop together, corrected for their start at zero.

        t = t + 1
        m = beta1 * m + (1 - beta1) * dw
        v = beta2 * v + (1 - beta2) * dw ** 2
        m_hat, v_hat = m / (1 - beta1 ** t), v / (1 - beta2 ** t)
        w = w - learning_rate * m_hat / (sqrt(v_hat) + epsilon)

    Parameters
    ----------
    w, dw : ndarrays
        As for `sgd`.
    config : dict, optional
        ``learning_rate``, float >= 0, default 1e-3; ``beta1``, float in [0, 1),
        default 0.9; ``beta2``, float in [0, 1), default 0.999; ``epsilon``, float > 0,
        default 1e-8; ``m`` and ``v``, ndarrays of the shape of ``w``, zeros at first,
        updated in place; ``t``, int >= 0, default 0, the number of steps so far.

    Returns
    -------
    next_w, config
        As for `sgd`.

    Raises
    ------
    ValueError
        As for `sgd`.

    References
    ----------
    .. [1] D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization",
       ICLR 2015, algorithm 1.
    """
    config = prepare("adam", w, dw, config, ADAM, ("m", "v"))
    beta1, beta2, epsilon = config["beta1"], config["beta2"], config["epsilon"]
    config["t"] += 1
    m_scale = config["learning_rate"] / (1 - beta1 ** config["t"])
    v_scale = 1 / (1 - beta2 ** config["t"])
    rest = move_by_adam(config, w, dw)
    for w_, dw_, m, v in blocks(*rest):
        m *= beta1
        m += (1 - beta1) * dw_
        v *= beta2
        v += (1 - beta2) * dw_ * dw_
        w_ -= m_scale * m / (np.sqrt(v_scale * v) + epsilon)
    return w, config


def adamw(w, dw, config=None):
    """AdamW: Adam, and weights that shrink by themselves.

    Adam divides each gradient by its recent size.  Weight decay that is a part of the
    gradient is divided, too, and so hardly pulls at weights with large gradients.
    Here it is *decoupled*: every weight shrinks by the same factor.

        w = w - learning_rate * weight_decay * w
        w, m, v, t = as for Adam

    Parameters
    ----------
    w, dw : ndarrays
        As for `sgd`.
    config : dict, optional
        ``weight_decay``, float >= 0, default 1e-2; all others as for `adam`.

    Returns
    -------
    next_w, config
        As for `sgd`.

    Raises
    ------
    ValueError
        As for `sgd`.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "Decoupled weight decay regularization",
       ICLR 2019, algorithm 2.
    """
    options = ADAM | {"weight_decay": 1e-2}
    config = prepare("adamw", w, dw, config, options, ("m", "v"))
    w *= 1 - config["learning_rate"] * config["weight_decay"]
    without = {key: config[key] for key in config if key != "weight_decay"}
    config["t"] = adam(w, dw, without)[1]["t"]
    return w, config


def muon(w, dw, config=None):
    """Muon: a step of the same size in every direction.

    The gradient of a matrix has a few large singular values: most of a step goes along
    a few directions.  Muon replaces it by the nearest matrix all of whose singular
    values are (about) 1, which `orthogonal` finds.

        velocity = momentum * velocity + dw
        step = orthogonal(dw + momentum * velocity)
        w = w * sqrt(filters) / norm(w)                     (if ``renormalize``)
        w = w - learning_rate * step

    Parameters
    ----------
    w : ndarray of shape (F, C, HH, WW), (D, M) or (M,), float32 or float64
        Filters, taken as a matrix of F rows; a matrix; or biases, taken as one column
        (whose nearest matrix has norm 1).  Changed in place.
    dw : ndarray of the same shape
        Gradient of the loss with respect to ``w``.
    config : dict, optional
        ``learning_rate``, float >= 0, default 1e-2; ``momentum``, float in [0, 1),
        default 0.6; ``renormalize``, bool, default False: bring filters and matrices,
        not biases, back to the norm sqrt(F) or sqrt(M) in each step; ``velocity``,
        ndarray of the shape of ``w``, zeros at first, updated in place.

    Returns
    -------
    next_w, config
        As for `sgd`.

    Raises
    ------
    ValueError
        As for `sgd`, and if ``w`` has another number of axes.

    References
    ----------
    .. [1] K. Jordan and others, "Muon: an optimizer for hidden layers in neural
       networks", 2024.
    """
    options = {"learning_rate": 1e-2, "momentum": 0.6, "renormalize": False}
    config = prepare("muon", w, dw, config, options, ("velocity",))
    if w.ndim not in (1, 2, 4):
        raise ValueError(
            f"w has shape {w.shape}, but muon needs filters (F, C, HH, WW), a matrix "
            f"(D, M) or biases (M,): choose another rule for this parameter."
        )
    velocity, momentum = config["velocity"], config["momentum"]
    velocity *= momentum
    velocity += dw
    direction = dw + momentum * velocity
    rows = w.shape[0] if w.size else 1  # -1 has no meaning where there is nothing
    step = orthogonal(direction.reshape(rows, -1)).reshape(w.shape)
    if config["renormalize"] and w.ndim > 1 and w.any():
        filters = w.shape[0] if w.ndim == 4 else w.shape[1]
        w *= float(filters**0.5 / np.linalg.norm(w))
    w -= config["learning_rate"] * step
    return w, config


UPDATE_RULES = {
    "sgd": sgd,
    "sgd_momentum": sgd_momentum,
    "sgd_nesterov_momentum": sgd_nesterov_momentum,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adamw,
    "muon": muon,
}
