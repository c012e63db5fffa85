import numpy as np
import pytest

from utils.cifar10.images import Images, statistics


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (7, 3, 32, 32), np.uint8)


@pytest.fixture
def X(pixels):
    mean = np.full((3, 32, 32), 100, np.float32)
    return Images(pixels, mean, np.full((3, 1, 1), 2, np.float32))


def test_hand_worked_batch():
    pixels = np.zeros((2, 3, 32, 32), np.uint8)
    pixels[1, 0, 0, 0] = 30
    mean = np.zeros((3, 32, 32), np.float32)
    mean[0, 0, 0] = 10
    X = Images(pixels, mean, np.ones((3, 32, 32), np.float32))
    assert X[1][0, 0, 0] == 20.0  # 30 - 10
    assert X[0][0, 0, 0] == -10.0  # 0 - 10: uint8 would have wrapped round
    assert X[0][1].max() == X[0][1].min() == 0.0


@pytest.mark.parametrize(
    "index",
    [
        3,
        -1,
        np.int64(2),
        slice(2, 5),
        slice(None, None, -2),
        slice(0),
        [5, 5, 0],
        np.array([6, 1]),
        np.array([], int),
        np.array([True, False] * 3 + [True]),
    ],
    ids=str,
)
def test_indexing_is_that_of_an_array(X, pixels, index):
    batch = X[index]
    expected = (pixels.astype(np.float32) - 100)[index] / 2
    assert type(batch) is np.ndarray and batch.dtype == np.float32
    assert batch.flags.c_contiguous and batch.flags.writeable
    np.testing.assert_array_equal(batch, expected)
    np.testing.assert_array_equal(X.raw(index), pixels[index])


def test_batches_are_in_c_order_whatever_the_pixels_are(pixels):
    X = Images(np.asfortranarray(pixels), *statistics(pixels, "mean_image"))
    assert X[:].flags.c_contiguous and X[2:4].flags.c_contiguous


@pytest.mark.parametrize("index", [(0, 1), (slice(2), 0), None, Ellipsis], ids=str)
def test_only_pictures_are_indexed(X, index):
    with pytest.raises(IndexError, match="one index that selects pictures"):
        X[index]


def test_index_out_of_range(X):
    with pytest.raises(IndexError):
        X[7]


def test_looks_like_an_array(X):
    assert X.shape == (7, 3, 32, 32) and X.ndim == 4 and len(X) == 7
    assert X.dtype == np.float32
    assert "7, 3, 32, 32" in repr(X)
    assert len(list(X)) == 7


def test_array_of_all(X):
    everything = np.asarray(X)
    assert everything.dtype == np.float32
    np.testing.assert_array_equal(everything, X[:])
    assert np.asarray(X, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="always a copy"):
        np.array(X, copy=False)


def test_pixels_are_kept_as_uint8_and_cannot_be_changed(X, pixels):
    assert X.raw(slice(None)).base is not None  # a view, not a copy
    with pytest.raises(ValueError, match="read-only"):
        X.raw(0)[0, 0, 0] = 1
    X[0][:] = 5
    np.testing.assert_array_equal(X.raw(0), pixels[0])
    pixels[0, 0, 0, 0] = 9  # the caller's own array stays the caller's


def test_mean_image(rng):
    pixels = rng.integers(0, 256, (2345, 3, 32, 32), np.uint8)  # not whole thousands
    mean, std = statistics(pixels, "mean_image")
    assert mean.shape == std.shape == (3, 32, 32)
    assert mean.dtype == std.dtype == np.float32
    np.testing.assert_allclose(mean, pixels.mean(axis=0), rtol=1e-6)
    assert (std == 1).all()


def test_sums_do_not_overflow():
    mean, _ = statistics(np.full((3000, 3, 32, 32), 255, np.uint8), "mean_image")
    assert (mean == 255).all()


def test_channels(rng):
    pixels = rng.integers(0, 256, (1234, 3, 32, 32), np.uint8) // np.array(
        [1, 2, 4], np.uint8
    ).reshape(3, 1, 1)
    mean, std = statistics(pixels, "channels")
    assert mean.shape == std.shape == (3, 1, 1)
    assert mean.dtype == std.dtype == np.float32
    np.testing.assert_allclose(mean[:, 0, 0], pixels.mean(axis=(0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(std[:, 0, 0], pixels.std(axis=(0, 2, 3)), rtol=1e-6)


def test_a_channel_of_one_value_is_not_divided_by_zero():
    _, std = statistics(np.full((2, 3, 32, 32), 200, np.uint8), "channels")
    assert (std == 1).all()


def test_no_normalisation(pixels):
    X = Images(pixels, *statistics(pixels, None))
    np.testing.assert_array_equal(X[:], pixels.astype(np.float32))


def test_unknown_normalisation(pixels):
    with pytest.raises(ValueError, match="normalize is 'mean', expected 'mean_image'"):
        statistics(pixels, "mean")
