"""The figures of Receptive-Fields.ipynb."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from utils.plots.pictures import WIDTH

# Colours that colour-blind readers can tell apart.
# M. Okabe and K. Ito, "Color universal design", 2008.
OKABE_ITO = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}


def curve_look(k):
    """Give colour and marker of the k-th of some curves."""
    return {"color": [*OKABE_ITO.values()][k % 8], "marker": "os^Dv*Ph"[k % 8]}


def plot_cone(layers, used, counts, blind=(), title="", ax=None):
    """Draw along one axis what one unit sees: rows are layers, the image at the bottom.

    Every unit has its number and stands above the middle of what it sees. Filled
    positions carry something to the unit at the top, hatched ones are zero padding,
    crossed ones are pixels that no unit of the last layer sees.

    Parameters
    ----------
    layers : sequence of utils.receptive_field.Layer
        The net, first layer first.
    used : list of lists of ints
        What `utils.receptive_field.ancestry` returns for the unit.
    counts : list of ints
        What `utils.receptive_field.unit_counts` returns.
    blind : sequence of ints, default ()
        Positions of the pixels that no unit sees.
    title : str, default ""
        Printed above.
    ax : Axes, optional
        Where to draw; a new figure if it is left out.

    Returns
    -------
    Axes
    """
    labels = [f"layer {k}: {layer.label}" for k, layer in enumerate(layers, start=1)]
    margin = 0.8 + max(max(layer.pads[0]) for layer in layers)
    if ax is None:
        width = 0.3 * (counts[0] + 2 * margin) + 0.07 * max(map(len, labels))
        ax = plt.figure(figsize=(min(width, WIDTH), 0.65 * len(counts) + 0.5)).gca()
    step, middle = 1.0, 0.0  # position u of the row stands at step * u + middle
    left, right = 0.0, counts[0] - 1.0
    for k, count in enumerate(counts):
        before, after = layers[k].pads[0] if k < len(layers) else (0, 0)
        left = min(left, step * -before + middle)
        right = max(right, step * (count - 1 + after) + middle)
        for place in range(-before, count + after):
            state = "unused" if place not in used[k] else "used"
            if not 0 <= place < count:
                state = "padding"
            elif k == 0 and place in blind:
                state = "blind"
            number = place if k and state != "padding" else ""  # pixels: at the axis
            _draw_position(ax, step * place + middle, k, state, number)
        if k < len(layers):
            below, layer = (step, middle), layers[k]
            middle += step * (layer.reach / 2 - before)
            step *= layer.stride
            for unit in used[k + 1]:
                for place in layer.window(unit):
                    x = (below[0] * place + below[1], step * unit + middle)
                    y = (k + 0.25, k + 0.75)
                    ax.plot(x, y, "-", color=OKABE_ITO["blue"], linewidth=0.7, zorder=1)
    ax.set_yticks(range(len(counts)), ["image", *labels], fontsize=8)
    ax.set_xticks(range(0, counts[0], 1 if counts[0] <= 20 else 4))
    ax.tick_params(length=0, labelsize=8)
    ax.set_title(title, fontsize=9)
    ax.set(xlim=(left - 0.8, right + 0.8), ylim=(-0.4, len(layers) + 0.4))
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax


def plot_cones(layers, cones, counts):
    """Draw several cones of one net, two in a row, each with its title.

    Parameters
    ----------
    layers, counts
        As for `plot_cone`.
    cones : dict
        Title to what `utils.receptive_field.ancestry` returns for a unit.

    Returns
    -------
    ndarray of Axes
        One per cone, in order.
    """
    columns, rows = 2, -(-len(cones) // 2)
    height = 0.4 * len(counts) + 0.35
    _, axes = plt.subplots(rows, columns, figsize=(WIDTH, rows * height), squeeze=False)
    for ax in axes.flat[len(cones) :]:
        ax.remove()
    for k, (title, used) in enumerate(cones.items()):
        plot_cone(layers, used, counts, title=title, ax=axes.flat[k])
        axes.flat[k].set_xticks(range(0, counts[0], 1 if counts[0] <= 8 else 2))
        if k % columns:
            axes.flat[k].set_yticklabels([])
    return axes.flat[: len(cones)]


def plot_fields_on_image(image, boxes, ax=None):
    """Draw the receptive fields of some units as squares on an image.

    Parameters
    ----------
    image : ndarray of shape (H, W, 3)
        Float, from 0 to 1.
    boxes : dict
        Label of a unit to its ``(first, last)`` pixel, both inclusive, the same for
        rows and columns; outside the image lies padding, which is hatched.
    ax : Axes, optional
        Where to draw; a new figure if it is left out.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = plt.figure(figsize=(5.0, 3.1)).gca()
    low = min(0, *(first for first, _ in boxes.values()))
    high = max(len(image) - 1, *(last for _, last in boxes.values()))
    ax.add_patch(_square(low, high, facecolor="white", edgecolor="0.6", hatch="////"))
    ax.imshow(image, zorder=2)
    colors = list(OKABE_ITO.values())
    for k, (label, (first, last)) in enumerate(boxes.items()):
        color, line = colors[k % len(colors)], ["-", "--", "-.", ":"][k % 4]
        for edge, width in (("white", 3.5), (color, 2.0)):  # white, to stand out
            frame = _square(first, last, fill=False, edgecolor=edge, linewidth=width)
            frame.set(zorder=3, linestyle="-" if edge == "white" else line)
            ax.add_patch(frame)
        ax.plot([], [], color=color, linestyle=line, linewidth=2, label=label)
    ax.set(xlim=(low - 1, high + 1), ylim=(high + 1, low - 1))
    ax.set_aspect("equal")
    ax.grid(False)
    ax.tick_params(labelsize=8)
    ax.legend(loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False, fontsize=8)
    return ax


