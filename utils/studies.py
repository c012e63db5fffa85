"""Given code for the experiments in the notebooks: a plain net and gradient tests.

Everything here is built from the given layers, so an experiment runs whether or not
the exercises are solved.
"""

import copy

import numpy as np

from utils.blocks import (
    conv_bn_relu_pool_backward,
    conv_bn_relu_pool_forward,
    conv_relu_pool_backward,
    conv_relu_pool_forward,
)
from utils.gradient_check import (
    numerical_gradient,
    numerical_gradient_array,
    relative_error,
)
from utils.layers import affine_backward, affine_forward, softmax_loss
from utils.solver import Solver

CONV_PARAM = {"stride": 1, "pad": 1}
POOL_PARAM = {"pool_height": 2, "pool_width": 2, "stride": 2}

# What a network can be chained from.  A forward pass takes x, then the parameters, then
# the settings; its backward pass gives dx, then one gradient per parameter.
PLAIN_BLOCK = conv_relu_pool_forward, conv_relu_pool_backward
BN_BLOCK = conv_bn_relu_pool_forward, conv_bn_relu_pool_backward
AFFINE = affine_forward, affine_backward


class PlainConvNet:
    """A stack of equal blocks and one affine layer, with or without batchnorm.

        (conv 3x3 - [batchnorm] - relu - 2x2 max pool) for each entry of `filters`,
        affine - softmax

    All convolutions' weights are drawn with the same standard deviation, on purpose:
    the depth makes the net sensitive to it.  The affine layer's has nothing to do
    with it, it is ``1 / sqrt(number of inputs)``.

    It is a chain of links, each one a forward and a backward pass with the names of
    its parameters, and knows nothing of what a link does.

    Parameters
    ----------
    input_dim : tuple of 3 ints, default (3, 32, 32)
        Channels, height and width of an image; each block halves height and width.
    filters : sequence of ints, default (16, 16, 16, 16)
        Number of filters of each block.
    num_classes : int, default 10
        Number of scores.
    weight_scale : float, default 0.05
        Standard deviation of the weights of the convolutions.
    use_batchnorm : bool, default False
        Whether each block normalises after its convolution.
    dtype : numpy dtype, default np.float32
        Precision of parameters and computation.
    seed : int, optional
        Makes the initial weights repeatable.

    Attributes
    ----------
    params : dict
        ``W1``, ``b1``, ... in the order of the layers; with batchnorm also
        ``gamma1``, ``beta1``, ... of each block.
    bn_params : list of dict
        One ``bn_param`` for each block with batchnorm.
    """

    def __init__(
        self,
        input_dim=(3, 32, 32),
        filters=(16, 16, 16, 16),
        num_classes=10,
        weight_scale=0.05,
        use_batchnorm=False,
        dtype=np.float32,
        seed=None,
    ):
        rng = np.random.default_rng(seed)
        self.dtype, self.params, self.bn_params, self._chain = dtype, {}, [], []
        C, H, W = input_dim
        for F in filters:
            start = _start((F, C, 3, 3), F, weight_scale, rng)
            if use_batchnorm:
                start |= {"gamma": np.ones(F), "beta": np.zeros(F)}
                bn_param = {"mode": "train"}
                self.bn_params.append(bn_param)
                self._append(BN_BLOCK, start, CONV_PARAM, bn_param, POOL_PARAM)
            else:
                self._append(PLAIN_BLOCK, start, CONV_PARAM, POOL_PARAM)
            C, H, W = F, H // 2, W // 2
        D = C * H * W
        self._append(AFFINE, _start((D, num_classes), num_classes, D**-0.5, rng))

    def _append(self, passes, start, *settings):
        """Lengthen the chain; its parameters are numbered like its links."""
        k = len(self._chain) + 1
        params = {f"{kind}{k}": p.astype(self.dtype) for kind, p in start.items()}
        self.params |= params
        self._chain.append((*passes, list(params), settings))

    def loss(self, X, y=None):
        """Score images, or give the loss and its gradients.

        Parameters
        ----------
        X : ndarray of shape (N, C, H, W)
            N images.
        y : ndarray of shape (N,), integer, optional
            The right class of each image.

        Returns
        -------
        scores : ndarray of shape (N, num_classes)
            If ``y`` is None; batchnorm then works in test mode.
        loss, grads : float and dict
            If ``y`` is given; ``grads`` has the keys of ``params``.
        """
        for bn_param in self.bn_params:
            bn_param["mode"] = "test" if y is None else "train"
        out, caches = np.asarray(X, dtype=self.dtype), []
        for forward, _, names, settings in self._chain:
            arrays = [self.params[name] for name in names]
            out, cache = forward(out, *arrays, *settings)
            caches.append(cache)
        if y is None:
            return out
        (loss, dout), grads = softmax_loss(out, y), {}
        for _, backward, names, _ in reversed(self._chain):
            dout, *gradients = backward(dout, caches.pop())
            grads.update(zip(names, gradients, strict=True))
        return loss, grads


