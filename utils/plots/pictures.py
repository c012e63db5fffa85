"""Images, filters, and small matrices with the numbers in them."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

WIDTH = 6.5  # inches: the width of the text in the exported PDF


def show_images(images, titles=None, columns=8, size=0.8, row_titles=None):
    """Draw pictures in rows, each stretched to its own full range of brightness.

    Parameters
    ----------
    images : sequence of ndarrays of shape (3, H, W), (1, H, W) or (H, W)
        Colour or grey pictures; uint8 is drawn as it is, anything else is stretched
        so that its smallest value is black and its largest white.
    titles : sequence of str, optional
        One line above each picture.
    columns : int, default 8
        Pictures per row.
    size : float, default 0.8
        Width of a picture, in inches; reduced where a row would be too wide.
    row_titles : sequence of str, optional
        One line at the left of each row.

    Returns
    -------
    axes : ndarray of Axes of shape (rows, columns)
    """
    columns = min(columns, max(len(images), 1))
    rows = max(1, -(-len(images) // columns))
    margin = 0.9 if row_titles is not None else 0.0
    size = min(size, (WIDTH - margin) / columns)
    lines = 1 + max(title.count("\n") for title in titles) if titles else 0
    height = rows * (size + 0.05 + 0.16 * lines)
    _, axes = plt.subplots(
        rows, columns, figsize=(columns * size + margin, height), squeeze=False
    )
    for ax in axes.flat:
        hide_frame(ax)
    for k, image in enumerate(images):
        axes.flat[k].imshow(drawable(image), cmap="gray")
        if titles is not None:
            axes.flat[k].set_title(titles[k], fontsize=8, pad=2)
    for ax, text in zip(axes[:, 0], row_titles or (), strict=False):
        ax.set_ylabel(text, rotation=0, ha="right", va="center", fontsize=8)
    return axes


def show_filters(w, ax=None, columns=16):
    """Draw the filters of a first layer as small colour pictures on one sheet.

    Each filter is stretched to its own full range, so the pictures show patterns,
    not strengths.

    Parameters
    ----------
    w : ndarray of shape (F, 3, HH, WW) or (F, 1, HH, WW)
        F filters for colour or grey images.
    ax : Axes, optional
        Where to draw.
    columns : int, default 16
        Filters per row.

    Returns
    -------
    ax : Axes
    """
    F, C, HH, WW = w.shape
    columns = min(columns, F)
    rows = -(-F // columns)
    sheet = np.ones((rows * (HH + 1) - 1, columns * (WW + 1) - 1, C))
    for f in range(F):
        top, left = (f // columns) * (HH + 1), (f % columns) * (WW + 1)
        sheet[top : top + HH, left : left + WW] = _stretch(w[f]).transpose(1, 2, 0)
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, WIDTH * sheet.shape[0] / sheet.shape[1]))
    ax.imshow(sheet if C == 3 else sheet[..., 0], cmap="gray")
    return hide_frame(ax)


def show_grids(arrays, titles, boxes=None, pads=None):
    """Draw small matrices side by side with the number in every cell.

    Parameters
    ----------
    arrays : sequence of ndarrays of shape (rows, columns)
        The matrices.
    titles : sequence of str
        One line above each matrix.
    boxes : dict, optional
        ``boxes[k]`` is a list of rectangles ``(top, left, height, width)``, in cells,
        to frame in matrix k; the m-th rectangle has the same look in every matrix.
    pads : dict, optional
        ``pads[k]`` is the number of outer rows and columns of matrix k that are
        padding; they are hatched.

    Returns
    -------
    axes : ndarray of Axes of shape (number of matrices,)
    """
    boxes, pads = boxes or {}, pads or {}
    widths = [array.shape[1] for array in arrays]
    scale = min(0.36, (WIDTH - 0.3 * len(arrays)) / sum(widths))  # inches per cell
    height = scale * max(array.shape[0] for array in arrays) + 0.4
    _, axes = plt.subplots(
        1,
        len(arrays),
        figsize=(scale * sum(widths) + 0.3 * len(arrays), height),
        width_ratios=widths,
        squeeze=False,
    )
    for k, (ax, array) in enumerate(zip(axes[0], arrays, strict=True)):
        _draw_matrix(ax, np.asarray(array), pads.get(k, 0))
        ax.set_title(titles[k])
        for m, (top, left, rows, columns) in enumerate(boxes.get(k, ())):
            look = {"ec": f"C{m}", "ls": ("-", "--", "-.", ":")[m % 4]}
            frame = Rectangle((left - 0.5, top - 0.5), columns, rows, fc="none", **look)
            frame.set(linewidth=3, clip_on=False, zorder=3)
            ax.add_patch(frame)
    return axes[0]


def show_sharing(counts, G):
    """Draw which feature maps share one mean and variance in four normalisations.

    Rows are images, columns are channels, and a filled block is one set of values
    that is normalised together.

    Parameters
    ----------
    counts : tuple of 2 ints
        N images and C channels.
    G : int
        Number of groups for group normalisation.

    Returns
    -------
    axes : ndarray of Axes of shape (4,)
    """
    N, C = counts
    blocks = {"batch": (N, 1), "layer": (1, C), "instance": (1, 1)}
    blocks["group"] = (1, C // G)
    _, axes = plt.subplots(1, 4, figsize=(WIDTH, 1.9))
    for ax, (name, (rows, columns)) in zip(axes, blocks.items(), strict=True):
        ax.pcolormesh(np.zeros((N, C)), cmap="Greys", edgecolors="0.6", linewidth=0.6)
        ax.add_patch(Rectangle((0, 0), columns, rows, fc="C5", ec="C0", hatch="//"))
        ax.set(title=f"{name} norm", xlabel="channels", aspect="equal")
        ax.set(xticks=[], yticks=[])
        ax.invert_yaxis()
    axes[0].set_ylabel("images")
    return axes


def hide_frame(ax):
    """Remove ticks, grid and frame, and keep labels."""
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax


def _stretch(values):
    """Map the smallest value to 0 and the largest to 1."""
    values = np.asarray(values, dtype=float)
    spread = values.max() - values.min()
    return (values - values.min()) / (spread if spread > 0 else 1.0)


def drawable(image):
    """Turn (3, H, W), (1, H, W) or (H, W) into what imshow draws."""
    image = np.asarray(image)
    image = image if image.dtype == np.uint8 else _stretch(image)
    if image.ndim == 2:
        return image
    return image[0] if image.shape[0] == 1 else image.transpose(1, 2, 0)


def _draw_matrix(ax, array, pad):
    """Draw one matrix of `show_grids`, its outer `pad` rows and columns hatched."""
    rows, columns = array.shape
    ax.imshow(np.ones(array.shape), cmap="gray", vmin=0, vmax=1)
    for (i, j), value in np.ndenumerate(array):
        outside = min(i, j, rows - 1 - i, columns - 1 - j) < pad
        place = {"xy": (j - 0.5, i - 0.5), "width": 1, "height": 1, "clip_on": False}
        ax.add_patch(Rectangle(**place, fc="white", ec="0.6", linewidth=0.6))
        if outside:  # an edge colour is the hatch's colour
            ax.add_patch(Rectangle(**place, fill=False, lw=0, ec="0.85", hatch="////"))
        style = {"ha": "center", "va": "center", "fontsize": 9, "zorder": 4}
        ax.text(j, i, f"{value:g}", color="0.3" if outside else "black", **style)
    hide_frame(ax)
