"""A stand-in for CIFAR-10: ten kinds of drawn shapes and textures.

It has the format of CIFAR-10 (32 x 32 pixels, three channels, labels 0..9), so that
every notebook runs without data and without network.  Place, size, angle, colours
and lighting vary from picture to picture, and dark-on-light is as frequent as
light-on-dark: a linear classifier finds little to hold on to, a small convolutional
network is well ahead of it after one epoch.  Accuracies on it say nothing about
CIFAR-10.
"""

import numpy as np

CLASSES = (
    "disc",
    "ring",
    "square",
    "triangle",
    "plus",
    "crescent",
    "bars",
    "stripes",
    "checks",
    "dots",
)

SIZE = 32  # pixels
SEED = 20090408


def draw_pictures(num_train=10000, num_test=2000, seed=SEED):
    """Draw the stand-in data, the same at every call.

    Parameters
    ----------
    num_train, num_test : int, optional
        Number of pictures, each at least 1.
    seed : int, optional
        Seed of the random numbers.

    Returns
    -------
    X_train : ndarray of shape (num_train, 3, 32, 32)
        Pictures, uint8.
    y_train : ndarray of shape (num_train,)
        Labels 0..9, int64, as equally frequent as possible, in random order.
    X_test : ndarray of shape (num_test, 3, 32, 32)
        As `X_train`.
    y_test : ndarray of shape (num_test,)
        As `y_train`.
    """
    rng = np.random.default_rng(seed)
    train, test = _draw(rng, num_train), _draw(rng, num_test)
    return *train, *test


def _draw(rng, count):
    """Draw `count` pictures and give them with their labels."""
    y = rng.permutation(np.arange(count) % len(CLASSES))
    masks = np.empty((count, SIZE, SIZE), np.float32)
    for label, name in enumerate(CLASSES):
        (rows,) = np.nonzero(y == label)
        masks[rows] = _mask(name, *_coordinates(rng, len(rows)))
    return _paint(rng, masks, y), y.astype(np.int64)


def _uniform(rng, low, high, *shape):
    return low + (high - low) * rng.random(shape, np.float32)


def _coordinates(rng, count):
    """Give shape coordinates u, v of every pixel: moved, turned and scaled.

    A shape reaches from -1 to 1 in both; one unit is 7 to 11 pixels.
    """
    grid = np.arange(SIZE, dtype=np.float32)
    centre = _uniform(rng, 13, 19, 2, count, 1, 1)
    radius = _uniform(rng, 7, 11, count, 1, 1)
    angle = _uniform(rng, -0.4, 0.4, count, 1, 1)  # radians
    down = (grid[:, None] - centre[0]) / radius  # (count, SIZE, 1)
    right = (grid[None, :] - centre[1]) / radius  # (count, 1, SIZE)
    u = np.cos(angle) * right - np.sin(angle) * down  # (count, SIZE, SIZE)
    v = np.sin(angle) * right + np.cos(angle) * down
    return u, v


def _mask(name, u, v):
    """Tell how far each pixel belongs to the shape, from 0 to 1."""
    # Each expression is positive inside the shape and grows by about 1 per unit.
    box = 1 - np.maximum(abs(u), abs(v))
    disc = 1 - np.hypot(u, v)
    if name == "disc":
        depth = disc
    elif name == "ring":
        depth = np.minimum(disc, 0.55 - disc)
    elif name == "square":
        depth = box - 0.12
    elif name == "triangle":
        depth = np.minimum(0.75 - v, 0.45 * (v + 1) - 0.8 * abs(u))
    elif name == "plus":
        depth = np.minimum(box, 0.3 - np.minimum(abs(u), abs(v)))
    elif name == "crescent":
        depth = np.minimum(disc, np.hypot(u - 0.5, v) - 0.75)
    elif name == "bars":
        depth = np.minimum(box, 0.2 * np.cos(7.8 * v))
    elif name == "stripes":
        depth = np.minimum(box, 0.2 * np.cos(7.8 * u))
    elif name == "checks":
        depth = np.minimum(box, 0.25 * np.sin(4.7 * u) * np.sin(4.7 * v))
    else:  # dots
        depth = np.minimum(box, 0.15 * (np.cos(7.8 * u) + np.cos(7.8 * v)) - 0.1)
    return np.clip(0.5 + 8 * depth, 0, 1)  # an edge about one pixel wide


def _paint(rng, masks, y):
    """Colour shape and ground, light them from a side, add noise."""
    count = len(masks)
    ground = _uniform(rng, 40, 215, count, 3)
    contrast = _uniform(rng, 60, 120, count, 3)
    contrast *= np.where(rng.random((count, 1)) < 0.5, -1, 1)
    # A hint of colour that goes with the class, as sky goes with ships.
    hue = 2 * np.pi * y[:, None] / len(CLASSES) + 2 * np.pi * np.arange(3) / 3
    ground += 30 * np.cos(hue).astype(np.float32)
    pictures = np.empty((count, 3, SIZE, SIZE), np.uint8)
    ramp = np.linspace(-1, 1, SIZE, dtype=np.float32)
    for start in range(0, count, 1000):  # in pieces that fit the cache better
        rows = slice(start, start + 1000)
        picture = masks[rows, None] * contrast[rows, :, None, None]
        picture += ground[rows, :, None, None]
        slope = _uniform(rng, -25, 25, 2, len(picture), 1, 1, 1)
        picture += slope[0] * ramp[:, None] + slope[1] * ramp
        picture += _uniform(rng, -20, 20, *picture.shape)
        pictures[rows] = np.clip(picture, 0, 255)
    return pictures
