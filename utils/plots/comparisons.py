"""One thing beside another: ideas, networks, layers."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.pictures import WIDTH, hide_frame
from utils.plots.results import shares

COLORS = "C0", "C1", "C2", "C3", "C4", "C5", "0.6"
HATCHES = "", "//", "..", "xx", "\\\\", "--", "oo"


def plot_ablation(table):
    """Draw what a network loses or gains by one change at a time.

    Parameters
    ----------
    table : dict
        Name -> (mean, difference to the first one, its standard error), in per cent
        of the images; the first one is what all others are compared with.

    Returns
    -------
    ax : Axes
        A bar for each of the others, with a whisker of one standard error to each side.
    """
    (first, (mean, _, _)), *others = table.items()
    _, ax = plt.subplots(figsize=(WIDTH, 1.0 + 0.24 * max(1, len(others))))
    ax.axvline(0, color="black", lw=1)
    for k, (_, (_, change, error)) in enumerate(others):
        ax.barh(k, change, 0.66, fc="C5", ec="C0")
        ax.errorbar(change, k, xerr=error, color="black", capsize=2, lw=1)
        beside = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": 8}
        # 0.0 is added because -0.04 would be rounded to -0.0.
        ax.text(1.01, k, f"{round(change, 1) + 0.0:+.1f} ± {error:.1f}", **beside)
    ax.set_yticks(range(len(others)), [name for name, _ in others])
    ax.set_xlabel(
        f"points of accuracy on held-back images, compared with\n"
        f"“{first}” ({mean:.1f} %); whiskers: one standard error"
    )
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    return ax


def show_confusions(y, predictions, classes):
    """Draw the confusion matrices of several networks, in per cent of each class.

    Parameters
    ----------
    y : ndarray of shape (N,), integer
        Right classes.
    predictions : dict
        Name of a network -> ndarray of shape (N,), what it says.
    classes : sequence of str
        Names of the classes.

    Returns
    -------
    axes : ndarray of Axes of shape (number of networks,)
        Two networks beside each other, so that the numbers can be read.
    """
    K, rows = len(classes), max(1, -(-len(predictions) // 2))
    size = {"figsize": (WIDTH, 3.7 * rows), "sharex": True, "sharey": True}
    _, grid = plt.subplots(rows, min(2, max(1, len(predictions))), **size)
    axes = np.ravel(grid)
    for ax in axes[len(predictions) :]:
        ax.set_axis_off()
    axes = axes[: len(predictions)]
    for ax, (name, predicted) in zip(axes, predictions.items(), strict=True):
        share = shares(y, predicted, K)
        ax.imshow(share, cmap="Blues", vmin=0, vmax=100)
        for (row, column), value in np.ndenumerate(share):
            if value >= 1:
                look = {"color": "white" if value > 50 else "black", "fontsize": 6}
                ax.text(column, row, f"{value:.0f}", ha="center", va="center", **look)
        right = np.mean(np.asarray(y) == predicted)
        ax.set_title(f"{name}: {100 * right:.1f} %")
        ax.set_xticks(range(K), classes, rotation=90, fontsize=7)
        ax.set_yticks(range(K), classes, fontsize=7)
        ax.grid(False)
        ax.tick_params(length=0)
        ax.set_xlabel("predicted")
        ax.set_ylabel("right class")
    return axes


def plot_class_accuracies(y, predictions, classes):
    """Draw the accuracy of each class for several networks, the hardest class last.

    Parameters
    ----------
    y, predictions, classes
        As for `show_confusions`; the last network decides the order.

    Returns
    -------
    ax : Axes
    """
    _, ax = plt.subplots(figsize=(WIDTH, 2.6))
    y, order = np.asarray(y), None
    counts = np.maximum(np.bincount(y, minlength=len(classes)), 1)
    shares = {
        name: 100 * np.bincount(y[predicted == y], minlength=len(classes)) / counts
        for name, predicted in predictions.items()
    }
    order = np.argsort(-list(shares.values())[-1], kind="stable")
    for k, (name, share) in enumerate(shares.items()):
        ax.plot(share[order], marker="os^D"[k % 4], ms=5, label=name)
    ax.set_xticks(range(len(classes)), [classes[k] for k in order], rotation=20)
    ax.set(ylabel="images of the class\nthat are right (%)")
    ax.legend(loc="lower left")
    return ax


def show_surprises(images, y, probabilities, classes):
    """Draw images with what a network thinks of them.

    Parameters
    ----------
    images : ndarray of shape (N, 3, H, W)
        uint8.
    y : ndarray of shape (N,)
        Right classes, as the data says.
    probabilities : ndarray of shape (N, K)
    classes : sequence of str

    Returns
    -------
    axes : ndarray of Axes of shape (rows, 8)
    """
    columns = 8
    rows = -(-len(images) // columns)
    side = WIDTH / columns
    size = {"figsize": (WIDTH, rows * (side + 0.5)), "squeeze": False}
    _, axes = plt.subplots(rows, columns, **size)
    for ax in axes.flat:
        hide_frame(ax)
    for ax, image, label, p in zip(axes.flat, images, y, probabilities, strict=False):
        ax.imshow(image.transpose(1, 2, 0))
        best = int(p.argmax())
        lines = (f"{classes[k]} {100 * p[k]:.0f} %" for k in (label, best))
        ax.set_title("\n".join(lines), fontsize=6.5, pad=2)
    return axes


def plot_layer_speed(rows):
    """Draw how fast each pass of each convolution is.

    Parameters
    ----------
    rows : list of dict
        With ``name``, ``pass`` and ``gflops``, as `utils.experiments.timing` gives
        them.

    Returns
    -------
    ax : Axes
    """
    _, ax = plt.subplots(figsize=(WIDTH, 2.6))
    names = list(dict.fromkeys(row["name"] for row in rows))
    ways = list(dict.fromkeys(row["pass"] for row in rows))
    for k, way in enumerate(ways):
        mine = [row for row in rows if row["pass"] == way]
        x = [names.index(row["name"]) + 0.27 * (k - 1) for row in mine]
        look = {"color": f"C{(0, 4, 2)[k % 3]}", "hatch": HATCHES[k % 3], "ec": "black"}
        ax.bar(x, [row["gflops"] for row in mine], 0.25, lw=0.5, label=way, **look)
    ax.set_xticks(range(len(names)), names)
    ax.set(ylabel="GFLOP/s, as the plain\nalgorithm counts")
    ax.grid(False, axis="x")
    ax.legend(ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return ax


def plot_step_parts(steps):
    """Draw what the time of a training step is spent on.

    Parameters
    ----------
    steps : dict
        Name of a step -> dict, part -> seconds.

    Returns
    -------
    ax : Axes
    """
    _, ax = plt.subplots(figsize=(WIDTH, 1.3 + 0.42 * max(1, len(steps))))
    names = list(dict.fromkeys(part for parts in steps.values() for part in parts))
    for row, parts in enumerate(steps.values()):
        left, total = 0.0, sum(parts.values())
        for k, name in enumerate(names):
            share = 100 * parts.get(name, 0.0) / total
            look = {"color": COLORS[k % 7], "hatch": HATCHES[k % 7], "ec": "white"}
            label = None if row else name
            ax.barh(row, share, 0.6, left=left, lw=0.3, label=label, **look)
            if share >= 6:
                plain = {"fc": "white", "ec": "none", "pad": 0.8, "alpha": 0.85}
                place = {"ha": "center", "va": "center", "fontsize": 7, "bbox": plain}
                ax.text(left + share / 2, row, f"{share:.0f} %", **place)
            left += share
    labels = [f"{name}\n{1e3 * sum(p.values()):.0f} ms" for name, p in steps.items()]
    ax.set_yticks(range(len(steps)), labels)
    ax.set(xlabel="per cent of a training step", xlim=(0, 100))
    ax.invert_yaxis()
    ax.grid(False)
    ax.legend(ncols=3, fontsize=7, loc="lower center", bbox_to_anchor=(0.45, 1.0))
    return ax
