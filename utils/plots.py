"""Every figure of the workbook: functions take data, draw, and return their Axes.

Nothing here trains, loads data or calls ``plt.show()``; the style is in
``workbook.mplstyle``.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

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
        _hide_frame(ax)
    for k, image in enumerate(images):
        axes.flat[k].imshow(_picture(image), cmap="gray")
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
    return _hide_frame(ax)


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
    figure, axes = plt.subplots(
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


def show_histograms(arrays, titles, bins=60):
    """Draw one panel per array, with one histogram for each of its channels.

    Parameters
    ----------
    arrays : sequence of ndarrays of shape (N, C, H, W)
        The values to count.
    titles : sequence of str
        One line above each panel.
    bins : int, default 60
        Number of intervals.

    Returns
    -------
    axes : ndarray of Axes of shape (number of arrays,)
    """
    _, axes = plt.subplots(1, len(arrays), figsize=(WIDTH, 2.4), squeeze=False)
    for ax, array, title in zip(axes[0], arrays, titles, strict=True):
        edges = np.linspace(array.min(), array.max(), bins + 1)
        for c in range(array.shape[1]):
            style = {"ls": ("-", "--", "-.", ":")[c % 4], "label": f"channel {c}"}
            counts, _ = np.histogram(array[:, c], edges)
            ax.stairs(counts, edges, ec=f"C{c}", linewidth=1.5, **style)
        ax.set(title=title, xlabel="value", ylabel="pixels")
    axes[0, -1].legend()
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


def plot_history(solver, bar=None):
    """Draw a solver's loss per iteration beside its accuracy per epoch.

    Parameters
    ----------
    solver : utils.solver.Solver
        Only ``loss_history``, ``train_acc_history`` and ``val_acc_history`` are read.
    bar : float, optional
        An accuracy to reach, drawn as a level line.

    Returns
    -------
    axes : ndarray of Axes of shape (2,)
    """
    _, axes = plt.subplots(1, 2, figsize=(WIDTH, 2.6))
    losses = np.asarray(solver.loss_history)
    window = max(1, len(losses) // 50)
    size = 2 if len(losses) > 200 else 5
    axes[0].plot(losses, ".", ms=size, color="C5", label="one batch")
    if window > 1:
        mean = np.convolve(losses, np.ones(window) / window, "valid")
        axes[0].plot(np.arange(len(mean)) + window / 2, mean, label=f"mean of {window}")
    axes[0].set(xlabel="iteration", ylabel="loss", title="training loss")
    axes[1].plot(solver.train_acc_history, "o-", ms=4, label="training")
    axes[1].plot(solver.val_acc_history, "s--", ms=4, label="validation")
    if bar is not None:
        axes[1].axhline(bar, color="C6", ls=":", label=f"bar {bar:g}")
    axes[1].set(xlabel="epoch", ylabel="accuracy", title="accuracy")
    axes[1].locator_params(axis="x", integer=True)
    for ax in axes:
        ax.legend()
    return axes


def plot_curves(curves, xlabel, ylabel, title="", xscale="linear", ax=None):
    """Draw several labelled lines in one panel.

    Parameters
    ----------
    curves : dict
        Label -> ``y`` or label -> ``(x, y)``; without x the points are counted
        from 0.
    xlabel, ylabel, title : str
        Texts of the panel.
    xscale : {"linear", "log"}
        Scale of the horizontal axis.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    ax : Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH * 0.7, 2.8))
    for k, (label, curve) in enumerate(curves.items()):
        x, y = curve if isinstance(curve, tuple) else (range(len(curve)), curve)
        ax.plot(x, y, marker="os^Dv<>"[k % 7], ms=4, label=label)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title, xscale=xscale)
    ax.legend()
    return ax


def plot_panels(panels, xlabel, ylabel):
    """Draw labelled lines in several panels side by side, on one vertical scale.

    Parameters
    ----------
    panels : dict
        Title of each panel -> its ``curves`` for `plot_curves`.
    xlabel, ylabel : str
        Texts of the axes.

    Returns
    -------
    axes : ndarray of Axes of shape (number of panels,)
    """
    size = {"figsize": (WIDTH, 2.6), "sharey": True, "squeeze": False}
    _, axes = plt.subplots(1, len(panels), **size)
    for ax, (title, curves) in zip(axes[0], panels.items(), strict=True):
        plot_curves(curves, xlabel, "", title, ax=ax)
    axes[0, 0].set_ylabel(ylabel)
    return axes[0]


