"""Batches of random views, each a function of seed, epoch and picture."""

import numpy as np

from utils.augment.pictures import (
    MEAN,
    STD,
    between,
    index_of,
    normal_of,
    one_of,
    pixels_of,
    same,
    whole,
    write,
)
from utils.kernels import augmentation

FLIPS = "alternating", "random", None

# Streams of random numbers; 0 is the order of the pictures (`utils.solver`).
VIEWS, COINS = 1, 2


class Augment:
    """Batches of random views.

    Each view is made in this order; everything that is drawn is uniform.

    1. *Translate*: shift by -translate to translate pixels on each axis.  What comes
       in from outside is the picture reflected at its border pixel (`np.pad` calls it
       "reflect").
    2. *Flip*: mirror left and right.
    3. *Normalise*: ``x = (pixel / 255 - mean) / std`` for each channel.
    4. *Contrast and brightness*: ``x = (x - m) * (1 + contrast * u) + m +
       brightness * v`` with u and v from -1 to 1, and m the mean of the
       whole picture over pixels and channels.
    5. *Cutout* (DeVries & Taylor, 2017, "Improved regularization of convolutional
       neural networks with cutout"): a square of zeros, its centre anywhere in the
       picture, cut off at the border.
    6. *Resize*: bilinear and antialiased; the corners of the outer pixels stay corners
       (PyTorch's ``antialias=True, align_corners=False``).

    Parameters
    ----------
    translate : int, optional
        Largest shift in pixels, before resizing.
    flip : {"alternating", "random", None}, optional
        "alternating" mirrors a random half in epoch 0, all others in epoch 1, the first
        half again in epoch 2: two epochs show each picture both ways, which a coin in
        each epoch does for one half of them only (Jordan, 2024, "94% on CIFAR-10 in
        3.29 seconds on a single GPU", section 3.6).
    cutout : int, optional
        Side of the square in pixels, before resizing; 0: none.
    brightness, contrast : float, optional
        Largest change, in normalised units and as a part of 1; 0: none.
    seed : int, optional
        Another seed, other draws.
    mean, std : sequence of 3 floats, optional
        Of the pixels divided by 255, for each channel.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> images = np.full((4, 3, 32, 32), 255, np.uint8)
    >>> augment = Augment(mean=(0, 0, 0), std=(0.5, 0.5, 0.5))
    >>> X = augment.batch(images, [3, 1], epoch=0, size=20)
    >>> X.shape, float(X.min()), float(X.max())
    ((2, 3, 20, 20), 2.0, 2.0)
    """

    def __init__(
        self,
        translate=2,
        flip="alternating",
        cutout=0,
        brightness=0.0,
        contrast=0.0,
        seed=0,
        mean=MEAN,
        std=STD,
    ):
        whole(0, translate=translate, cutout=cutout, seed=seed)
        one_of(FLIPS, flip=flip)
        between(0, 1e6, brightness=brightness)
        between(0, 1, contrast=contrast)
        self.translate, self.flip, self.cutout = int(translate), flip, int(cutout)
        self.brightness, self.contrast = float(brightness), float(contrast)
        normal_of(mean, std)  # checks them
        self.seed = int(seed)
        self.mean, self.std = tuple(map(float, mean)), tuple(map(float, std))
        self._drawn = None, None

    def __repr__(self):
        """Print as written: equal text, equal batches."""
        settings = *self._varied(), ("mean", self.mean), ("std", self.std)
        return f"Augment({', '.join(f'{name}={value!r}' for name, value in settings)})"

    def _varied(self):
        """Give name and value of all that the draws depend on."""
        names = "translate", "flip", "cutout", "brightness", "contrast", "seed"
        return tuple((name, getattr(self, name)) for name in names)

    def batch(self, images, index, epoch, size=32, out=None):
        """Make a batch of random views.

        Parameters
        ----------
        images : Images or ndarray of shape (N, 3, H, W)
            uint8; an array must be in C order.
        index : array_like of shape (B,)
            Which pictures, whole numbers from 0 to N - 1.
        epoch : int
            Counts from 0; another epoch, other views.
        size : int, optional
            Height and width of the batch.
        out : ndarray of shape (B, 3, size, size), optional
            float32, channels last in memory (an earlier batch, say); is overwritten.

        Returns
        -------
        ndarray of shape (B, 3, size, size)
            float32, channels last in memory: `out` if it was given.

        Raises
        ------
        ValueError
            If an argument is not as described, or `translate` is no less than H or W.
        """
        pixels = pixels_of(images)
        whole(0, epoch=epoch)
        if self.translate >= min(pixels.shape[2:]):
            raise ValueError(
                f"translate is {self.translate}, expected less than the height and the "
                f"width of the pictures, {pixels.shape[2:]}."
            )
        index = index_of(index, len(pixels))
        moves, light = self._draws(epoch, pixels.shape)
        views = augmentation.Views(moves[index], light[index], self.cutout)
        return write(pixels, index, views, normal_of(self.mean, self.std), size, out)

    def plain(self, images, index, size=32, out=None):
        """Make a batch of the pictures as they are: normalised, resized, and no more.

        Parameters
        ----------
        images, index, size, out
            As for `batch`.

        Returns
        -------
        ndarray of shape (B, 3, size, size)
            As for `batch`.

        Raises
        ------
        ValueError
            If an argument is not as described.
        """
        pixels = pixels_of(images)
        index = index_of(index, len(pixels))
        normal = normal_of(self.mean, self.std)
        return write(pixels, index, same(len(index)), normal, size, out)

    def _draws(self, epoch, shape):
        """Draw what all pictures do in an epoch, or remember it.

        Row i of a table of random numbers belongs to picture i, and column k to one
        decision: what is switched on elsewhere, or how many pictures follow, does not
        change it.
        """
        key = epoch, shape, self._varied()
        drawn_key, draws = self._drawn
        if key == drawn_key:
            return draws
        N, _, H, W = shape
        table = np.random.default_rng([self.seed, epoch, VIEWS]).random((N, 7))
        down, right, coin, top, left, contrast, brightness = table.T
        if self.flip == "alternating":
            # One coin for all epochs.
            coin = np.random.default_rng([self.seed, 0, COINS]).random(N)
            mirrored = (coin < 0.5) == (epoch % 2 == 0)
        else:
            mirrored = (coin < 0.5) & (self.flip == "random")
        moves = np.empty((N, 5), np.int64)
        for i, draw in enumerate((down, right)):
            moves[:, i] = np.floor(draw * (2 * self.translate + 1)) - self.translate
        moves[:, 2] = mirrored
        for i, draw, length in ((3, top, H), (4, left, W)):
            moves[:, i] = np.floor(draw * length) - self.cutout // 2
        light = np.empty((N, 2), np.float32)
        light[:, 0] = 1 + self.contrast * (2 * contrast - 1)
        light[:, 1] = self.brightness * (2 * brightness - 1)
        self._drawn = key, (moves, light)
        return moves, light
