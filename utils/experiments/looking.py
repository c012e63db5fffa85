"""What filters look for, and what a decision rests on."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from utils.receptive_field import span
from utils.receptive_field_nets import layers_of


def first_filters(model):
    """Give the filters of the first convolution as they look at the image itself.

    A whitening layer before it holds every filter twice, with both signs, and f(v) -
    f(-v) = v for ReLU, GELU and SiLU: so half of the filter that reads them, added up
    over both, is linear in the image.  That half is shown; the other one, which is
    even, has no picture.

    Parameters
    ----------
    model : ThreeLayerConvNet or ConvNet
        A `ConvNet` begins with `Conv`, or with `Whiten`, `Gelu` and `Conv`.

    Returns
    -------
    ndarray of shape (F, 3, HH, WW)
    """
    if "W1" in model.params:
        return model.params["W1"]
    arrays = model.state_dict()
    w, white = arrays["conv1.w"], arrays.get("whiten1.w")
    if white is None:
        return w
    (_, channels, size, _), (F, _, HH, WW) = white.shape, w.shape
    seen = np.zeros((F, channels, HH + size - 1, WW + size - 1), w.dtype)
    for i in range(HH):
        for j in range(WW):
            part = np.einsum("fk,kchw->fchw", w[:, :, i, j], white) / 2
            seen[:, :, i : i + size, j : j + size] += part
    return seen


def window(net, name, unit):
    """Give the pixels that a unit of a layer sees along one axis, padding included.

    Parameters
    ----------
    net : ConvNet
        Without branches up to this layer.
    name : str
        Of the layer.
    unit : int
        Its row or column.

    Returns
    -------
    first, last : int
        Both inclusive; may lie outside the image.
    """
    return span(layers_of(net, name), unit)


def top_patches(net, images, plain, filters, count=9, batch_size=50):
    """Find where in some pictures filters answer most.

    Parameters
    ----------
    net : ConvNet
    images : ndarray of shape (N, 3, H, W)
        What is cut out, uint8.
    plain : ndarray of shape (N, 3, H, W)
        The same as the network reads them.
    filters : sequence of (str, int)
        Name of a layer with maps, and number of the filter.
    count : int, default 9
        Pictures per filter, of which each one is used once.
    batch_size : int, default 50

    Returns
    -------
    list of ndarrays of shape (3, size, size)
        `count` for each filter, strongest answer first; as large as what the filter
        sees, and grey where that leaves the picture.
    """
    answers, places = [], []
    for start in range(0, len(plain), batch_size):
        _, outputs, _ = net.look(plain[start : start + batch_size])
        maps = [outputs[name][:, f] for name, f in filters]
        answers.append([one.max(axis=(1, 2)) for one in maps])
        places.append([one.reshape(len(one), -1).argmax(axis=1) for one in maps])
    widths = [one.shape[2] for one in maps]
    answers, places = (np.concatenate(found, axis=1) for found in (answers, places))
    patches = []
    for k, (name, _) in enumerate(filters):
        for n in np.argsort(-answers[k], kind="stable")[:count]:
            unit = divmod(int(places[k, n]), widths[k])
            patches.append(_cut(images[n], [window(net, name, u) for u in unit]))
    return patches


def _cut(image, spans):
    """Cut out rows and columns, first and last; grey outside of the image."""
    margin = max(last - first for first, last in spans) + 1
    padded = np.pad(image, ((0, 0), *[(margin, margin)] * 2), constant_values=128)
    rows, columns = (np.arange(first, last + 1) + margin for first, last in spans)
    return padded[:, rows[:, None], columns]


def one_hot(classes, labels):
    """Give rows that are 1 at the label."""
    rows = np.zeros((len(labels), classes), np.float32)
    rows[np.arange(len(labels)), labels] = 1
    return rows


def grad_cam(net, X, labels, name):
    """Give what parts of an image speak for a class (Selvaraju et al., 2017).

    The maps of a layer are added up, each weighted by the mean gradient of the class's
    score, and negative sums are cut off.

    Parameters
    ----------
    net : ConvNet
    X : ndarray of shape (N, C, H, W)
    labels : ndarray of shape (N,)
        The class that is asked about, for each image.
    name : str
        Of a layer with maps.

    Returns
    -------
    ndarray of shape (N, H_out, W_out)
        At the layer's own resolution.
    """
    _, outputs, gradients = net.look(X, dscores=one_hot(net.classes, labels))
    weights = gradients[name].mean(axis=(2, 3), keepdims=True)
    return np.maximum((weights * outputs[name]).sum(axis=1), 0)


def saliency(net, X, labels, noise=0.0, count=1, seed=0):
    """Give how strongly each pixel changes a class's score (Simonyan et al., 2014).

    Parameters
    ----------
    net : ConvNet
    X, labels
        As for `grad_cam`.
    noise : float, default 0
        Standard deviation of noise that is added to the image, in the units of X.
    count : int, default 1
        Noisy copies whose gradients are averaged (*SmoothGrad*; Smilkov et al., 2017).
    seed : int, default 0

    Returns
    -------
    ndarray of shape (N, H, W)
        The largest absolute gradient over the channels.
    """
    rng, total = np.random.default_rng(seed), 0.0
    for _ in range(count):
        noisy = X + np.float32(noise) * rng.standard_normal(X.shape, dtype=np.float32)
        _, _, gradients = net.look(noisy, dscores=one_hot(net.classes, labels))
        total = total + gradients["image"]
    return np.abs(total / count).max(axis=1)


def occlusion(net, X, labels, size=8, step=4):
    """Give how much a grey square in front of an image costs a class's probability.

    Parameters
    ----------
    net : ConvNet
    X, labels
        As for `grad_cam`; 0 is the mean grey.
    size, step : int, default 8 and 4
        Of the square, in pixels.

    Returns
    -------
    ndarray of shape (N, H, W)
        Mean loss of probability over all squares that cover a pixel (Zeiler and
        Fergus, 2014).
    """
    N, _, H, W = X.shape
    rows = np.arange(N)
    before = probabilities(net.predict(X))[rows, labels]
    lost, covered = np.zeros((N, H, W)), np.zeros((H, W))
    for i in range(step - size, H, step):
        for j in range(step - size, W, step):
            place = np.s_[max(i, 0) : i + size], np.s_[max(j, 0) : j + size]
            hidden = X.copy()
            hidden[:, :, *place] = 0
            after = probabilities(net.predict(hidden))[rows, labels]
            lost[:, *place] += (before - after)[:, None, None]
            covered[place] += 1
    return lost / covered


def probabilities(scores):
    """Give the softmax of scores, row by row."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def surprises(scores, y):
    """Order images by their loss, the largest first.

    Parameters
    ----------
    scores : ndarray of shape (N, classes)
    y : ndarray of shape (N,)

    Returns
    -------
    order : ndarray of shape (N,)
    probabilities : ndarray of shape (N, classes)
    """
    p = probabilities(np.asarray(scores, np.float64))
    tiny = math.ulp(0.0)
    loss = -np.log(np.maximum(p[np.arange(len(y)), y], tiny))
    return np.argsort(-loss, kind="stable"), p


def patch_covariance(X, size=2):
    """Give the covariance, around 0, of the pixels of all small patches.

    Parameters
    ----------
    X : ndarray of shape (N, C, H, W)
        Images as a network reads them.
    size : int, default 2
        Side of a patch in pixels.

    Returns
    -------
    ndarray of shape (D, D)
        D = C * size * size, channels first.
    """
    windows = sliding_window_view(X, (size, size), axis=(2, 3))
    D = X.shape[1] * size * size
    patches = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, D).astype(np.float64)
    return patches.T @ patches / len(patches)
