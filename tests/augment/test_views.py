"""Averages over views, against the same written out."""

import numpy as np
import pytest

from utils.augment import Augment, predict_views

SIZE, CLASSES = 6, 4


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (11, 3, 8, 8), np.uint8)


@pytest.fixture
def network(rng):
    """Give a network that is not linear and always answers in the same memory."""
    w = rng.standard_normal((3 * SIZE * SIZE, CLASSES)).astype(np.float32)
    memory = np.zeros((20, CLASSES), np.float32)

    def predict(X):
        assert X.transpose(0, 2, 3, 1).flags.c_contiguous and X.dtype == np.float32
        predict.sizes.append(len(X))
        memory[: len(X)] = np.tanh(X).reshape(len(X), -1) @ w
        return memory[: len(X)]

    predict.sizes = []
    return predict


def shifted(pixels, i, j):
    """Shift by i - 1 rows and j - 1 columns."""
    padded = np.pad(pixels, ((0, 0), (0, 0), (1, 1), (1, 1)), "reflect")
    return padded[:, :, i : i + 8, j : j + 8]


def scores_of(network, pixels):
    X = Augment().plain(np.ascontiguousarray(pixels), np.arange(len(pixels)), SIZE)
    return network(X).copy()


def both_sides(network, pixels):
    return (scores_of(network, pixels) + scores_of(network, pixels[..., ::-1])) / 2


def six(network, pixels):
    corners = [both_sides(network, shifted(pixels, i, i)) for i in (0, 2)]
    return both_sides(network, pixels) / 2 + sum(corners) / 4


@pytest.mark.parametrize("batch_size", [1, 4, 11, 500])
@pytest.mark.parametrize(
    ("views", "definition", "times"),
    [("none", scores_of, 1), ("mirror", both_sides, 2), ("six", six, 6)],
)
def test_views_are_averaged(pixels, network, views, definition, times, batch_size):
    expected = definition(network, pixels)
    network.sizes.clear()
    scores = predict_views(network, pixels, views, SIZE, batch_size)
    assert scores.dtype == np.float32 and scores.shape == (11, CLASSES)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-4)
    assert sum(network.sizes) == 11 * times and max(network.sizes) <= batch_size


def test_shifts_go_up_and_left_and_down_and_right():
    """A white corner tells by how much it is seen: its neighbours take its place."""
    pixels = np.zeros((1, 3, 4, 4), np.uint8)
    pixels[0, :, 0, 0] = 255
    seen = []

    def predict(X):
        seen.append(X[0, 0].copy())
        return np.zeros((1, 2))

    predict_views(predict, pixels, "six", 4, mean=(0, 0, 0), std=(1, 1, 1))
    places = [list(zip(*np.nonzero(x), strict=True)) for x in seen]
    assert places == [[(0, 0)], [(0, 3)], [(1, 1)], [(1, 2)], [], []]


@pytest.mark.parametrize(("part", "again"), [(0, 0), (0.25, 3), (0.5, 6), (1, 11)])
def test_selective_looks_again_where_it_is_close(pixels, network, part, again):
    mirror, better = both_sides(network, pixels), six(network, pixels)
    two = np.sort(mirror, axis=1)[:, -2:]
    close = np.argsort(two[:, 1] - two[:, 0])[:again]
    expected = mirror.copy()
    expected[close] = better[close]
    network.sizes.clear()
    scores = predict_views(network, pixels, "selective", SIZE, 4, part)
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-4)
    assert sum(network.sizes) == 2 * 11 + 4 * again
    assert np.abs(better - mirror).max() > 0.01  # otherwise nothing was tested


def test_mean_and_std_are_used():
    pixels = np.full((1, 3, 8, 8), 255, np.uint8)

    def predict(X):
        return X[:, :2, 0, 0]

    scores = predict_views(predict, pixels, mean=(0.5, 0, 0), std=(1, 0.5, 1))
    np.testing.assert_allclose(scores, [[0.5, 2]], rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"views": "five"}, "views is 'five', expected one of 'none', 'mirror'"),
        ({"size": 0}, "size is 0, expected a whole number from 1 on"),
        ({"batch_size": 2.0}, "batch_size is 2.0, expected a whole number"),
        ({"part": 1.5}, "part is 1.5, expected a number from 0 to 1"),
        ({"std": (1, 1, -1)}, "std is .* expected finite numbers above 0"),
    ],
)
def test_arguments_out_of_range(pixels, network, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        predict_views(network, pixels, **arguments)


@pytest.mark.parametrize("shape", [(11,), (3, 4), (11, 1), (11, 2, 2)])
def test_scores_must_be_scores(pixels, shape):
    with pytest.raises(ValueError, match=r"predict gave scores .*, expected \(11, cla"):
        predict_views(lambda X: np.zeros(shape), pixels)


@pytest.mark.parametrize("views", ["six", "selective"])
def test_a_single_pixel_cannot_be_shifted(network, views):
    with pytest.raises(ValueError, match="expected at least 2 x 2 pixels"):
        predict_views(network, np.zeros((2, 3, 1, 5), np.uint8), views)
