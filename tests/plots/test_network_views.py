"""Figures of the inside of networks, from plain arrays."""

import numpy as np

from utils import plots


def test_whitening_shows_patches_and_both_covariances(rng):
    filters = rng.normal(size=(12, 3, 2, 2))
    values = np.logspace(1, -3, 12)
    axes = plots.show_whitening(filters, values, np.diag(values), np.eye(12))
    titles = [ax.get_title() for ax in axes]
    assert titles[0] == "variance 10" and titles[11] == "variance 0.001"
    assert titles[12:] == [
        "variances",
        "|covariance| of pixels",
        "|covariance| of outputs",
    ]
    lines = {one.get_label(): one.get_ydata() for one in axes[12].lines}
    np.testing.assert_allclose(lines["of the pixels"], values)
    np.testing.assert_allclose(lines["of the outputs"], 1)
    assert axes[12].get_yscale() == "log"


def test_reasons_lie_over_the_images(rng):
    images = rng.integers(0, 256, (3, 3, 16, 16), np.uint8)
    maps = {"coarse": rng.random((3, 4, 4)), "fine": rng.random((3, 16, 16))}
    axes = plots.show_reasons(images, maps, ["cat", "dog", "frog"])
    assert axes.shape == (3, 3)
    assert [ax.get_title() for ax in axes[0]] == ["cat", "dog", "frog"]
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["image", "coarse", "fine"]
    np.testing.assert_array_equal(
        axes[0, 1].images[0].get_array(), images[1].transpose(1, 2, 0)
    )
    under, over = axes[1, 2].images
    assert over.get_extent() == [-0.5, 15.5, 15.5, -0.5]  # stretched over the image
    strong = maps["coarse"][2]
    np.testing.assert_allclose(over.get_array(), strong / strong.max())


def test_maps_without_any_reason_are_clear():
    images = np.zeros((1, 3, 8, 8), np.uint8)
    axes = plots.show_reasons(images, {"none": -np.ones((1, 8, 8))}, ["cat"])
    assert axes[1, 0].images[1].get_array().max() == 0
