"""Curves, bars and matrices show the data they were given."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.axes import Axes

from utils import plots

CLASSES = ("cat", "dog", "ship")


def drawn(ax):
    return np.asarray(ax.images[0].get_array())


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_histograms_count_each_channel():
    x = np.zeros((2, 2, 1, 3))
    x[:, 1] = 10
    (ax,) = plots.show_histograms([x], ["before"], bins=5)
    assert [patch.get_data().values.tolist() for patch in ax.patches] == [
        [6, 0, 0, 0, 0],
        [0, 0, 0, 0, 6],
    ]


@pytest.mark.parametrize("iterations", [1, 500])
def test_history(iterations):
    solver = SimpleNamespace(
        loss_history=[2.0] * iterations,
        train_acc_history=[0.1, 0.5],
        val_acc_history=[0.1, 0.4],
    )
    loss, accuracy = plots.plot_history(solver, bar=0.65)
    assert loss.lines[0].get_ydata().tolist() == [2.0] * iterations
    if iterations > 50:
        assert np.allclose(loss.lines[1].get_ydata(), 2.0)
    lines = {line.get_label(): list(line.get_ydata()) for line in accuracy.lines}
    assert lines["training"] == [0.1, 0.5]
    assert lines["validation"] == [0.1, 0.4]
    assert lines["bar 0.65"] == [0.65, 0.65]


def test_a_solver_that_was_forgotten_is_a_sentence():
    with pytest.raises(ValueError, match=r"call solver.train\(\) first"):
        plots.plot_history(SimpleNamespace(loss_history=[]))


def test_curves_with_and_without_x():
    curves = {"a": [3.0, 4.0], "b": ([0.1, 10.0], [1.0, 2.0])}
    ax = plots.plot_curves(curves, "scale", "accuracy", xscale="log")
    a, b = ax.lines
    assert list(a.get_xdata()) == [0, 1]
    assert list(b.get_xdata()) == [0.1, 10.0]
    assert ax.get_xscale() == "log"
    assert (a.get_color(), a.get_linestyle()) != (b.get_color(), b.get_linestyle())
    assert plots.plot_curves({"a": [1.0]}, "", "", ax=ax) is ax


def test_panels_share_their_scale():
    panels = {"small": {"a": [0.0, 1.0], "b": [0.0, 2.0]}, "large": {"a": [0.0, 9.0]}}
    small, large = plots.plot_panels(panels, "epoch", "accuracy")
    assert [line.get_label() for line in small.lines] == ["a", "b"]
    assert list(large.lines[0].get_ydata()) == [0.0, 9.0]
    assert (small.get_title(), large.get_title()) == ("small", "large")
    assert small.get_ylim() == large.get_ylim()
    assert (small.get_ylabel(), large.get_ylabel()) == ("accuracy", "")


def test_timings_are_bars_on_a_logarithmic_scale():
    ax = plots.compare_timings({"conv": (4.0, 1.0, 0.01), "pool": (0.1, 1.0, 0.3)})
    assert [bar.get_width() for bar in ax.patches] == [4.0, 0.01, 0.1, 0.3]
    assert ax.get_xscale() == "log"
    assert texts(ax) == [" 400 times faster", " 3 times slower"]


def test_timings_of_nothing():
    assert isinstance(plots.compare_timings({}), Axes)


def test_confusion_is_in_per_cent_of_each_class():
    y, predicted = np.array([0, 0, 0, 0, 1]), np.array([0, 0, 0, 1, 2])
    ax = plots.show_confusion(y, predicted, CLASSES)
    assert drawn(ax).tolist() == [[75, 25, 0], [0, 0, 100], [0, 0, 0]]
    assert texts(ax) == ["75", "25", "0", "0", "0", "100", "0", "0", "0"]


def test_a_ladder_has_a_bar_per_rung_and_says_each_step():
    work = 2.0  # billions of operations
    rungs = [
        SimpleNamespace(name=name, seconds=seconds, gflops=work / seconds)
        for name, seconds in (("loops", 4.0), ("compiled", 0.05), ("vectors", 0.002))
    ]
    ax = plots.plot_ladder(rungs, {"others": 0.01, "peak": 0.001})
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(ends, [4000, 50, 2])
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "loops",
        "compiled",
        "vectors",
    ]
    assert texts(ax) == [
        "4,000 ms",
        "50 ms, 80 times faster",
        "2 ms, 25 times faster",
    ]
    assert [line.get_xdata()[0] for line in ax.lines] == [10, 1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "others",
        "peak",
    ]
    (top,) = ax.child_axes  # 1 ms is 2,000 GFLOP/s
    assert top._functions[0](1.0) == pytest.approx(2000)
    assert top._functions[1](2000.0) == pytest.approx(1)


def test_a_ladder_needs_no_lines():
    rungs = [SimpleNamespace(name="loops", seconds=1.0, gflops=1.0)]
    ax = plots.plot_ladder(rungs)
    assert ax.get_legend() is None
    assert len(ax.patches) == 1
