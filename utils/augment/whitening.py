"""The first layer of a network, computed from the pictures."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from utils.augment.pictures import MEAN, STD, between, normal_of, pixels_of, same, whole
from utils.kernels import augmentation, threads


def whitening_filters(images, size=2, eps=5e-4, count=5000, mean=MEAN, std=STD):
    """Compute filters whose outputs are uncorrelated and of equal size.

    Neighbouring pixels are nearly equal: most of what a first layer could tell apart
    lies in small differences.  The eigenvectors of the patches' covariance, each
    divided by the root of its eigenvalue, make all of them equally large (Jordan, 2024,
    section 3.2; the idea is Page's, "How to train your ResNet", 2019).  The covariance
    is taken around 0, not around the mean patch.

    Parameters
    ----------
    images : Images or ndarray of shape (N, 3, H, W)
        uint8; an array must be in C order.
    size : int, optional
        Height and width of the filters.
    eps : float, optional
        Added to each eigenvalue, so that directions which hardly occur do not blow up.
    count : int, optional
        The first so many pictures are looked at.
    mean, std : sequence of 3 floats, optional
        As for `Augment`.

    Returns
    -------
    ndarray of shape (2 * F, 3, size, size)
        float32, with F = 3 * size * size: the filters, largest eigenvalue first, then
        their negatives (an activation such as ReLU would lose one half).

    Raises
    ------
    ValueError
        If an argument is not as described, or there are no pictures.
    """
    whole(1, size=size, count=count)
    between(1e-30, 1e30, eps=eps)
    pixels = pixels_of(images)[:count]
    N, channels, H, W = pixels.shape
    if size > min(H, W):
        raise ValueError(f"size is {size}, the pictures have only {H} x {W} pixels.")
    F = channels * size * size
    covariance, normal = np.zeros((F, F)), normal_of(mean, std)
    step = 50  # pictures: their patches are some MB
    out = threads.aligned((step, H, W, channels))
    for start in range(0, N, step):
        index = np.arange(start, min(start + step, N))
        views, X = same(len(index)), out[: len(index)]
        augmentation.write_batch(pixels, index, views, normal, X)
        windows = sliding_window_view(X.astype(float), (size, size), axis=(1, 2))
        patches = windows.transpose(3, 4, 5, 0, 1, 2).reshape(F, -1)
        covariance += patches @ patches.T
    values, vectors = np.linalg.eigh(covariance / (N * (H - size + 1) * (W - size + 1)))
    filters = (vectors / np.sqrt(values + eps)).T[::-1]
    # An eigenvector's sign is an accident: let its largest number be positive.
    largest = np.abs(filters).argmax(axis=1, keepdims=True)
    filters = filters * np.sign(np.take_along_axis(filters, largest, axis=1))
    both = np.concatenate([filters, -filters]).astype(np.float32)
    return both.reshape(2 * F, channels, size, size)
