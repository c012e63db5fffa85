"""Spatial batch normalisation, and group normalisation as an extension.

Exercise module for CNN-BatchNorm.ipynb (20 points).  This file is yours to edit.
Nothing that is provided imports it, so an unfinished function here can never break
another notebook.
"""

import numpy as np

from utils.batchnorm import batchnorm_backward, batchnorm_forward


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    """Normalise every channel over all images and all pixels.

    One channel is one feature, and every pixel of every image is one sample of it:
    a channel's mean and variance are taken over N, H and W together.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        N images with C channels.
    gamma, beta : ndarray of shape (C,)
        Scale and shift of each channel.
    bn_param : dict
        ``mode``, ``"train"`` or ``"test"``; ``eps``, float, default 1e-5;
        ``momentum``, float in [0, 1], default 0.9; ``running_mean`` and
        ``running_var``, ndarrays of shape (C,), zeros at first and updated in
        training mode, as in `utils.batchnorm.batchnorm_forward`.

    Returns
    -------
    out : ndarray of shape (N, C, H, W)
        Same dtype as ``x``.
    cache : object
        Whatever `spatial_batchnorm_backward` needs.

    See Also
    --------
    utils.batchnorm.batchnorm_forward : the same for a matrix of rows and features.

    References
    ----------
    .. [1] S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network
       training by reducing internal covariate shift", ICML 2015, section 3.2.

    Examples
    --------
    The two pixels of each channel become -1 and 1, whatever the channel's scale:

    >>> x = np.array([[1.0, 3.0], [100.0, 900.0]]).reshape(1, 2, 1, 2)
    >>> bn_param = {"mode": "train"}
    >>> out, _ = spatial_batchnorm_forward(x, np.ones(2), np.zeros(2), bn_param)
    >>> out.round(3)[0, :, 0]
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    N, C, H, W = x.shape
    # Hint: batchnorm_forward (imported above) does it all for an array of shape
    # (rows, C). Which axis has to move before you may reshape?
    # BEGIN SOLUTION
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)  # (N*H*W, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache
    # END SOLUTION


def spatial_batchnorm_backward(dout, cache):
    """Backward pass of `spatial_batchnorm_forward`, in training and in test mode.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H, W)
        Gradient of the loss with respect to ``out``.
    cache : object
        What the forward pass returned.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dgamma, dbeta : ndarray of shape (C,)
    """
    N, C, H, W = dout.shape
    # Hint: the way back is the way there, and batchnorm_backward lies in the middle.
    # BEGIN SOLUTION
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)  # (N*H*W, C)
    dx, dgamma, dbeta = batchnorm_backward(rows, cache)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
    # END SOLUTION


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    """Normalise every image by itself, in G groups of neighbouring channels.

    An optional extension without points.  The mean and the variance are taken over
    the C / G channels of a group and all pixels, for each image alone, so nothing
    depends on the batch and there is no test mode.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        N images with C channels.
    gamma, beta : ndarray of shape (C,)
        Scale and shift of each channel.
    G : int
        Number of groups, >= 1; divides C.
    gn_param : dict
        ``eps``, float, default 1e-5.

    Returns
    -------
    out : ndarray of shape (N, C, H, W)
        Same dtype as ``x``.
    cache : object
        Whatever `spatial_groupnorm_backward` needs.

    Raises
    ------
    ValueError
        If G does not divide C.

    References
    ----------
    .. [1] Y. Wu and K. He, "Group normalization", ECCV 2018, section 3.
    """
    N, C, H, W = x.shape
    eps = gn_param.get("eps", 1e-5)
    if G < 1 or C % G:
        raise ValueError(f"G is {G}, expected a divisor of the {C} channels of x.")
    # BEGIN SOLUTION
    groups = x.reshape(N, G, -1)  # (N, G, C/G * H * W)
    std = np.sqrt(groups.var(axis=2, keepdims=True) + eps)
    x_hat = ((groups - groups.mean(axis=2, keepdims=True)) / std).reshape(x.shape)
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, gamma, std, G)
    # END SOLUTION


def spatial_groupnorm_backward(dout, cache):
    """Backward pass of `spatial_groupnorm_forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H, W)
        Gradient of the loss with respect to ``out``.
    cache : object
        What the forward pass returned.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dgamma, dbeta : ndarray of shape (C,)
    """
    N = dout.shape[0]
    # Hint: the formula of batchnorm_backward, with each group in place of a feature;
    # gamma differs within a group, so multiply dout by it first.
    # BEGIN SOLUTION
    x_hat, gamma, std, G = cache
    dgamma, dbeta = (dout * x_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    dx_hat = (dout * gamma[:, None, None]).reshape(N, G, -1)
    hat = x_hat.reshape(N, G, -1)
    mean = dx_hat.mean(axis=2, keepdims=True)
    product = (dx_hat * hat).mean(axis=2, keepdims=True)
    dx = (dx_hat - mean - hat * product) / std
    return dx.reshape(dout.shape), dgamma, dbeta
    # END SOLUTION
