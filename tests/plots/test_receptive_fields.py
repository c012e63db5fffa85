import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba

from utils import plots
from utils.receptive_field import Layer, ancestry, chain, coverage, unit_counts

BLUE = to_rgba("#0072B2")
ORANGE = to_rgba("#E69F00")


def draw_cone(layers, unit, size):
    blind = np.flatnonzero(coverage(layers, size) == 0)
    used, counts = ancestry(layers, unit, size), unit_counts(layers, size)
    return plots.plot_cone(layers, used, counts, blind, title="a cone")


def centres(ax, row, color=None, hatched=None):
    """Where the squares of one row stand, of one colour or with a hatch."""
    boxes = [box for box in ax.patches if abs(box.get_y() + 0.2 - row) < 1e-9]
    if color is not None:
        boxes = [box for box in boxes if box.get_facecolor() == color]
    if hatched is not None:
        boxes = [box for box in boxes if bool(box.get_hatch()) == hatched]
    return sorted(round(box.get_x() + 0.4, 9) for box in boxes)


def test_cone_marks_seen_padding_and_blind_positions():
    ax = draw_cone(chain([3, 3], [2, 2], [0, 1]), unit=1, size=8)
    assert centres(ax, row=0, color=BLUE) == [2, 3, 4, 5, 6]
    assert centres(ax, row=0, color=ORANGE) == [7]
    # layer-1 units stand above the middle of their windows: 1, 3, 5; zeros around them
    assert centres(ax, row=1, color=BLUE) == [3, 5]
    assert centres(ax, row=1, hatched=False) == [1, 3, 5]
    assert centres(ax, row=1, hatched=True) == [-1, 7]
    assert centres(ax, row=2, color=BLUE) == [5]
    assert ax.get_title() == "a cone"


def test_cone_numbers_its_neurons():
    ax = draw_cone(chain([3, 3], [2, 2], [0, 1]), unit=1, size=8)
    numbers = {(t.get_position(), t.get_text()) for t in ax.texts if t.get_text()}
    layer_1 = {((1, 1), "0"), ((3, 1), "1"), ((5, 1), "2")}
    assert numbers == layer_1 | {((1, 2), "0"), ((5, 2), "1")}


def test_cone_names_its_rows():
    ax = draw_cone([Layer(3), Layer(2, 2, kind="pool")], unit=0, size=9)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["image", "layer 1: 3x3 conv", "layer 2: 2x2 pool, stride 2"]


def test_fields_are_drawn_at_pixel_borders_and_may_leave_the_image():
    image = np.zeros((8, 8, 3))
    ax = plots.plot_fields_on_image(image, {"middle": (3, 5), "corner": (-2, 1)})
    frames = {(box.get_x(), box.get_width()) for box in ax.patches}
    assert {(2.5, 3), (-2.5, 4)} <= frames
    assert (-2.5, 10) in frames  # the hatched ground: padding and image
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["middle", "corner"]


def test_growth_starts_at_layer_1_and_shows_the_image_size():
    ax = plots.plot_growth({"a": [3, 5, 7], "b": [3, 7]}, limit=16)
    a, b, limit = ax.get_lines()
    assert (a.get_xdata().tolist(), a.get_ydata().tolist()) == ([1, 2, 3], [3, 5, 7])
    assert b.get_ydata().tolist() == [3, 7]
    assert set(limit.get_ydata()) == {16}
    assert a.get_marker() != b.get_marker()  # to be told apart without colour


def test_more_nets_than_colours_are_all_drawn():
    ax = plots.plot_growth({f"net {k}": [1, k] for k in range(1, 12)})
    assert len(ax.get_legend().get_texts()) == 11 + 1  # and the size of the image
    boxes = {f"unit {k}": (k, k + 1) for k in range(11)}
    ax = plots.plot_fields_on_image(np.zeros((16, 16, 3)), boxes)
    assert len(ax.get_legend().get_texts()) == 11


def test_coverage_hatches_exactly_the_pixels_with_0():
    counts = np.array([[1, 0, 2], [0, 0, 4]])
    ax = plots.plot_coverage(counts, title="blind", label="units")
    (blind,) = ax.collections
    corners = {tuple(path.vertices.min(axis=0)) for path in blind.get_paths()}
    assert corners == {(0.5, -0.5), (-0.5, 0.5), (0.5, 0.5)}  # (column, row)
    assert blind.get_hatch()
    np.testing.assert_array_equal(ax.images[0].get_array().filled(0), counts)
    assert len(ax.figure.axes) == 2  # the colour bar


def test_blind_spots_draw_one_picture_per_net_and_no_empty_ones():
    maps = {f"net {k}": np.full((4, 4), k) for k in range(4)}
    axes = plots.plot_blind_spots(maps, columns=3)
    assert [ax.get_title() for ax in axes] == list(maps)
    *drawn, bar = axes[0].figure.axes
    assert drawn == list(axes)
    assert [label.get_text() for label in bar.get_yticklabels()] == ["0", "most"]


def test_figures_fit_the_page_and_draw_into_given_axes():
    net = chain([3, 3], [1, 1])
    figures = [
        draw_cone(net, unit=0, size=40).figure,
        plots.plot_fields_on_image(np.zeros((4, 4, 3)), {"a": (0, 1)}).figure,
        plots.plot_growth({"a": [1]}).figure,
        plots.plot_blind_spots({"a": np.ones((2, 2))})[0].figure,
    ]
    assert max(figure.get_size_inches()[0] for figure in figures) <= 7.0
    left, right = plt.figure().subplots(1, 2)
    assert plots.plot_growth({"a": [1, 2]}, ax=left) is left
    assert plots.plot_coverage(np.ones((2, 2)), ax=right) is right


def test_cones_side_by_side_keep_their_titles_and_all_padding():
    layers = chain([3, 3], [2, 2], [1, 1])
    counts = unit_counts(layers, 16)
    cones = {f"neuron {u}": ancestry(layers, u, 16) for u in range(3)}
    axes = plots.plot_cones(layers, cones, counts)
    assert [ax.get_title() for ax in axes] == list(cones)
    assert axes[0].figure.axes == list(axes)  # and no empty one
    for ax in axes:
        low, high = ax.get_xlim()
        places = [x for row in (0, 1, 2) for x in centres(ax, row)]
        assert low < min(places) - 0.4 and high > max(places) + 0.4
    assert axes[0].get_yticklabels()[0].get_text() == "image"
    assert axes[1].get_yticklabels()[0].get_text() == ""


def test_cone_with_uneven_padding():
    ax = draw_cone([Layer(3, 1, (2, 0, 2, 0))], unit=0, size=4)
    assert centres(ax, row=0, hatched=True) == [-2, -1]
