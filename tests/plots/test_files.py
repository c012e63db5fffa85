"""A figure in a file."""

import matplotlib.pyplot as plt
from matplotlib.image import imread

from utils import plots


def test_a_figure_is_written_in_the_workbooks_style_and_closed(tmp_path):
    path = tmp_path / "new" / "curves.png"
    with plt.rc_context():
        plt.rcdefaults()
        plots.save_figure(path, plots.plot_curves, {"a": [1, 2]}, "x", "y", title="t")
        assert not plt.rcParams["axes.grid"]  # the style is gone again
        assert plt.get_fignums() == []
    picture = imread(path)
    assert picture.shape[:2] == (420, 682)  # 2.8 x 4.55 inches
    assert (picture[..., :3] == 1).all(axis=2).mean() > 0.5
    first = path.read_bytes()
    plots.save_figure(path, plots.plot_curves, {"a": [1, 2]}, "x", "y", title="t")
    assert path.read_bytes() == first


def test_an_array_of_axes_is_one_figure(tmp_path):
    panels = {"one": {"a": [1, 2]}, "two": {"a": [2, 1]}}
    plots.save_figure(tmp_path / "two.png", plots.plot_panels, panels, "x", "y")
    assert imread(tmp_path / "two.png").shape[1] == 975
