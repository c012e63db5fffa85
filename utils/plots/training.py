"""A training at work: one figure that is brought up to date in a notebook."""

import base64
import io
import sys

import numpy as np
from matplotlib.figure import Figure

from utils.plots.pictures import WIDTH

SHADES = "#EEF3F7", "#DCE7EF"  # of the phases, in turn


def plot_training(solver):
    """Draw losses, accuracies and learning rates over the steps of a training.

    The ranges of steps with images of one size are shaded, where sizes change.

    Parameters
    ----------
    solver : utils.solver.Solver
        At any moment: ``loss_history``, ``history``, ``num_updates``, ``phases()``
        and ``rate_curves()`` are read.

    Returns
    -------
    axes : ndarray of Axes of shape (3,)
        Loss, accuracy, learning rate, in a figure that pyplot does not know.
    """
    axes = Figure(figsize=(WIDTH, 2.4)).subplots(1, 3)
    _draw_losses(axes[0], solver.loss_history)
    _draw_accuracies(axes[1], solver.history)
    for k, (name, (steps, rates)) in enumerate(solver.rate_curves().items()):
        # Groups may share a curve: then only the markers tell them apart.
        look = {"marker": "os^Dv"[k % 5], "markevery": (0.06 * k, 0.3)}
        label = ("all others" if k else "all") if name == "*" else name
        label += "" if any(rates) else ": 0"  # has no place on a logarithmic axis
        axes[2].plot(steps, rates, **look, label=label)
    axes[2].set(title="learning rate", yscale=_scale(axes[2]))
    if solver.loss_history:
        axes[2].axvline(len(solver.loss_history), color="0.5", ls=":", lw=1)
    for ax in axes:
        ax.set(xlabel="step", xlim=(0, max(1, solver.num_updates)))
        _shade(ax, solver.phases(), named=ax is axes[1])
        if ax.get_legend_handles_labels()[1]:
            ax.legend(fontsize=7)
    if axes[2].get_legend():  # rates fall on the right: the free corner is below
        axes[2].margins(y=0.4)
        axes[2].legend(fontsize=7, loc="lower left")
    return axes


def _draw_losses(ax, losses):
    window = max(1, len(losses) // 50)
    steps = 1 + np.arange(len(losses))
    ax.plot(steps, losses, ".", ms=2, color="C5", label="one batch")
    if window > 1:
        mean = np.convolve(losses, np.ones(window) / window, "valid")
        ax.plot(steps[: len(mean)] + (window - 1) / 2, mean, label=f"mean of {window}")
    ax.set(title="training loss")


def _draw_accuracies(ax, history):
    for name, style in (("train", "o-"), ("val", "s--")):
        pairs = zip(history["step"], history[f"{name}_accuracy"], strict=True)
        pairs = [(step, accuracy) for step, accuracy in pairs if accuracy is not None]
        if pairs:
            word = {"train": "training", "val": "validation"}[name]
            ax.plot(*zip(*pairs, strict=True), style, ms=4, label=word)
    ax.set(title="accuracy")


def _scale(ax):
    """Choose logarithms where groups differ so much that some would lie on the axis."""
    peaks = [np.max(line.get_ydata()) for line in ax.lines if len(line.get_ydata())]
    peaks = [peak for peak in peaks if peak > 0]
    return "log" if peaks and max(peaks) > 20 * min(peaks) else "linear"


def _shade(ax, phases, named):
    if len(phases) < 2:
        return
    for k, (begin, end, size) in enumerate(phases):
        ax.axvspan(begin, end, color=SHADES[k % 2], lw=0, zorder=0)
        if named:
            place = {"xycoords": ("data", "axes fraction"), "ha": "center"}
            middle = (begin + end) / 2
            ax.annotate(f"{size} px", (middle, 0.02), **place, fontsize=6, color="0.4")


class LivePlot:
    """Show a solver while it trains: ``Solver(..., live_plot=plots.LivePlot())``.

    In a notebook there is one picture below the cell, drawn anew every second or so;
    when training is over it stays there, as one ordinary picture that is saved with the
    notebook.  Anywhere else nothing is drawn.

    Parameters
    ----------
    show : callable, optional
        Gets every picture as PNG; for use elsewhere than in a notebook.
    """

    def __init__(self, show=None):
        self._show = show or _notebook()

    def update(self, solver):
        """Draw the solver as it is now; the loop calls this now and then."""
        if self._show is not None:
            figure = plot_training(solver)[0].figure
            png = io.BytesIO()
            figure.savefig(png, format="png")
            self._show(png.getvalue())


def _notebook():
    """Return a function that shows a picture in place of the one before, or None."""
    module = sys.modules.get("IPython")
    shell = None if module is None else module.get_ipython()
    if not hasattr(shell, "kernel"):
        return None
    from IPython.display import display

    handles = []

    def show(png):
        text = base64.b64encode(png).decode()
        data = {"image/png": text, "text/plain": "<training: loss, accuracy, rate>"}
        if handles:
            handles[0].update(data, raw=True)
        else:
            handles.append(display(data, raw=True, display_id=True))

    return show
