"""Pictures show the data they were given, and change none of it."""

import matplotlib.pyplot as plt
import numpy as np

from utils import plots

CLASSES = ("cat", "dog", "ship")


def drawn(ax):
    return np.asarray(ax.images[0].get_array())


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_uint8_images_are_drawn_as_they_are():
    images = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    axes = plots.show_images(images, titles=["one", "two"])
    assert axes.shape == (1, 2)
    assert np.array_equal(drawn(axes[0, 1]), images[1].transpose(1, 2, 0))
    assert axes[0, 1].get_title() == "two"


def test_other_images_are_stretched_each_for_itself():
    images = [np.array([[-1.0, 0.0], [1.0, 3.0]]), np.full((1, 2, 2), 7.0)]
    before = [image.copy() for image in images]
    axes = plots.show_images(images)
    assert np.array_equal(drawn(axes[0, 0]), [[0.0, 0.25], [0.5, 1.0]])
    assert np.array_equal(drawn(axes[0, 1]), np.zeros((2, 2)))  # no spread
    assert all(map(np.array_equal, images, before))


def test_images_stand_in_rows_with_names():
    images = np.zeros((5, 4, 4))
    axes = plots.show_images(images, columns=2, row_titles=CLASSES)
    assert axes.shape == (3, 2)
    assert [ax.get_ylabel() for ax in axes[:, 0]] == list(CLASSES)
    assert [len(ax.images) for ax in axes.flat] == [1, 1, 1, 1, 1, 0]


def test_no_images_at_all():
    assert plots.show_images([]).shape == (1, 1)


def test_filters_stand_on_one_sheet():
    w = np.zeros((3, 3, 2, 2))
    w[:, :, 0, 0] = [[1.0], [2.0], [-5.0]]  # one strong corner each; the last negative
    sheet = drawn(plots.show_filters(w, columns=2))
    assert sheet.shape == (5, 5, 3)
    assert sheet[0, 0].tolist() == sheet[0, 3].tolist() == [1, 1, 1]
    assert sheet[0, 1].tolist() == sheet[0, 4].tolist() == [0, 0, 0]
    assert sheet[3, 0].tolist() == [0, 0, 0]
    assert sheet[3, 1].tolist() == [1, 1, 1]
    assert sheet[2].tolist() == np.ones((5, 3)).tolist()  # the line between rows


def test_grey_filters():
    assert drawn(plots.show_filters(np.ones((1, 1, 3, 2)))).shape == (3, 2)


def test_grids_show_numbers_frames_and_padding():
    x, out = np.array([[0, 0, 0], [0, 4, 0], [0, 0, 0]]), np.array([[2.5]])
    axes = plots.show_grids([x, out], ["x", "out"], {0: [(1, 0, 2, 1)]}, pads={0: 1})
    assert texts(axes[0]) == ["0", "0", "0", "0", "4", "0", "0", "0", "0"]
    assert texts(axes[1]) == ["2.5"]
    hatched = [patch for patch in axes[0].patches if patch.get_hatch()]
    assert len(hatched) == 8
    frame = axes[0].patches[-1]
    assert frame.get_bbox().bounds == (-0.5, 0.5, 1, 2)  # left, top, width, height
    assert not [patch for patch in axes[1].patches if patch.get_hatch()]


def test_sharing_marks_what_is_normalised_together():
    axes = plots.show_sharing((4, 6), G=3)
    marked = {ax.get_title(): ax.patches[0].get_bbox().size.tolist() for ax in axes}
    assert marked == {
        "batch norm": [1, 4],
        "layer norm": [6, 1],
        "instance norm": [1, 1],
        "group norm": [2, 1],
    }


def test_the_style_has_no_text_below_8_points():
    sizes = [value for key, value in plt.rcParams.items() if key.endswith("labelsize")]
    sizes += [plt.rcParams[key] for key in ("font.size", "legend.fontsize")]
    assert min(size for size in sizes if isinstance(size, float)) >= 8
