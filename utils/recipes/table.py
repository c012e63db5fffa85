"""The recipes: all numbers that a training is determined by."""

from typing import NamedTuple


class Recipe(NamedTuple):
    """What a training is determined by, together with the seed.

    Attributes
    ----------
    widths : tuple of 3 ints
        Filters of the convolutions of each block.
    batch_size : int
    epochs : float
    sizes : tuple of (float, int)
        (progress, image size): images are that large from that part of the training on.
    muon_rate, bias_rate, head_rate : float
        Learning rates at the start; all fall to 0 in a straight line.  The last two
        belong to gradients of the sum over a batch, as in the source.
    muon_momentum, momentum : float
        Of Muon, and of Nesterov's SGD for biases and head.
    decay : float
        Weight decay of biases and head, per image.
    whitening_until : float
        Progress until which the bias of the whitening layer is trained.
    freeze : tuple of (float, str)
        (progress, pattern): from then on, these parameters are left alone.
    translate : int
        Pixels that images are shifted by at most.
    flip : str or None
        See `utils.augment.Augment`.
    brightness, contrast : float
        See `utils.augment.Augment`.
    label_smoothing : float
    activation : {"gelu", "silu", "relu"}
        ReLU is computed where the next layer reads; the others take a pass more.
    whitening_images : int
        Images that the whitening layer's filters are computed from.
    views : {"none", "mirror", "six", "selective"}
        Test-time views of the second accuracy.
    ghost : int or None
        See `utils.network.ConvNet`.
    """

    widths: tuple = (64, 256, 256)
    batch_size: int = 500
    epochs: float = 9.0
    sizes: tuple = ((0.0, 32),)
    muon_rate: float = 0.2
    bias_rate: float = 0.053
    head_rate: float = 0.67
    muon_momentum: float = 0.6
    momentum: float = 0.85
    decay: float = 2e-6
    whitening_until: float = 0.125
    freeze: tuple = ()
    translate: int = 2
    flip: str | None = "alternating"
    brightness: float = 0.0
    contrast: float = 0.0
    label_smoothing: float = 0.2
    activation: str = "gelu"
    whitening_images: int = 5000
    views: str = "six"
    ghost: int | None = None


RECIPES = {
    "fast65": Recipe(
        widths=(32, 64, 64),
        batch_size=250,
        epochs=0.38,
        sizes=((0.0, 18),),
        whitening_until=0.0,
        translate=0,
        activation="relu",
        whitening_images=1000,
        views="mirror",
    ),
    "fast80": Recipe(
        widths=(32, 64, 64),
        batch_size=250,
        epochs=1.15,
        sizes=((0.0, 18), (0.4, 26), (0.7, 32)),
        whitening_until=0.0,
        translate=0,
        activation="relu",
        whitening_images=1000,
        views="mirror",
    ),
    "fast90": Recipe(
        widths=(64, 128, 128),
        epochs=3.25,
        sizes=((0.0, 18), (0.25, 26), (0.55, 32)),
        whitening_until=0.05,
        views="mirror",
    ),
    "record94": Recipe(
        batch_size=1000,
        epochs=8.25,
        muon_rate=0.24,
        whitening_until=0.12,
    ),
    # The published recipe, with nothing changed but the order of its random numbers.
    "published94": Recipe(
        batch_size=2000, epochs=8.0, muon_rate=0.24, whitening_until=0.375
    ),
}
