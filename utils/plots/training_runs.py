"""Many trainings in one picture: on the way, at the end, and beside those of others."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

from utils.plots.pictures import WIDTH
from utils.plots.training import SHADES

MARKERS = "os^Dv*P"
BARS = 65, 80, 90, 94  # per cent, as the recipes are called; level lines
TIMES = {1: "1 s", 3: "3 s", 10: "10 s", 30: "30 s", 60: "1 min"}
TIMES |= {300: "5 min", 1200: "20 min", 3600: "1 h", 10800: "3 h"}


def plot_learning(histories, sizes=()):
    """Draw loss, accuracy over steps and accuracy over time for some seeds.

    Lines are means over the seeds, bands reach from the lowest to the highest seed.

    Parameters
    ----------
    histories : sequence of dict
        `utils.solver.Solver.history` of each seed, measured at the same steps.
    sizes : sequence of (float, int), optional
        (progress, image size) of a recipe; the phases are shaded.

    Returns
    -------
    axes : ndarray of Axes of shape (3,)

    Raises
    ------
    ValueError
        If the seeds were not measured at the same steps.
    """
    steps = np.array(histories[0]["step"])
    for k, history in enumerate(histories):
        if history["step"] != histories[0]["step"]:
            raise ValueError(
                f"histories[{k}] has {len(history['step'])} rows up to step "
                f"{history['step'][-1]}, histories[0] has {len(steps)} up to step "
                f"{steps[-1]}: a mean needs trainings that were measured at the same "
                f"steps. Leave out those that ended early, or draw each by itself."
            )
    _, axes = plt.subplots(1, 3, figsize=(WIDTH, 2.6), width_ratios=(1.15, 1, 1))
    columns = {key: _table(histories, key) for key in ("loss", "seconds")}
    _band(axes[0], steps, columns["loss"], "C0", "-", "training loss")
    axes[0].set(xlabel="step", ylabel="loss", title="loss and learning rate")
    _rates_beside(axes[0], steps, histories[0]["rates"])
    for name, k in (("train", 0), ("val", 1)):
        values = 100 * _table(histories, f"{name}_accuracy")
        label = {"train": "training", "val": "validation"}[name]
        look = f"C{k}", ("-", "--")[k], label
        _band(axes[1], steps, values, *look)
        _band(axes[2], columns["seconds"].mean(axis=0), values, *look)
    axes[1].set(xlabel="step", ylabel="accuracy (%)", title="over steps")
    axes[2].set(xlabel="seconds of training", title="over time")
    ends = [begin for begin, _ in sizes[1:]] + [1.0]
    for k, ((begin, size), end) in enumerate(zip(sizes, ends, strict=False)):
        for ax in axes[:2]:
            span = begin * steps[-1], end * steps[-1]
            ax.axvspan(*span, color=SHADES[k % 2], lw=0, zorder=0)
        place = {"xycoords": ("data", "axes fraction"), "ha": "center"}
        middle = sum(span) / 2
        axes[1].annotate(f"{size} px", (middle, 0.02), **place, fontsize=7, color="0.3")
    axes[2].legend(loc="lower right")
    return axes


def _table(histories, key):
    """Give one row per seed; what was not measured is nan."""
    rows = [
        [np.nan if value is None else value for value in history[key]]
        for history in histories
    ]
    return np.array(rows, float)


def _band(ax, x, rows, color, style, label):
    measured = np.isfinite(rows).all(axis=0)
    x, rows = np.asarray(x)[measured], rows[:, measured]
    ax.plot(x, rows.mean(axis=0), color=color, ls=style, label=label)
    if len(rows) > 1:
        low, high = rows.min(axis=0), rows.max(axis=0)
        ax.fill_between(x, low, high, color=color, alpha=0.2, lw=0)


def _rates_beside(ax, steps, rates):
    """Draw the first group's learning rate on an axis of its own."""
    name = next(iter(rates[0]))
    beside = ax.twinx()
    values = [row[name] for row in rates]
    beside.plot(steps, values, color="C6", ls=":", label="learning rate")
    beside.set(ylim=(0, 1.1 * max(values) or 1))
    beside.tick_params(labelsize=7)
    beside.grid(False)
    lines = ax.get_lines()[:1] + beside.get_lines()
    beside.legend(lines, [line.get_label() for line in lines], loc="upper right")


def plot_rate_search(findings, chosen=()):
    """Draw what the learning rate finder saw for some optimisers.

    Parameters
    ----------
    findings : dict
        Name -> object with ``rates``, ``losses``, ``smooth`` and ``suggestion``, see
        `utils.solver.find_learning_rate`.
    chosen : dict, optional
        Name -> rate that is used in the end.

    Returns
    -------
    axes : ndarray of Axes of shape (number of optimisers,)
    """
    size = {"figsize": (WIDTH, 2.4), "sharey": True, "squeeze": False}
    _, axes = plt.subplots(1, len(findings), **size)
    for ax, (name, found) in zip(axes[0], findings.items(), strict=True):
        ax.plot(found.rates, found.losses, ".", ms=3, color="C5", label="one batch")
        ax.plot(found.rates, found.smooth, color="C0", ls="-", label="smoothed")
        ax.set(xscale="log", xlabel="learning rate", title=name)
        if found.suggestion is not None:
            label = f"suggested: {found.suggestion:.2g}"
            ax.axvline(found.suggestion, color="C1", ls="--", label=label)
        if name in chosen:
            ax.axvline(
                chosen[name], color="C6", ls=":", label=f"used: {chosen[name]:g}"
            )
        look = {"frameon": True, "framealpha": 0.9, "edgecolor": "none"}
        ax.legend(fontsize=7, loc="upper left", **look)
    low = min(min(found.smooth) for found in findings.values())
    high = max(found.smooth[0] for found in findings.values())
    axes[0, 0].set(ylabel="loss", ylim=(low - 0.15, high + 1.1))
    return axes[0]


