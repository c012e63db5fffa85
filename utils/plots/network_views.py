"""Inside a trained network: its first filters, its numbers, reasons for a decision."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.pictures import WIDTH, drawable, hide_frame


def show_whitening(filters, values, before, after):
    """Draw the patches that whitening looks for, and what it does to a covariance.

    Parameters
    ----------
    filters : ndarray of shape (F, 3, size, size)
        Eigenvectors, largest eigenvalue first.
    values : ndarray of shape (F,)
        Their eigenvalues.
    before, after : ndarrays of shape (F, F)
        Covariances of pixels and of the filters' outputs.

    Returns
    -------
    axes : list of Axes
        Patches first, then eigenvalues and the two covariances.
    """
    columns = 6
    rows = -(-len(filters) // columns)
    figure = plt.figure(figsize=(WIDTH, 0.85 * rows + 2.2))
    top, bottom = figure.subfigures(2, 1, height_ratios=(0.85 * rows, 2.2))
    axes = list(top.subplots(rows, columns, squeeze=False).flat)
    for ax, patch, value in zip(axes, filters, values, strict=False):
        # 0 is grey in all of them, so that brightness has no colour.
        ax.imshow(0.5 + 0.5 * np.moveaxis(patch, 0, -1) / np.abs(patch).max())
        ax.set_title(f"variance {value:.2g}", fontsize=7, pad=2)
    for ax in axes:
        hide_frame(ax)
    below = bottom.subplots(1, 3)
    order = np.arange(1, 1 + len(values))
    below[0].plot(order, values, "o-", ms=4, label="of the pixels")
    below[0].plot(order, np.diag(after), "s--", ms=4, label="of the outputs")
    below[0].set(yscale="log", xlabel="direction", ylabel="variance")
    below[0].set(title="variances")
    below[0].legend(fontsize=7)
    for ax, matrix, title in zip(
        below[1:], (before, after), ("pixels", "outputs"), strict=True
    ):
        shown = ax.imshow(np.abs(matrix), cmap="Blues", vmin=0)
        figure.colorbar(shown, ax=ax, shrink=0.8).ax.tick_params(labelsize=7)
        ax.set(title=f"|covariance| of {title}", xticks=[], yticks=[])
        ax.grid(False)
    return axes + list(below)


def show_reasons(images, maps, titles):
    """Draw images above maps of what a network's decision rests on.

    Parameters
    ----------
    images : ndarray of shape (N, 3, H, W)
        uint8.
    maps : dict
        Name -> ndarray of shape (N, h, w), of any resolution; drawn over the image,
        each from its smallest value (clear) to its largest (dark).
    titles : sequence of str
        One line above each image.

    Returns
    -------
    axes : ndarray of Axes of shape (1 + number of maps, N)
    """
    N, rows = len(images), 1 + len(maps)
    side = min(0.9, (WIDTH - 1.0) / N)
    size = WIDTH if N * side > 4 else N * side + 1.0, rows * (side + 0.06) + 0.35
    _, axes = plt.subplots(rows, N, figsize=size, squeeze=False)
    H, W = images.shape[2:]
    extent = -0.5, W - 0.5, H - 0.5, -0.5
    for k in range(N):
        grey = images[k].mean(axis=0)
        axes[0, k].imshow(drawable(images[k]))
        axes[0, k].set_title(titles[k], fontsize=7, pad=2)
        for ax, values in zip(axes[1:, k], maps.values(), strict=True):
            ax.imshow(grey, vmin=-150, vmax=300)
            strong = np.asarray(values[k], float)
            strong = np.clip(strong / max(strong.max(), 1e-12), 0, 1)
            look = {"cmap": "inferno", "vmin": 0, "vmax": 1, "extent": extent}
            ax.imshow(strong, alpha=0.6, interpolation="bilinear", **look)
    for ax in axes.flat:
        hide_frame(ax)
    for ax, name in zip(axes[:, 0], ["image", *maps], strict=True):
        ax.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
    return axes
