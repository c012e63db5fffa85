"""Sandwich layers: the few compositions that convolutional networks repeat.

Given code.  Each block calls its layers in the order of its name, keeps their caches
in a tuple, and goes back through them in reverse.  All of them use the fast layers,
so a network built from blocks needs no exercise to be solved.  Where the images are
float32 and many, `conv_relu_pool` takes a shortcut to the same numbers (`fast_blocks`).
"""

from utils.batchnorm import batchnorm_backward, batchnorm_forward
from utils.fast_blocks import (
    PooledCache,
    affine_backward_fast,
    affine_forward_fast,
    conv_relu_pool_backward_fast,
    conv_relu_pool_forward_fast,
    fuses_pool,
)
from utils.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
    spatial_batchnorm_backward_fast,
    spatial_batchnorm_forward_fast,
)
from utils.layers import relu_backward, relu_forward


def affine_relu_forward(x, w, b):
    """Fully connected layer, then ReLU.

    Parameters
    ----------
    x, w, b : ndarrays
        As in `utils.layers.affine_forward`.

    Returns
    -------
    out : ndarray of shape (N, M)
    cache : tuple
    """
    a, affine_cache = affine_forward_fast(x, w, b)
    out, relu_cache = relu_forward(a)
    return out, (affine_cache, relu_cache)


def affine_relu_backward(dout, cache):
    """Backward pass of `affine_relu_forward`: ``dx, dw, db``."""
    affine_cache, relu_cache = cache
    da = relu_backward(dout, relu_cache)
    return affine_backward_fast(da, affine_cache)


def affine_bn_relu_forward(x, w, b, gamma, beta, bn_param):
    """Fully connected layer, batch normalisation, ReLU.

    Parameters
    ----------
    x, w, b : ndarrays
        As in `utils.layers.affine_forward`.
    gamma, beta : ndarray of shape (M,)
        As in `utils.batchnorm.batchnorm_forward`.
    bn_param : dict
        Likewise; its running averages are updated in training mode.

    Returns
    -------
    out : ndarray of shape (N, M)
    cache : tuple
    """
    a, affine_cache = affine_forward_fast(x, w, b)
    normal, bn_cache = batchnorm_forward(a, gamma, beta, bn_param)
    out, relu_cache = relu_forward(normal)
    return out, (affine_cache, bn_cache, relu_cache)


def affine_bn_relu_backward(dout, cache):
    """Backward pass of `affine_bn_relu_forward`: ``dx, dw, db, dgamma, dbeta``."""
    affine_cache, bn_cache, relu_cache = cache
    dnormal = relu_backward(dout, relu_cache)
    da, dgamma, dbeta = batchnorm_backward(dnormal, bn_cache)
    return *affine_backward_fast(da, affine_cache), dgamma, dbeta


def conv_relu_forward(x, w, b, conv_param):
    """Convolution, then ReLU.

    Parameters
    ----------
    x, w, b, conv_param
        As in `utils.fast_layers.conv_forward_fast`.

    Returns
    -------
    out : ndarray of shape (N, F, H_out, W_out)
    cache : tuple
    """
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    out, relu_cache = relu_forward(a)
    return out, (conv_cache, relu_cache)


def conv_relu_backward(dout, cache):
    """Backward pass of `conv_relu_forward`: ``dx, dw, db``."""
    conv_cache, relu_cache = cache
    da = relu_backward(dout, relu_cache)
    return conv_backward_fast(da, conv_cache)


def conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param):
    """Convolution, spatial batch normalisation, ReLU.

    Parameters
    ----------
    x, w, b, conv_param
        As in `utils.fast_layers.conv_forward_fast`.
    gamma, beta : ndarray of shape (F,)
        As in `utils.fast_layers.spatial_batchnorm_forward_fast`.
    bn_param : dict
        Likewise; its running averages are updated in training mode.

    Returns
    -------
    out : ndarray of shape (N, F, H_out, W_out)
    cache : tuple
    """
    a, conv_cache = conv_forward_fast(x, w, b, conv_param)
    normal, bn_cache = spatial_batchnorm_forward_fast(a, gamma, beta, bn_param)
    out, relu_cache = relu_forward(normal)
    return out, (conv_cache, bn_cache, relu_cache)


def conv_bn_relu_backward(dout, cache):
    """Backward pass of `conv_bn_relu_forward`: ``dx, dw, db, dgamma, dbeta``."""
    conv_cache, bn_cache, relu_cache = cache
    dnormal = relu_backward(dout, relu_cache)
    da, dgamma, dbeta = spatial_batchnorm_backward_fast(dnormal, bn_cache)
    return *conv_backward_fast(da, conv_cache), dgamma, dbeta


def conv_relu_pool_forward(x, w, b, conv_param, pool_param):
    """Convolution, ReLU, max pooling.

    Parameters
    ----------
    x, w, b, conv_param
        As in `utils.fast_layers.conv_forward_fast`.
    pool_param : dict
        As in `utils.fast_layers.max_pool_forward_fast`.

    Returns
    -------
    out : ndarray of shape (N, F, H_pool, W_pool)
    cache : tuple
    """
    arguments = x, w, b, conv_param, pool_param
    if fuses_pool(*arguments):
        return conv_relu_pool_forward_fast(*arguments)
    a, conv_relu_cache = conv_relu_forward(x, w, b, conv_param)
    out, pool_cache = max_pool_forward_fast(a, pool_param)
    return out, (conv_relu_cache, pool_cache)


def conv_relu_pool_backward(dout, cache):
    """Backward pass of `conv_relu_pool_forward`: ``dx, dw, db``."""
    if isinstance(cache, PooledCache):
        return conv_relu_pool_backward_fast(dout, cache)
    conv_relu_cache, pool_cache = cache
    da = max_pool_backward_fast(dout, pool_cache)
    return conv_relu_backward(da, conv_relu_cache)


def conv_bn_relu_pool_forward(x, w, b, gamma, beta, conv_param, bn_param, pool_param):
    """Convolution, spatial batch normalisation, ReLU, max pooling.

    Parameters
    ----------
    x, w, b, gamma, beta, conv_param, bn_param
        As in `conv_bn_relu_forward`.
    pool_param : dict
        As in `utils.fast_layers.max_pool_forward_fast`.

    Returns
    -------
    out : ndarray of shape (N, F, H_pool, W_pool)
    cache : tuple
    """
    a, conv_cache = conv_bn_relu_forward(x, w, b, gamma, beta, conv_param, bn_param)
    out, pool_cache = max_pool_forward_fast(a, pool_param)
    return out, (conv_cache, pool_cache)


def conv_bn_relu_pool_backward(dout, cache):
    """Backward pass of `conv_bn_relu_pool_forward`: ``dx, dw, db, dgamma, dbeta``."""
    conv_cache, pool_cache = cache
    da = max_pool_backward_fast(dout, pool_cache)
    return conv_bn_relu_backward(da, conv_cache)