def plot_frontier(ours, box=None, peers=None):
    """Draw accuracy against training time, on a logarithmic axis.

    Parameters
    ----------
    ours : dict
        Name -> (seconds, accuracy) or (seconds, accuracy, standard deviation).
    box : tuple, optional
        ((fewest, most) seconds, accuracies from the lowest to the highest) of others,
        drawn as a region with a line at the middle accuracy.
    peers : dict, optional
        Name -> (seconds, accuracy) of others.

    Returns
    -------
    ax : Axes
    """
    _, ax = plt.subplots(figsize=(WIDTH, 3.6))
    for bar in BARS:
        ax.axhline(bar, color="0.6", ls=":", lw=1, zorder=0)
    if box is not None:
        (left, right), levels = box
        levels = 100 * np.array(levels)
        corner, size = (left, levels[0]), (right - left, levels[-1] - levels[0])
        look = {"fc": "C5", "ec": "C0", "alpha": 0.35, "hatch": "////"}
        ax.add_patch(Rectangle(corner, *size, **look, label="students' best runs"))
        ax.hlines(levels[len(levels) // 2], left, right, color="C0", ls="-", lw=1)
    for k, (name, (seconds, accuracy)) in enumerate((peers or {}).items()):
        look = {"marker": "x+1"[k % 3], "color": "black", "ms": 7, "ls": ""}
        look["zorder"] = 5  # above the white of our labels
        ax.plot(seconds, 100 * accuracy, **look, label=name)
    for name, (seconds, accuracy, *spread) in ours.items():
        error = 100 * spread[0] if spread else 0
        look = {"color": "C1", "ms": 6, "capsize": 2, "ls": "", "zorder": 3}
        ax.errorbar(seconds, 100 * accuracy, error or None, fmt="o", **look)
        place = {"xytext": (6, -3), "textcoords": "offset points", "va": "top"}
        if _is_crowded(seconds, accuracy, (peers or {}).values()):
            place |= {"xytext": (-6, -3), "ha": "right"}
        text = f"{name}\n{_seconds(seconds)}, {100 * accuracy:.1f} %"
        plain = {"fc": "white", "ec": "none", "pad": 0.5, "alpha": 0.8}
        ax.annotate(text, (seconds, 100 * accuracy), **place, fontsize=7, bbox=plain)
    ax.set(xscale="log", xlabel="time of training (logarithmic scale)")
    ax.set(ylabel="accuracy (%)", ylim=(55, 98))
    ax.set_yticks([60, 70, *BARS])
    low, high = ax.get_xlim()
    ax.set_xlim(low / 1.3, high * 2.2)
    ax.set_xticks(*zip(*TIMES.items(), strict=True))
    ax.set_xticks([], minor=True)
    ax.grid(False, axis="y")
    if box is not None or peers:
        ax.legend(fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.16))
    return ax


def _is_crowded(seconds, accuracy, others):
    """Tell whether a mark lies where a label to the lower right would be written."""
    return any(
        1 < other / seconds < 4.5 and -0.01 < accuracy - right < 0.06
        for other, right in others
    )


def _seconds(value):
    """Write seconds, minutes or hours."""
    for unit, length in (("h", 3600), ("min", 60)):
        if value >= 1.5 * length:
            return f"{value / length:.3g} {unit}"
    return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"


def plot_race(curves):
    """Draw accuracy over time for several ways to train, with some seeds each.

    Parameters
    ----------
    curves : dict
        Name -> list of dicts with ``seconds`` and ``accuracy``, one for each seed,
        measured at the same steps, and ``size``, of the images.

    Returns
    -------
    ax : Axes
    """
    _, ax = plt.subplots(figsize=(WIDTH * 0.75, 3.0))
    for k, (name, seeds) in enumerate(curves.items()):
        rows = 100 * np.array([seed["accuracy"] for seed in seeds])
        x = np.mean([seed["seconds"] for seed in seeds], axis=0)
        label = f"{name}: {rows[:, -1].mean():.1f} %"
        line = ("-", "--", "-.", ":")[k % 4]
        ax.plot(x, rows.mean(axis=0), color=f"C{k}", ls=line, label=label)
        ax.fill_between(
            x, rows.min(axis=0), rows.max(axis=0), color=f"C{k}", alpha=0.15, lw=0
        )
        sizes = np.array(seeds[0]["size"])
        turns = np.flatnonzero(np.diff(sizes)) + 1
        ax.plot(x[turns], rows.mean(axis=0)[turns], MARKERS[k], color=f"C{k}", ms=6)
    ax.set(xlabel="seconds of training", ylabel="accuracy (%)")
    ax.legend(loc="lower right")
    return ax
