"""The figures of Receptive-Fields.ipynb on what a unit really uses."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from utils.plots.pictures import WIDTH
from utils.plots.receptive_fields import OKABE_ITO, curve_look


def plot_influences(maps, sides, ax=None):
    """Draw how strongly pixels move a unit: one picture per net, all to one scale.

    A dashed square is as large as the effective field.

    Parameters
    ----------
    maps : dict
        Title of a net to its influences, an ndarray of shape (size, size), 1 at most.
    sides : sequence of float
        Side lengths of the effective fields, in pixels.
    ax : sequence of Axes, optional
        Where to draw, one per map; a new figure if it is left out.

    Returns
    -------
    ndarray of Axes
    """
    if ax is None:
        width = WIDTH / max(len(maps), 3)
        figure = plt.figure(figsize=(len(maps) * width, width + 0.35))
        ax = figure.subplots(1, len(maps), squeeze=False)[0]
    widest = max(len(one) for one in maps.values()) / 2
    for one, (title, values), side in zip(ax, maps.items(), sides, strict=True):
        half = len(values) / 2
        box = (-half, half, half, -half)
        picture = one.imshow(values, cmap="cividis", vmin=0, vmax=1, extent=box)
        square = np.array([-1, 1, 1, -1, -1]) * side / 2
        corners = np.array([-1, -1, 1, 1, -1]) * side / 2
        one.plot(square, corners, "-", color="black", linewidth=1.6)  # to stand out
        one.plot(square, corners, "--", color="white", linewidth=1)
        one.set(xlim=(-widest, widest), ylim=(widest, -widest))
        one.set_title(title, fontsize=8)
        one.tick_params(labelsize=7)
        one.grid(False)
    bar = ax[-1].figure.colorbar(picture, ax=list(ax), shrink=0.7, pad=0.01)
    bar.set_label("influence", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    return np.asarray(ax)


def plot_profiles(profiles, deviations, ax=None):
    """Draw the middle rows of influences and normal curves of the same width.

    Parameters
    ----------
    profiles : dict
        Name of a net to the influences of one row, 1 at most.
    deviations : sequence of float
        Standard deviation of the curve beside each, in pixels.
    ax : Axes, optional
        Where to draw; a new figure if it is left out.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = plt.figure(figsize=(6.0, 2.6)).gca()
    pairs = zip(profiles.items(), deviations, strict=True)
    for k, ((name, values), deviation) in enumerate(pairs):
        x = np.arange(len(values)) - (len(values) - 1) / 2
        ax.plot(
            x, values, linestyle="none", label=name, markersize=3.5, **curve_look(k)
        )
        fine = np.linspace(x[0], x[-1], 200)
        ax.plot(
            fine,
            np.exp(-0.5 * (fine / deviation) ** 2),
            linestyle="-",
            color=curve_look(k)["color"],
            linewidth=1,
        )
    ax.plot([], [], "-", color="0.4", linewidth=1, label="normal curve")
    ax.set_xlabel("pixels from the middle")
    ax.set_ylabel("influence")
    ax.legend(fontsize=8)
    return ax


def plot_power_law(depths, sides, ax=None):
    """Draw side lengths against depth, both on logarithmic axes.

    On such axes a power of the depth is a straight line, and its exponent the slope.

    Parameters
    ----------
    depths : sequence of ints
        Numbers of layers.
    sides : dict
        Name of a curve to its side lengths in pixels; the slope of the best straight
        line is added to each name.
    ax : Axes, optional
        Where to draw; a new figure if it is left out.

    Returns
    -------
    Axes
    """
    if ax is None:
        ax = plt.figure(figsize=(6.0, 3.2)).gca()
    for k, (name, values) in enumerate(sides.items()):
        slope = np.polyfit(np.log(depths), np.log(values), 1)[0]
        ax.loglog(depths, values, label=f"{name}: slope {slope:.2f}", **curve_look(k))
    first = min(min(values) for values in sides.values())
    guide = first * np.sqrt(np.asarray(depths) / depths[0]) * 0.8
    ax.loglog(depths, guide, ":", color="black", label="slope 0.5", linewidth=1)
    low, high = guide[0], max(max(values) for values in sides.values())
    ticks = [tick for tick in (5, 10, 20, 40, 80, 160) if low <= tick <= high]
    ax.set_xticks(depths, [str(depth) for depth in depths])
    ax.set_yticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_xlabel("layers")
    ax.set_ylabel("side length (pixels)")
    ax.legend(fontsize=8)
    return ax


def plot_agreement(expected, found):
    """Compare the pixels that different probes find with those that there are.

    Parameters
    ----------
    expected : ndarray of shape (H, W)
        bool, the receptive field.
    found : dict
        What a probe is called to the pixels it finds, bool of the same shape.

    Returns
    -------
    ndarray of Axes
        One per probe.  Blue: in the field and found; hatched: missed; crossed: found
        although it is outside.
    """
    columns, rows = 3, -(-len(found) // 3)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.2 * rows + 0.3), squeeze=False
    )
    for ax in axes.flat[len(found) :]:
        ax.remove()
    for ax, (title, mask) in zip(axes.flat, found.items(), strict=False):
        hit, miss, extra = expected & mask, expected & ~mask, mask & ~expected
        ax.pcolormesh(
            np.where(hit, 1.0, np.nan), cmap=ListedColormap([OKABE_ITO["blue"]])
        )
        for i, j in np.argwhere(miss):
            ax.add_patch(_pixel(i, j, facecolor="white", hatch="//////"))
        for i, j in np.argwhere(extra):
            ax.add_patch(_pixel(i, j, facecolor=OKABE_ITO["orange"]))
            ax.plot(j + 0.5, i + 0.5, "x", color="black", markersize=3)
        count = f"{hit.sum()} of {expected.sum()}"
        count += f", {extra.sum()} outside" if extra.any() else ""
        ax.set_title(f"{title}\n{count}", fontsize=8)
        inside = np.argwhere(expected | mask)
        (top, left), (bottom, right) = inside.min(axis=0), inside.max(axis=0)
        ax.set(xlim=(left - 1, right + 2), ylim=(bottom + 2, top - 1), aspect="equal")
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_locator(MaxNLocator(5, integer=True))
        ax.tick_params(labelsize=7)
        ax.grid(False)
    handles = [
        Patch(facecolor=OKABE_ITO["blue"], label="seen and found"),
        Patch(facecolor="white", edgecolor="0.4", hatch="//////", label="missed"),
    ]
    if any((mask & ~expected).any() for mask in found.values()):
        cross = {"marker": "x", "color": "black", "markersize": 4}
        handles.append(Line2D([], [], linestyle="none", label="outside", **cross))
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8)
    return axes.flat[: len(found)]


def _pixel(i, j, **look):
    return plt.Rectangle((j, i), 1, 1, edgecolor="0.4", linewidth=0, **look)
