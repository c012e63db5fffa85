"""The two figures of a search, from plain lists and dicts."""

import numpy as np
import pytest

from utils import plots


def row(state="finished", accuracy=0.5, **params):
    return {"state": state, "accuracy": accuracy, "params": params}


def points(ax):
    return {line.get_label(): line.get_xydata().tolist() for line in ax.lines}


def test_importances_are_bars_in_their_order():
    ax = plots.plot_importance({"rate": 0.75, "batch_size": 0.25})
    assert [bar.get_width() for bar in ax.patches] == [75, 25]
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "rate",
        "batch_size",
    ]
    assert [text.get_text() for text in ax.texts] == ["75%", "25%"]
    assert ax.yaxis_inverted()


@pytest.mark.parametrize("importances", [{}, {"a": 0.0}])
def test_importances_of_nothing(importances):
    assert len(plots.plot_importance(importances).patches) == len(importances)


def test_slices_tell_finished_pruned_and_the_best():
    rows = [
        row(accuracy=0.9, rate=0.1, batch=250),
        row(accuracy=0.8, rate=1.0, batch=125),
        row("pruned", 0.3, rate=10.0, batch=125),
        row("pruned", None, rate=5.0, batch=125),
        row("failed", None, rate=3.0, batch=125),
        row("running", 0.95, rate=3.0, batch=125),
    ]
    rate, batch = plots.plot_slices(rows, {"rate": "log", "batch": "choice"})
    assert rate.get_xscale() == "log"
    assert points(rate) == {
        "finished": [[0.1, 0.9], [1.0, 0.8]],
        "pruned": [[10.0, 0.0], [5.0, 0.0]],  # at the edge, whatever they had reached
        "best": [[0.1, 0.9]],
    }
    assert [label.get_text() for label in batch.get_xticklabels()] == ["125", "250"]
    assert points(batch)["finished"] == [[1, 0.9], [0, 0.8]]
    low, high = rate.get_ylim()
    assert 0.7 < low < 0.8 and 0.9 < high < 1  # the crosses do not stretch the axis
    (legend,) = rate.figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["finished", "pruned", "best"]


def test_choices_may_be_texts_truths_and_tuples():
    values = ("muon", None, (64, 256), True, 2)
    rows = [row(accuracy=k / 10, kind=value) for k, value in enumerate(values)]
    (ax,) = plots.plot_slices(rows, {"kind": "choice"})
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert ticks == ["True", "2", "(64, 256)", "None", "muon"]
    found = dict(zip(ax.lines[0].get_xdata(), ax.lines[0].get_ydata(), strict=True))
    assert found == {4: 0.0, 3: 0.1, 2: 0.2, 0: 0.3, 1: 0.4}


def test_many_parameters_take_several_lines():
    names = [f"p{k}" for k in range(6)]
    rows = [row(accuracy=a, **dict.fromkeys(names, a)) for a in (0.1, 0.2)]
    axes = plots.plot_slices(rows)
    assert [ax.get_xlabel() for ax in axes] == names
    tops = {round(ax.get_position().y0, 2) for ax in axes}
    assert len(tops) == 2
    assert len(axes[0].figure.axes) == 6
    assert all(np.allclose(ax.get_ylim(), axes[0].get_ylim()) for ax in axes)


def test_slices_of_nothing():
    assert len(plots.plot_slices([])) == 1
