"""Whitening filters make patches of equal size and uncorrelated."""

import numpy as np
import pytest

from utils.augment import Augment, whitening_filters


@pytest.fixture
def pixels(rng):
    """Draw pictures whose pixels resemble their neighbours, channels too."""
    noise = rng.standard_normal((120, 3, 10, 9)).cumsum(axis=2).cumsum(axis=3)
    noise += 2 * noise.mean(axis=1, keepdims=True)
    return np.clip(128 + 8 * noise, 0, 255).astype(np.uint8)


def patches_of(pixels, size):
    """List all patches of normalised pictures, (number, 3 * size * size)."""
    N, _, H, W = pixels.shape
    X = np.empty(pixels.shape)
    for n in range(N):
        # One size is no resizing, so pictures must be square there.
        square = np.zeros((1, 3, 10, 10), np.uint8)
        square[0, :, :H, :W] = pixels[n]
        X[n] = Augment().plain(square, [0], 10)[0, :, :H, :W]
    found = []
    for i in range(H - size + 1):
        for j in range(W - size + 1):
            found.append(X[:, :, i : i + size, j : j + size].reshape(N, -1))
    return np.concatenate(found)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_whitened_patches_are_uncorrelated(pixels, size):
    eps, F = 1e-3, 3 * size * size
    filters = whitening_filters(pixels, size, eps)
    assert filters.shape == (2 * F, 3, size, size) and filters.dtype == np.float32
    patches = patches_of(pixels, size)
    values = np.linalg.eigvalsh(patches.T @ patches / len(patches))[::-1]
    out = patches @ filters[:F].reshape(F, -1).T.astype(float)
    expected = np.diag(values / (values + eps))
    # A direction that is stretched by s carries rounding errors s times as large.
    stretch = np.sqrt(values[0] / (values[-1] + eps))
    bound = 4 * F * np.finfo(np.float32).eps * stretch
    np.testing.assert_allclose(out.T @ out / len(out), expected, rtol=0, atol=bound)


def test_the_second_half_is_the_first_one_turned_over(pixels):
    filters = whitening_filters(pixels, 2)
    np.testing.assert_array_equal(filters[12:], -filters[:12])


def test_signs_are_no_accident(pixels):
    flat = whitening_filters(pixels)[:12].reshape(12, -1)
    largest = np.abs(flat).argmax(axis=1)
    assert (flat[np.arange(12), largest] > 0).all()


def test_large_eigenvalues_come_first(pixels):
    sizes = np.linalg.norm(whitening_filters(pixels)[:12].reshape(12, -1), axis=1)
    assert (np.diff(sizes) >= 0).all()  # 1 / sqrt(eigenvalue + eps)


def test_the_covariance_is_not_centred():
    """Of pictures of one colour a centred covariance would be 0."""
    pixels = np.full((3, 3, 4, 4), 255, np.uint8)
    filters = whitening_filters(pixels, 1, eps=0.25, mean=(0, 0, 0), std=(1, 1, 1))
    # All patches are (1, 1, 1): one eigenvalue of 3 and two of 0.
    first = np.full(3, 1 / np.sqrt(3)) / np.sqrt(3.25)
    np.testing.assert_allclose(filters[0].ravel(), first, rtol=1e-6)
    lengths = np.linalg.norm(filters[1:3].reshape(2, 3), axis=1)
    np.testing.assert_allclose(lengths, 2, rtol=1e-6)


def test_only_the_first_pictures_count(pixels):
    few = whitening_filters(pixels[:70])
    other = pixels.copy()
    other[70:] = 0
    np.testing.assert_array_equal(whitening_filters(other, count=70), few)
    assert not np.array_equal(whitening_filters(other), few)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"size": 0}, "size is 0, expected a whole number from 1 on"),
        ({"size": 10}, "size is 10, the pictures have only 10 x 9 pixels"),
        ({"count": 0}, "count is 0, expected a whole number from 1 on"),
        ({"eps": 0}, "eps is 0, expected a number from"),
        ({"eps": np.nan}, "eps is nan, expected a number from"),
    ],
)
def test_arguments_out_of_range(pixels, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        whitening_filters(pixels, **arguments)
