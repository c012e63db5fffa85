"""Curves, bars, histograms and the confusion matrix: what came out of a run."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.pictures import WIDTH


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

    Raises
    ------
    ValueError
        If the solver has not trained.
    """
    if not len(solver.loss_history):
        raise ValueError("This solver has not trained yet: call solver.train() first.")
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
        text = f" {_factor(naive, fast)}"
        ax.text(fast, k + 0.2, text, va="center", fontsize=8)
    ax.set(xscale="log", xlabel="seconds per call (logarithmic scale)")
    ax.set_yticks(range(len(seconds)), list(seconds))
    ax.invert_yaxis()
    if seconds:
        ax.legend(loc="lower right")
    return ax


def plot_ladder(rungs, lines=None, ax=None):
    """Draw one computation done in several ways, each faster than the one before.

    Parameters
    ----------
    rungs : sequence
        With attributes ``name``, ``seconds`` and ``gflops``, as `utils.ladder` gives
        them; the first one at the top.
    lines : dict, optional
        Name -> seconds of others, drawn as upright lines.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    ax : Axes
        Time at the bottom, billions of operations per second at the top.
    """
    if ax is None:
        _, ax = plt.subplots(figsize=(WIDTH, 1.1 + 0.33 * len(rungs)))
    ms = [1e3 * rung.seconds for rung in rungs]
    left = min(ms) / 3
    for k in range(len(rungs)):
        ax.barh(k, ms[k] - left, 0.62, left=left, color="C0")
        step = f", {_factor(ms[k - 1], ms[k])}" if k else ""
        place = {"xy": (ms[k], k), "xytext": (4, 0), "textcoords": "offset points"}
        plain = {"fc": "white", "ec": "none", "pad": 0.5}  # over a line
        text = f"{_short(ms[k])} ms{step}"
        ax.annotate(text, **place, va="center", fontsize=8, bbox=plain)
    for k, (name, seconds) in enumerate((lines or {}).items(), 1):
        style = {"color": f"C{k}", "ls": ("--", ":", "-.")[k % 3 - 1]}
        ax.axvline(1e3 * seconds, label=name, zorder=0, **style)
    ax.set(xscale="log", xlabel="milliseconds per image (logarithmic scale)")
    ax.set_xlim(left, max(ms) * 12)
    ax.set_yticks(range(len(rungs)), [rung.name for rung in rungs])
    ax.invert_yaxis()
    ax.grid(False, axis="y")

    def turn(x):  # milliseconds to GFLOP/s, and back
        return rungs[0].gflops * ms[0] / np.maximum(x, 1e-9)

    top = ax.secondary_xaxis("top", functions=(turn, turn))
    top.set_xlabel("GFLOP/s")
    if lines:
        ax.legend(loc="lower right")
    return ax


def _short(number):
    """Write a number with about two digits."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _factor(before, after):
    """Compare two times in words."""
    word = "faster" if after <= before else "slower"
    return f"{_short(max(before, after) / min(before, after))} times {word}"


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
    share = shares(y, predicted, K)
    if ax is None:
        _, ax = plt.subplots(figsize=(4.2, 3.6))
    ax.imshow(share, cmap="Blues", vmin=0, vmax=100)
    for (row, column), value in np.ndenumerate(share):
        color = "white" if value > 50 else "black"
        ax.text(column, row, f"{value:.0f}", ha="center", va="center", color=color)
    ax.set_xticks(range(K), classes, rotation=45, ha="right")
    ax.set_yticks(range(K), classes)
    ax.set(xlabel="predicted", ylabel="right class", title="per cent of each class")
    ax.grid(False)
    return ax


def shares(y, predicted, K):
    """Count, in per cent, how many images of each of K classes (row) went where."""
    counts = np.bincount(K * np.asarray(y) + predicted, minlength=K * K).reshape(K, K)
    return 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
