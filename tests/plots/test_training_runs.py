"""Figures of many trainings, from plain lists and dicts."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from utils import plots
from utils.solver.finder import Finding


def history(shift=0.0):
    """Give a history with one row that was not measured."""
    return {
        "step": [0, 5, 8, 10],
        "seconds": [0.0, 1.0 + shift, 1.6 + shift, 2.0 + shift],
        "loss": [None, 2.0 + shift, 1.5, 1.0],
        "rates": [{"conv*.w": rate, "*": 3.0} for rate in (0.2, 0.1, 0.04, 0.0)],
        "train_accuracy": [0.1, 0.5, None, 0.7 + shift],
        "val_accuracy": [0.1, 0.4, None, 0.6 + shift],
    }


def line(ax, label):
    (found,) = [one for one in ax.lines if one.get_label() == label]
    return found


def test_learning_is_means_and_bands_over_seeds():
    sizes = ((0.0, 20), (0.5, 32))
    loss, steps, time = plots.plot_learning([history(), history(0.2)], sizes)
    assert line(loss, "training loss").get_xdata().tolist() == [5, 8, 10]
    np.testing.assert_allclose(line(loss, "training loss").get_ydata(), [2.1, 1.5, 1])
    assert line(steps, "validation").get_xdata().tolist() == [0, 5, 10]
    np.testing.assert_allclose(line(steps, "validation").get_ydata(), [10, 40, 70])
    np.testing.assert_allclose(line(time, "training").get_xdata(), [0, 1.1, 2.1])
    assert len(steps.collections) == 2  # a band for each accuracy
    assert [text.get_text() for text in steps.texts] == ["20 px", "32 px"]
    (beside,) = [
        ax for ax in loss.figure.axes if ax.get_ylim() == (0, 0.22000000000000003)
    ]
    np.testing.assert_allclose(
        line(beside, "learning rate").get_ydata(), (0.2, 0.1, 0.04, 0)
    )


def test_learning_of_one_seed_has_no_band():
    axes = plots.plot_learning([history()])
    assert not any(ax.collections for ax in axes)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([0, 5], r"histories\[1\] has 2 rows up to step 5, histories\[0\] has 4 up to"),
        (
            [0, 4, 8, 10],
            r"histories\[1\] has 4 rows up to step 10, .*at the same steps",
        ),
    ],
)
def test_learning_of_seeds_measured_at_other_steps_is_refused(steps, message):
    other = {key: column[: len(steps)] for key, column in history().items()}
    with pytest.raises(ValueError, match=message):
        plots.plot_learning([history(), other | {"step": steps}])


def test_the_rate_search_marks_what_is_suggested_and_what_is_used():
    rates = np.logspace(-3, 1, 9).tolist()
    losses = [2.3, 2.3, 2.2, 2.0, 1.8, 1.9, 2.4, 9.0, 90.0]
    findings = {
        "SGD": Finding(rates, losses, losses, 0.01),
        "Muon": Finding(rates, losses, losses, None),
    }
    sgd, muon = plots.plot_rate_search(findings, {"Muon": 0.2})
    assert [ax.get_title() for ax in (sgd, muon)] == ["SGD", "Muon"]
    assert line(sgd, "suggested: 0.01").get_xdata() == [0.01, 0.01]
    assert line(muon, "used: 0.2").get_xdata() == [0.2, 0.2]
    assert sgd.get_xscale() == "log"
    low, high = sgd.get_ylim()
    assert low < 1.8 and 2.4 < high < 9  # what is lost does not press the rest flat


def test_the_frontier_shows_all_it_is_given():
    ours = {"fast65": (1.5, 0.67, 0.01), "yours": (60.0, 0.69)}
    box = (1000, 6000), (0.6, 0.65, 0.66, 0.67, 0.7)
    ax = plots.plot_frontier(ours, box, {"somebody": (200, 0.7)})
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["fast65\n1.5 s, 67.0 %", "yours\n60 s, 69.0 %"]
    (region,) = [p for p in ax.patches if isinstance(p, Rectangle)]
    np.testing.assert_allclose(region.get_xy(), (1000, 60))
    np.testing.assert_allclose((region.get_width(), region.get_height()), (5000, 10))
    assert line(ax, "somebody").get_ydata() == [70]
    low, high = ax.get_xlim()
    assert low < 1.5 and high > 6000
    assert {65, 80, 90, 94} <= set(ax.get_yticks())


def test_labels_of_the_frontier_do_not_cover_marks_of_others():
    ours = {"yours": (60.0, 0.73), "fast80": (7.7, 0.81), "slower": (300.0, 0.73)}
    ax = plots.plot_frontier(ours, peers={"somebody": (197, 0.7187)})
    ax.figure.canvas.draw()
    mark = ax.transData.transform((197, 71.87))
    for label in ax.texts:
        assert not label.get_window_extent().contains(*mark), label.get_text()
    assert [label.get_ha() for label in ax.texts] == ["right", "left", "left"]


def test_the_frontier_of_ours_alone():
    ax = plots.plot_frontier({"fast65": (1.0, 0.67)})
    assert ax.get_legend() is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(1.234, "1.2 s"), (61.0, "61 s"), (330, "5.5 min")]
)
def test_times_are_written_in_their_unit(seconds, text):
    ax = plots.plot_frontier({"a": (seconds, 0.9)})
    assert ax.texts[0].get_text() == f"a\n{text}, 90.0 %"


def test_a_race_is_drawn_over_time():
    def curve(end):
        accuracy, seconds = [0.3, 0.5, end], [1.0, 2.0, 3.0]
        return {"seconds": seconds, "accuracy": accuracy, "size": [20, 20, 32]}

    ax = plots.plot_race({"20, 32": [curve(0.6), curve(0.7)], "other": [curve(0.5)]})
    found = line(ax, "20, 32: 65.0 %")
    np.testing.assert_allclose(found.get_ydata(), [30, 50, 65])
    turns = [one for one in ax.lines if one.get_marker() == "o"]
    np.testing.assert_allclose(turns[0].get_xydata(), [[3, 65]])  # the first at 32
