"""Scores averaged over several views of each test picture."""

import numpy as np

from utils.augment.pictures import (
    MEAN,
    STD,
    between,
    normal_of,
    one_of,
    pixels_of,
    same,
    whole,
    write,
)
from utils.kernels import threads

VIEWS = "none", "mirror", "six", "selective"

# Down, right, mirrored, and the weight in the average.
PLAIN = ((0, 0, 0, 1.0),)
MIRROR = ((0, 0, 0, 0.5), (0, 0, 1, 0.5))
SHIFTED = tuple((d, d, mirrored, 0.25) for d in (-1, 1) for mirrored in (0, 1))


def predict_views(
    predict,
    images,
    views="mirror",
    size=32,
    batch_size=500,
    part=0.25,
    mean=MEAN,
    std=STD,
):
    """Average the scores of several views of each picture.

    Scores are averaged as they are, before any softmax.  Of the four ways, "none" asks
    for the plain picture; "mirror" for its mirror image, too; "six" for these two with
    weight 1/2 together, and for both shifted by one pixel, up and left as well as down
    and right, with weight 1/2 together (Jordan, 2024, section 3.5).  "selective" spends
    the four shifted views on those pictures only whose largest two scores lie closest
    together after "mirror": 2 + 4 * `part` views per picture.

    Parameters
    ----------
    predict : callable
        Takes a batch (B, 3, size, size), float32 and channels last in memory, and gives
        scores (B, classes).  The next batch overwrites this one.
    images : Images or ndarray of shape (N, 3, H, W)
        uint8; an array must be in C order.
    views : {"none", "mirror", "six", "selective"}, optional
    size : int, optional
        Pictures are resized to this, after they were shifted.
    batch_size : int, optional
        Pictures per call of `predict`; the last batch may have fewer.
    part : float, optional
        The part of the pictures that "selective" looks at again, 0 to 1.
    mean, std : sequence of 3 floats, optional
        As for `Augment`.

    Returns
    -------
    ndarray of shape (N, classes)
        Averages, of the scores' dtype.

    Raises
    ------
    ValueError
        If an argument is not as described, or the scores are not.

    Examples
    --------
    >>> images = np.zeros((2, 3, 32, 32), np.uint8)
    >>> left_and_right = lambda X: X[:, 0, 0, [0, -1]]
    >>> predict_views(left_and_right, images, mean=(1, 1, 1), std=(1, 1, 1))
    array([[-1., -1.],
           [-1., -1.]], dtype=float32)
    """
    one_of(VIEWS, views=views)
    whole(1, size=size, batch_size=batch_size)
    between(0, 1, part=part)
    pixels, normal = pixels_of(images), normal_of(mean, std)
    if views in ("six", "selective") and min(pixels.shape[2:]) < 2:
        raise ValueError(
            f"images have shape {pixels.shape}, expected at least 2 x 2 pixels, so "
            f"that they can be shifted."
        )
    buffer = threads.aligned((min(batch_size, len(pixels)), size, size, 3))
    buffer = buffer.transpose(0, 3, 1, 2)

    def average(index, views):
        parts = []
        for start in range(0, len(index), batch_size):
            chosen = index[start : start + batch_size]
            total = 0
            for *move, weight in views:
                look, out = same(len(chosen), *move), buffer[: len(chosen)]
                batch = write(pixels, chosen, look, normal, size, out)
                total = total + weight * _scores(predict(batch), len(chosen))
            parts.append(total)
        return np.concatenate(parts)

    everything = np.arange(len(pixels))
    if views == "none":
        return average(everything, PLAIN)
    scores = average(everything, MIRROR)
    again = everything
    if views == "selective":
        second, first = np.sort(scores, axis=1)[:, -2:].T
        again = np.argsort(first - second, kind="stable")[: round(part * len(pixels))]
    if views != "mirror" and len(again):
        scores[again] = (scores[again] + average(again, SHIFTED)) / 2
    return scores


def _scores(scores, B):
    """Check what a network has answered."""
    scores = np.asarray(scores)
    if scores.ndim != 2 or len(scores) != B or scores.shape[1] < 2:
        raise ValueError(
            f"predict gave scores of shape {scores.shape}, expected ({B}, classes) "
            f"with at least two classes."
        )
    return scores
