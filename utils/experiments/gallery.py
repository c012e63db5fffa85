"""What augmentation makes of a picture."""

import numpy as np

from utils.augment import MEAN, STD, Augment

WAYS = {
    "as it is": {},
    "flip": {"flip": "alternating"},
    "translate": {"translate": 4},
    "cutout": {"cutout": 12},
    "brightness": {"brightness": 0.8},
    "contrast": {"contrast": 0.6},
    "all": {
        "flip": "alternating",
        "translate": 4,
        "cutout": 12,
        "brightness": 0.4,
        "contrast": 0.3,
    },
}


def gallery(images, k, epochs=8, ways=WAYS, size=32):
    """Show one picture as a training sees it, epoch after epoch.

    Parameters
    ----------
    images : Images or ndarray of shape (N, 3, H, W), uint8
    k : int
        Which picture.
    epochs : int, default 8
    ways : dict, optional
        Name -> arguments of `Augment`; what is not given is off.
    size : int, default 32

    Returns
    -------
    list of ndarrays of shape (3, size, size), uint8
        One row of epochs after the other.
    """
    off = {"translate": 0, "flip": None}
    pictures = []
    for settings in ways.values():
        augment = Augment(**off | settings)
        for epoch in range(epochs):
            pictures.append(to_pixels(augment.batch(images, [k], epoch, size)[0]))
    return pictures


def to_pixels(x):
    """Undo the normalisation of pictures (..., 3, H, W); give uint8."""
    mean, std = (np.reshape(one, (3, 1, 1)) for one in (MEAN, STD))
    return np.clip(np.rint(255 * (x * std + mean)), 0, 255).astype(np.uint8)


def seen_both_ways(flip, epochs):
    """Count the pictures that have been shown from both sides, epoch after epoch.

    Parameters
    ----------
    flip : {"alternating", "random", None}
        See `Augment`.
    epochs : int

    Returns
    -------
    list of float
        Part of 2000 pictures after 1, 2, ... epochs.
    """
    count = 2000
    marked = np.zeros((count, 3, 2, 2), np.uint8)
    marked[..., 0] = 255  # bright at the left, so that a mirror image is known
    augment, seen = Augment(translate=0, flip=flip), np.zeros((count, 2), bool)
    parts = []
    for epoch in range(epochs):
        X = augment.batch(marked, np.arange(count), epoch, size=2)
        mirrored = (X[:, 0, 0, 0] < X[:, 0, 0, 1]).astype(int)
        seen[np.arange(count), mirrored] = True
        parts.append(float(seen.all(axis=1).mean()))
    return parts
