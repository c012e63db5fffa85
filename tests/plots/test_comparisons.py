"""Figures that put one thing beside another, from plain lists and dicts."""

import numpy as np
import pytest

from utils import plots

CLASSES = ["cat", "dog", "frog"]


def test_an_ablation_is_bars_from_one_edge_with_differences():
    table = {"all": (76.0, 0.4, 0.0), "less": (73.5, 1.0, -2.5), "none": (48, 2, -28)}
    ax = plots.plot_ablation(table)
    bars = [patch for patch in ax.patches if patch.get_height() < 0.7]
    ends = [bar.get_x() + bar.get_width() for bar in bars]
    np.testing.assert_allclose(ends, [76, 73.5])
    assert {bar.get_x() for bar in bars} == {68} and ax.get_xlim()[0] == 68
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["76.0", "-2.5", "← 48.0 ± 2.0", "-28.0"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(table)
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
