"""A three-layer convolutional network.

Exercise module for CNN.ipynb (30 points).  This file is yours to edit.  It is built
from the given fast layers, so it needs no other exercise to be solved.
"""

import numpy as np

from utils.blocks import (
    affine_bn_relu_backward,
    affine_bn_relu_forward,
    affine_relu_backward,
    affine_relu_forward,
    conv_bn_relu_pool_backward,
    conv_bn_relu_pool_forward,
    conv_relu_pool_backward,
    conv_relu_pool_forward,
)
from utils.layers import affine_backward, affine_forward, softmax_loss


class ThreeLayerConvNet:
    """A network with one convolutional and two fully connected layers.

        conv - [batchnorm] - relu - 2x2 max pool - affine - [batchnorm] - relu -
        affine - softmax

    The convolution has stride 1 and keeps the height and width of odd filters
    ("same" padding); the pooling has stride 2.

    Parameters
    ----------
    input_dim : tuple of 3 ints, default (3, 32, 32)
        Channels, height and width of an image, in pixels.
    num_filters : int, default 32
        Number of filters of the convolution.
    filter_size : int, default 7
        Height and width of the filters, in pixels; odd.
    hidden_dim : int, default 100
        Number of units of the hidden fully connected layer.
    num_classes : int, default 10
        Number of scores.
    weight_scale : float, default 1e-3
        Standard deviation of the normal distribution the weights are drawn from.
    reg : float, default 0.0
        Strength of the L2 penalty ``0.5 * reg * sum(W**2)`` on W1, W2 and W3; not
        on biases, gammas and betas.
    dtype : numpy dtype, default np.float32
        Precision of all parameters and of the computation.
    use_batchnorm : bool, default False
        Whether to normalise after the convolution and after the first affine layer.
    seed : int, optional
        Makes the initial weights repeatable.

    Attributes
    ----------
    params : dict
        ``W1`` (F, C, filter_size, filter_size), ``b1`` (F,), ``W2``
        (F * H_pool * W_pool, hidden_dim), ``b2`` (hidden_dim,), ``W3``
        (hidden_dim, num_classes), ``b3`` (num_classes,); with batchnorm also
        ``gamma1``, ``beta1`` (F,) and ``gamma2``, ``beta2`` (hidden_dim,).
    bn_params : list of dict
        The two ``bn_param`` dictionaries in order, or an empty list.
    conv_param, pool_param : dict
        What the convolution and the pooling are called with.

    Raises
    ------
    ValueError
        If ``filter_size`` is not odd.
    """

    def __init__(
        self,
        input_dim=(3, 32, 32),
        num_filters=32,
        filter_size=7,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        dtype=np.float32,
        use_batchnorm=False,
        seed=None,
    ):
        if filter_size % 2 == 0:
            raise ValueError(
                f"filter_size is {filter_size}, expected an odd number: only then can "
                f"equal padding on both sides keep the size of the image."
            )
        C, H, W = input_dim
        rng = np.random.default_rng(seed)
        self.reg, self.dtype, self.use_batchnorm = reg, dtype, use_batchnorm
        self.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}
        self.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        self.bn_params = [{"mode": "train"}, {"mode": "train"}] if use_batchnorm else []
        self.params = {}
        # Fill self.params: weights from weight_scale * rng.standard_normal(shape),
        # biases and betas 0, gammas 1, everything with the dtype asked for.
        # BEGIN SOLUTION
        shapes = {
            "W1": (num_filters, C, filter_size, filter_size),
            "W2": (num_filters * (H // 2) * (W // 2), hidden_dim),
            "W3": (hidden_dim, num_classes),
        }
        for name, shape in shapes.items():
            self.params[name] = weight_scale * rng.standard_normal(shape)
        for k, size in enumerate((num_filters, hidden_dim, num_classes), 1):
            self.params[f"b{k}"] = np.zeros(size)
            if use_batchnorm and k < 3:
                self.params[f"gamma{k}"] = np.ones(size)
                self.params[f"beta{k}"] = np.zeros(size)
        for name, value in self.params.items():
            self.params[name] = value.astype(dtype)
        # END SOLUTION

    def loss(self, X, y=None):
        """Score images, or give the loss and its gradients.

        Parameters
        ----------
        X : ndarray of shape (N, C, H, W)
            N images; converted to the network's dtype.
        y : ndarray of shape (N,), integer, optional
            The right class of each image, 0 <= y < num_classes.

        Returns
        -------
        scores : ndarray of shape (N, num_classes)
            If ``y`` is None; batchnorm then works in test mode.
        loss, grads : float and dict
            If ``y`` is given; batchnorm then works in training mode.  ``grads`` has
            the keys of ``params``.
        """
        X = np.asarray(X, dtype=self.dtype)
        mode = "test" if y is None else "train"
        for bn_param in self.bn_params:
            bn_param["mode"] = mode
        # Hint: everything you need is imported above: forward through the blocks,
        # return the scores if y is None, otherwise softmax_loss and all the way back.
        # BEGIN SOLUTION
        p, grads = self.params, {}
        conv = self.conv_param
        if self.use_batchnorm:
            bn1, bn2 = self.bn_params
            norm1, norm2 = (p["gamma1"], p["beta1"]), (p["gamma2"], p["beta2"])
            h1, cache1 = conv_bn_relu_pool_forward(
                X, p["W1"], p["b1"], *norm1, conv, bn1, self.pool_param
            )
            h2, cache2 = affine_bn_relu_forward(h1, p["W2"], p["b2"], *norm2, bn2)
        else:
            h1, cache1 = conv_relu_pool_forward(
                X, p["W1"], p["b1"], conv, self.pool_param
            )
            h2, cache2 = affine_relu_forward(h1, p["W2"], p["b2"])
        scores, cache3 = affine_forward(h2, p["W3"], p["b3"])
        if y is None:
            return scores

        loss, dscores = softmax_loss(scores, y)
        dh2, grads["W3"], grads["b3"] = affine_backward(dscores, cache3)
        if self.use_batchnorm:
            dh1, grads["W2"], grads["b2"], grads["gamma2"], grads["beta2"] = (
                affine_bn_relu_backward(dh2, cache2)
            )
            _, grads["W1"], grads["b1"], grads["gamma1"], grads["beta1"] = (
                conv_bn_relu_pool_backward(dh1, cache1)
            )
        else:
            dh1, grads["W2"], grads["b2"] = affine_relu_backward(dh2, cache2)
            _, grads["W1"], grads["b1"] = conv_relu_pool_backward(dh1, cache1)
        for name in ("W1", "W2", "W3"):
            loss += 0.5 * self.reg * float(np.sum(p[name] ** 2))
            grads[name] += self.reg * p[name]
        return loss, grads
        # END SOLUTION
