import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils import plots


def test_influences_share_one_scale_and_show_the_effective_side():
    maps = {"small": np.eye(3), "large": np.eye(7)}
    axes = plots.plot_influences(maps, sides=[2.0, 4.0])
    assert [ax.get_title() for ax in axes] == ["small", "large"]
    assert {ax.get_xlim() for ax in axes} == {(-3.5, 3.5)}  # pixels are equally large
    assert {ax.images[0].get_clim() for ax in axes} == {(0, 1)}
    for ax, side in zip(axes, (2.0, 4.0), strict=True):
        for square in ax.get_lines():
            assert np.ptp(square.get_xdata()) == np.ptp(square.get_ydata()) == side
        under, square = ax.get_lines()  # seen on bright and on dark pixels
        assert (under.get_color(), square.get_color()) == ("black", "white")
        assert (under.get_linestyle(), square.get_linestyle()) == ("-", "--")
    assert axes[0].images[0].get_extent() == [-1.5, 1.5, 1.5, -1.5]


def test_profiles_have_a_normal_curve_beside_each():
    ax = plots.plot_profiles({"a": [0.5, 1.0, 0.5], "b": [1.0]}, [1.0, 2.0])
    points, curve = ax.get_lines()[:2]
    assert points.get_xdata().tolist() == [-1, 0, 1]
    assert points.get_linestyle() == "None"
    middle = np.interp(1.0, curve.get_xdata(), curve.get_ydata())
    assert middle == pytest.approx(np.exp(-0.5), abs=1e-3)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["a", "b", "normal curve"]
    assert points.get_marker() != ax.get_lines()[2].get_marker()


def test_slopes_are_measured():
    depths = np.array([5, 10, 20])
    sides = {"linear": 2 * depths, "root": 3 * np.sqrt(depths)}
    ax = plots.plot_power_law(depths, sides)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts == ["linear: slope 1.00", "root: slope 0.50", "slope 0.5"]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    guide = ax.get_lines()[-1]
    assert np.all(guide.get_ydata() < np.minimum(*sides.values()))


def test_agreement_tells_hits_misses_and_what_is_outside():
    expected = np.zeros((6, 6), bool)
    expected[1:4, 1:4] = True
    less, more = expected.copy(), expected.copy()
    less[1, 1] = False
    more[5, 5] = True
    axes = plots.plot_agreement(expected, {"less": less, "more": more, "all": expected})
    titles = [ax.get_title() for ax in axes]
    assert titles == ["less\n8 of 9", "more\n9 of 9, 1 outside", "all\n9 of 9"]
    (missed,) = axes[0].patches
    assert (missed.get_xy(), bool(missed.get_hatch())) == ((1, 1), True)
    (outside,) = axes[1].patches
    assert outside.get_xy() == (5, 5) and not outside.get_hatch()
    assert axes[1].get_lines()[0].get_marker() == "x"
    assert not axes[2].patches
    legend = [text.get_text() for text in axes[0].figure.legends[0].get_texts()]
    assert legend == ["seen and found", "missed", "outside"]
    (alone,) = plots.plot_agreement(expected, {"all": expected})
    assert len(alone.figure.legends[0].get_texts()) == 2


def test_figures_fit_the_page_and_draw_into_given_axes():
    maps = {f"{n}": np.eye(n) for n in (3, 5, 7, 9)}
    figures = [
        plots.plot_influences(maps, [1.0] * 4)[0].figure,
        plots.plot_profiles({"a": [1.0]}, [1.0]).figure,
        plots.plot_power_law([5, 10], {"a": [1, 2]}).figure,
        plots.plot_agreement(np.eye(3) > 0, {"a": np.eye(3) > 0})[0].figure,
    ]
    assert max(figure.get_size_inches()[0] for figure in figures) <= 7.0
    one, other = plt.figure().subplots(1, 2)
    assert plots.plot_profiles({"a": [1.0]}, [1.0], ax=one) is one
    assert plots.plot_power_law([5, 10], {"a": [1, 2]}, ax=other) is other
    given = plt.figure().subplots(1, 2)
    drawn = plots.plot_influences({"a": np.eye(3), "b": np.eye(3)}, [1, 1], given)
    assert list(drawn) == list(given)
