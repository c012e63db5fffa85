"""What a hyper-parameter search found: importances, and accuracy along each axis."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.pictures import WIDTH

COLUMNS = 4  # panels side by side


def plot_importance(importances, ax=None):
    """Draw how much of the differences in accuracy each hyper-parameter explains.

    Parameters
    ----------
    importances : dict
        Name -> share between 0 and 1, the largest first, as
        `utils.sweep.Study.importances` gives it.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    ax : Axes
    """
    if ax is None:
        height = 0.8 + 0.3 * max(1, len(importances))
        _, ax = plt.subplots(figsize=(WIDTH * 0.7, height))
    names, shares = list(importances), np.array(list(importances.values()), float)
    ax.barh(range(len(names)), 100 * shares, 0.62, color="C0")
    for k, share in enumerate(shares):
        place = {"xytext": (4, 0), "textcoords": "offset points", "va": "center"}
        ax.annotate(f"{share:.0%}", (100 * share, k), fontsize=8, **place)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="importance in per cent")
    ax.set_xlim(0, 115 * max(shares, default=1) or 1)
    ax.invert_yaxis()
    ax.grid(False, axis="y")
    return ax


def plot_slices(rows, scales=None):
    """Draw the accuracy of all trials against each hyper-parameter.

    Finished trials are dots, the best one a star.  What a pruned trial had reached is
    no result to compare with, so a cross at the lower edge shows only where it was.

    Parameters
    ----------
    rows : list of dicts
        With ``state``, ``accuracy`` and ``params`` (dict), as
        `utils.sweep.Study.table` gives them; others than finished and pruned ones are
        left out.
    scales : dict, optional
        Name of a hyper-parameter -> "linear" (if not given), "log" or "choice", as
        `utils.sweep.Study.scales` gives it.

    Returns
    -------
    axes : ndarray of Axes of shape (number of hyper-parameters,)
    """
    scales = scales or {}
    names = list(dict.fromkeys(name for row in rows for name in row["params"]))
    count = max(1, len(names))
    columns = min(COLUMNS, count)
    lines = -(-count // columns)
    shape = {"figsize": (WIDTH, 0.4 + 2.2 * lines), "squeeze": False, "sharey": True}
    figure, grid = plt.subplots(lines, columns, **shape)
    axes = grid.ravel()
    for ax in axes[count:]:
        ax.remove()
    for ax, name in zip(axes, names, strict=False):
        chosen = [row for row in rows if name in row["params"]]
        _slice(ax, name, chosen, scales.get(name, "linear"))
    for ax in grid[:, 0]:
        ax.set_ylabel("accuracy")
    _, labels = axes[0].get_legend_handles_labels()
    if labels:
        figure.legend(
            *axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3
        )
    return axes[:count]


def _slice(ax, name, rows, scale):
    """Draw one panel."""
    values = [row["params"][name] for row in rows]
    if scale == "choice":
        kinds = sorted(dict.fromkeys(values), key=_rank)
        x = np.array([kinds.index(value) for value in values], float)
        turn = 30 if max(len(str(kind)) for kind in kinds) > 5 else 0
        ax.set_xticks(range(len(kinds)), map(str, kinds), rotation=turn)
        ax.set_xlim(-0.5, len(kinds) - 0.5)
    else:
        x = np.array(values, float)
        ax.set_xscale(scale)
    states = np.array([row["state"] for row in rows])
    y = np.array([np.nan if r["accuracy"] is None else r["accuracy"] for r in rows])
    done, pruned = states == "finished", states == "pruned"
    ax.plot(x[done], y[done], "o", ms=4, color="C0", alpha=0.7, label="finished")
    if pruned.any():
        edge = {"transform": ax.get_xaxis_transform(), "clip_on": False}
        low = np.zeros(pruned.sum())
        style = {"ms": 4, "color": "C1", "alpha": 0.7, "label": "pruned"}
        ax.plot(x[pruned], low, "x", **style, **edge)
    if done.any():
        best = np.flatnonzero(done)[np.argmax(y[done])]
        ax.plot(x[best], y[best], "*", ms=11, color="C4", mec="k", label="best")
    ax.set_xlabel(name)


def _rank(value):
    """Sort numbers by value and before everything else."""
    number = isinstance(value, int | float)
    return (not number, value if number else 0, str(value))
