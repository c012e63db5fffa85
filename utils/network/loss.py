"""Softmax cross-entropy with label smoothing."""

import numpy as np


def cross_entropy(scores, y, smoothing=0.0):
    """Compare scores with labels.

        loss = -sum over classes of target * log softmax(scores)

    where the target is 1 - smoothing for the right class, and `smoothing` is shared out
    equally among all classes (Szegedy et al., 2016, section 7).

    Parameters
    ----------
    scores : ndarray of shape (N, classes), float
    y : ndarray of shape (N,), integer
        Right classes.
    smoothing : float in [0, 1), default 0.0

    Returns
    -------
    losses : ndarray of shape (N,)
        Loss of each image.
    dscores : ndarray of shape (N, classes)
        Gradient of their mean.
    """
    N, classes = scores.shape
    rows = np.arange(N)
    shifted = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(shifted)
    total = p.sum(axis=1, keepdims=True)
    log_p = shifted - np.log(total)
    p /= total
    losses = -(1 - smoothing) * log_p[rows, y]
    if smoothing:
        losses -= smoothing * log_p.mean(axis=1)
    p -= smoothing / classes
    p[rows, y] -= 1 - smoothing
    p /= N
    return losses, p