def _start(shape, outputs, weight_scale, rng):
    """Give a link's first weights and biases."""
    return {"W": weight_scale * rng.standard_normal(shape), "b": np.zeros(outputs)}


def train_plain_net(data, net, num_epochs, batch_size):
    """Train a `PlainConvNet` with Adam, silently and always with the same seed.

    Parameters
    ----------
    data : dict
        ``X_train``, ``y_train``, ``X_val``, ``y_val``, as for `utils.solver.Solver`.
    net : dict
        Arguments of `PlainConvNet`; size and seed need not be given.
    num_epochs, batch_size : int
        As for the solver.

    Returns
    -------
    solver : utils.solver.Solver
        After training, with its histories and ``model``.

    Raises
    ------
    KeyboardInterrupt
        At Ctrl-C, unlike the solver itself.
    """
    model = PlainConvNet(**{"input_dim": data["X_train"].shape[1:], "seed": 0, **net})
    solver = Solver(
        model,
        data,
        update_rule="adam",
        optim_config={"learning_rate": 2e-3},
        num_epochs=num_epochs,
        batch_size=batch_size,
        verbose=False,
    )
    solver.train()
    if "interrupted" in (solver.stopped or ""):
        raise KeyboardInterrupt  # whoever compares trainings has no use for half of one
    return solver


def layer_gradient_errors(forward, backward, arrays, settings=(), h=1e-6, seed=0):
    """Compare a layer's backward pass with finite differences, input by input.

    Parameters
    ----------
    forward, backward : callables
        ``forward(*arrays, *settings)`` returns ``(out, cache)``, and
        ``backward(dout, cache)`` one gradient for each array, in the same order.
    arrays : sequence of ndarrays
        The differentiable inputs, float64.
    settings : sequence of dict, optional
        The other arguments of ``forward``, such as ``conv_param``.
    h : float, default 1e-6
        Step of the finite differences.
    seed : int, default 0
        Seed of the random ``dout``.

    Returns
    -------
    list of float
        The relative error of each gradient, see `utils.gradient_check`.
    """
    out, cache = forward(*arrays, *copy.deepcopy(settings))
    dout = np.random.default_rng(seed).standard_normal(out.shape)
    gradients = backward(dout, cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    errors = []
    for k, (array, gradient) in enumerate(zip(arrays, gradients, strict=True)):

        def out_at(value, k=k):
            inputs = [*arrays[:k], value, *arrays[k + 1 :]]
            return forward(*inputs, *copy.deepcopy(settings))[0]

        numeric = numerical_gradient_array(out_at, array, dout, h)
        errors.append(relative_error(gradient, numeric))
    return errors


def network_gradient_errors(model, X, y, h=1e-6):
    """Compare a network's gradients with finite differences, parameter by parameter.

    Parameters
    ----------
    model : object
        With ``params`` and ``loss(X, y)``, in float64 and small, because every single
        number of every parameter costs two forward passes.
    X : ndarray of shape (N, C, H, W)
        Images.
    y : ndarray of shape (N,), integer
        Their classes.
    h : float, default 1e-6
        Step of the finite differences.

    Returns
    -------
    dict
        Name of each parameter -> relative error of its gradient.
    """
    _, grads = model.loss(X, y)
    errors = {}
    for name, weights in list(model.params.items()):

        def loss_at(value, name=name):
            model.params[name] = value
            return model.loss(X, y)[0]

        try:
            numeric = numerical_gradient(loss_at, weights, h)
        finally:
            model.params[name] = weights
        errors[name] = relative_error(grads[name], numeric)
    return errors