def plot_growth(sizes, limit=32, ax=None):
    """Draw how the side length of the receptive field grows with depth.

    Parameters
    ----------
    sizes : dict
        Name of a net to its side lengths in pixels, from layer 1 on.
    limit : int, default 32
        Side length of the image in pixels, drawn as a horizontal line.
    ax : Axes, optional
        Where to draw; a new figure if it is left out.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = plt.figure(figsize=(6.0, 3.6)).gca()
    ax.set_yscale("log", base=2)
    for k, (name, values) in enumerate(sizes.items()):
        ax.plot(
            range(1, len(values) + 1), values, markersize=5, label=name, **curve_look(k)
        )
    edge = f"the whole image, {limit} pixels"
    ax.axhline(limit, color="black", linestyle="--", linewidth=1, label=edge)
    ax.yaxis.set_major_formatter("{x:.0f}")
    ax.set_xlabel("layer")
    ax.set_ylabel("side length of the receptive field (pixels)")
    ax.legend(fontsize=8, frameon=False)
    return ax


def plot_coverage(counts, title="", label="units that see the pixel", ax=None):
    """Draw a number for each pixel as a heat map; pixels with 0 are hatched.

    Parameters
    ----------
    counts : ndarray of shape (H, W)
        How many units see each pixel, or how many paths lead from it to one unit.
    title : str, default ""
        Printed above.
    label : str
        What the numbers are; empty for no colour bar.
    ax : Axes, optional
        Where to draw; a new figure if it is left out.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = plt.figure(figsize=(4.2, 3.4)).gca()
    seen = np.ma.masked_equal(counts, 0)
    picture = ax.imshow(seen, cmap="cividis", vmin=0, vmax=max(1, counts.max()))
    zeros = [Rectangle((j - 0.5, i - 0.5), 1, 1) for i, j in np.argwhere(counts == 0)]
    ax.add_collection(
        PatchCollection(
            zeros,
            facecolor=OKABE_ITO["vermillion"],
            edgecolor="black",
            hatch="//////",
            linewidth=0,
        )
    )
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, integer=True))
    if label:
        ax.figure.colorbar(picture, ax=ax, label=label, shrink=0.85)
    ax.set_title(title, fontsize=9)
    ax.tick_params(labelsize=8)
    ax.grid(False)
    return ax


def plot_blind_spots(maps, columns=3):
    """Draw several coverage maps side by side, one small picture per net.

    Each has colours of its own, from dark for 0 units to bright for the most.

    Parameters
    ----------
    maps : dict
        Title of a net to its counts, an ndarray of shape (H, W).
    columns : int, default 3
        Pictures in one row, >= 1.

    Returns
    -------
    ndarray of Axes
        One per map, in order.
    """
    rows = -(-len(maps) // columns)
    _, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.3 * rows), squeeze=False, layout="constrained"
    )
    for ax in axes.flat[len(maps) :]:
        ax.remove()
    for ax, (title, counts) in zip(axes.flat, maps.items(), strict=False):
        plot_coverage(counts, title=title, label="", ax=ax)
    drawn = axes.flat[: len(maps)]
    picture = ScalarMappable(Normalize(0, 1), cmap="cividis")
    look = {"shrink": 0.7, "aspect": 30, "pad": 0.02, "ticks": [0, 1]}
    bar = drawn[0].figure.colorbar(picture, ax=list(drawn), **look)
    bar.ax.set_yticklabels(["0", "most"], fontsize=7)
    bar.set_label("neurons that see the pixel", fontsize=8)
    return drawn


def _draw_position(ax, x, row, state, number):
    looks = {
        "used": {"facecolor": OKABE_ITO["blue"], "edgecolor": "black"},
        "unused": {"facecolor": "white", "edgecolor": "0.5"},
        "padding": {"facecolor": "white", "edgecolor": "0.6", "hatch": "//////"},
        "blind": {"facecolor": OKABE_ITO["orange"], "edgecolor": "black"},
    }
    box = Rectangle((x - 0.4, row - 0.2), 0.8, 0.4, linewidth=0.8, **looks[state])
    ax.add_patch(box).set_zorder(2)
    color = "white" if state == "used" else "0.4"
    ax.text(x, row, number, color=color, fontsize=6, ha="center", va="center_baseline")
    if state == "blind":
        ax.plot(x, row, marker="x", color="black", markersize=6, zorder=3)


def _square(first, last, **look):
    side = last - first + 1
    return Rectangle((first - 0.5, first - 0.5), side, side, **look)