def compare_timings(seconds, ax=None):
    """Draw naive and fast running times as bars on a logarithmic scale.

    Parameters
    ----------
    seconds : dict
        Name -> ``(naive, first, fast)``, in seconds, as `utils.workbook` prints them;
        the first call is not drawn.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    ax : Axes
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 0.8 + 0.5 * max(1, len(seconds))))
    for k, (naive, _, fast) in enumerate(seconds.values()):
        names = (None, None) if k else ("naive", "fast")
        ax.barh(k - 0.2, naive, 0.38, color="C0", label=names[0])
        ax.barh(k + 0.2, fast, 0.38, color="C4", hatch="//", label=names[1])
        text = f" {naive / fast:,.0f} times faster"
        ax.text(fast, k + 0.2, text, va="center", fontsize=8)
    ax.set(xscale="log", xlabel="seconds per call (logarithmic scale)")
    ax.set_yticks(range(len(seconds)), list(seconds))
    ax.invert_yaxis()
    if seconds:
        ax.legend(loc="lower right")
    return ax


def show_confusion(y, predicted, classes, ax=None):
    """Draw how often each class was taken for each other, in per cent of its images.

    Parameters
    ----------
    y, predicted : ndarrays of shape (N,), integer
        Right and predicted classes.
    classes : sequence of str
        Names of the classes.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    ax : Axes
    """
    K = len(classes)
    counts = np.bincount(K * np.asarray(y) + predicted, minlength=K * K).reshape(K, K)
    share = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    if ax is None:
        _, ax = plt.subplots(figsize=(4.6, 4.2))
    ax.imshow(share, cmap="Blues", vmin=0, vmax=100)
    for (row, column), value in np.ndenumerate(share):
        color = "white" if value > 50 else "black"
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", color=color)
    ax.set_xticks(range(K), classes, rotation=45, ha="right")
    ax.set_yticks(range(K), classes)
    ax.set(xlabel="predicted", ylabel="right class", title="per cent of each class")
    ax.grid(False)
    return ax


def _hide_frame(ax):
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


def _picture(image):
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
    _hide_frame(ax)


def plot_cone(layers, used, counts, blind=(), title="", ax=None):
    """Draw along one axis what one unit sees: rows are layers, the image at the bottom.

    Every unit stands above the middle of what it sees. Filled positions carry
    something to the unit at the top, hatched ones are zero padding, crossed ones are
    pixels that no unit of the last layer sees.

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
    margin = 0.8 + max(layer.pad for layer in layers)
    if ax is None:
        width = 0.3 * (counts[0] + 2 * margin) + 0.07 * max(map(len, labels))
        ax = plt.figure(figsize=(min(width, WIDTH), 0.65 * len(counts) + 0.5)).gca()
    step, middle = 1.0, 0.0  # position u of the row stands at step * u + middle
    for k, count in enumerate(counts):
        pad = layers[k].pad if k < len(layers) else 0
        for place in range(-pad, count + pad):
            state = "unused" if place not in used[k] else "used"
            if not 0 <= place < count:
                state = "padding"
            elif k == 0 and place in blind:
                state = "blind"
            _draw_position(ax, step * place + middle, k, state)
        if k < len(layers):
            below, layer = (step, middle), layers[k]
            middle += step * (layer.reach / 2 - layer.pad)
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
    ax.set(xlim=(-margin, counts[0] - 1 + margin), ylim=(-0.4, len(layers) + 0.4))
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return ax


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
        ax = plt.figure(figsize=(6.0, 3.8)).gca()
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
    colors, markers = list(OKABE_ITO.values()), "os^Dv*Ph"
    for k, (name, values) in enumerate(sizes.items()):
        look = {"color": colors[k % len(colors)], "marker": markers[k % len(markers)]}
        ax.plot(range(1, len(values) + 1), values, markersize=5, label=name, **look)
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
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, 2.3 * rows), squeeze=False, layout="constrained"
    )
    for ax in axes.flat[len(maps) :]:
        ax.remove()
    for ax, (title, counts) in zip(axes.flat, maps.items(), strict=False):
        plot_coverage(counts, title=title, label="", ax=ax)
    return axes.flat[: len(maps)]


def _draw_position(ax, x, row, state):
    looks = {
        "used": {"facecolor": OKABE_ITO["blue"], "edgecolor": "black"},
        "unused": {"facecolor": "white", "edgecolor": "0.5"},
        "padding": {"facecolor": "white", "edgecolor": "0.6", "hatch": "//////"},
        "blind": {"facecolor": OKABE_ITO["orange"], "edgecolor": "black"},
    }
    box = Rectangle((x - 0.4, row - 0.2), 0.8, 0.4, linewidth=0.8, **looks[state])
    ax.add_patch(box).set_zorder(2)
    if state == "blind":
        ax.plot(x, row, marker="x", color="black", markersize=6, zorder=3)


def _square(first, last, **look):
    side = last - first + 1
    return Rectangle((first - 0.5, first - 0.5), side, side, **look)
