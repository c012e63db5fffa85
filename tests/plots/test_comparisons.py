"""Figures that put one thing beside another, from plain lists and dicts."""

import numpy as np
import pytest

from utils import plots

CLASSES = ["cat", "dog", "frog"]


def test_an_ablation_is_differences_with_their_errors():
    table = {"all": (76.0, 0.0, 0.0), "less": (73.5, -2.5, 0.4), "none": (48, -28, 2)}
    table["same"] = (75.96, -0.04, 0.3)
    ax = plots.plot_ablation(table)
    assert [bar.get_width() for bar in ax.patches] == [-2.5, -28, -0.04]
    assert {bar.get_x() for bar in ax.patches} == {0}
    whiskers = [one.get_segments()[0][:, 0] for one in ax.collections]
    np.testing.assert_allclose(whiskers, [(-2.9, -2.1), (-30, -26), (-0.34, 0.26)])
    low, high = ax.get_xlim()
    assert low < -30 and high > 0.26
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["-2.5 ± 0.4", "-28.0 ± 2.0", "+0.0 ± 0.3"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(table)[1:]
    assert "“all” (76.0 %)" in ax.get_xlabel()
    assert ax.yaxis_inverted()


@pytest.fixture
def answers():
    y = np.array([0, 0, 0, 0, 1, 1, 2])
    good = np.array([0, 0, 0, 1, 1, 1, 2])
    poor = np.array([0, 1, 2, 1, 1, 0, 2])
    return y, {"poor": poor, "good": good}


def test_confusions_are_per_cent_of_each_class(answers):
    axes = plots.show_confusions(*answers, CLASSES)
    assert [ax.get_title() for ax in axes] == ["poor: 42.9 %", "good: 85.7 %"]
    expected = [[75, 25, 0], [0, 100, 0], [0, 0, 100]]
    np.testing.assert_allclose(axes[1].images[0].get_array(), expected)
    texts = [text.get_text() for text in axes[1].texts]
    assert texts == ["75", "25", "100", "100"]  # no zeros


def test_classes_are_in_the_order_of_the_last_network(answers):
    ax = plots.plot_class_accuracies(*answers, CLASSES)
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    assert ticks == ["dog", "frog", "cat"]
    lines = {one.get_label(): one.get_ydata().tolist() for one in ax.lines}
    assert lines == {"poor": [50, 100, 25], "good": [100, 100, 75]}


def test_surprises_say_what_is_right_and_what_was_thought():
    images = np.zeros((9, 3, 4, 4), np.uint8)
    p = np.tile([0.05, 0.9, 0.05], (9, 1))
    axes = plots.show_surprises(images, np.full(9, 2), p, CLASSES)
    assert axes.shape == (2, 8)
    assert axes[0, 0].get_title() == "frog 5 %\ndog 90 %"
    assert [len(ax.images) for ax in axes[1]] == [1, 0, 0, 0, 0, 0, 0, 0]


def test_layer_speeds_stand_side_by_side():
    rows = [
        {"name": "conv1", "pass": "forward", "gflops": 100.0},
        {"name": "conv1", "pass": "gradient of w", "gflops": 50.0},
        {"name": "conv2", "pass": "forward", "gflops": 200.0},
    ]
    ax = plots.plot_layer_speed(rows)
    assert [bar.get_height() for bar in ax.patches] == [100, 200, 50]
    middles = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    np.testing.assert_allclose(middles, [-0.27, 0.73, 0])


def test_parts_of_a_step_add_up_to_a_hundred():
    steps = {"small": {"a": 0.001, "b": 0.003}, "large": {"a": 0.05, "b": 0.05}}
    ax = plots.plot_step_parts(steps)
    assert [bar.get_width() for bar in ax.patches] == [25, 75, 50, 50]
    assert [bar.get_x() for bar in ax.patches] == [0, 25, 0, 50]
    ticks = [tick.get_text() for tick in ax.get_yticklabels()]
    assert ticks == ["small\n4 ms", "large\n100 ms"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a", "b"]
