"""What `utils.augment` accepts as pictures, and what it says about other things."""

import numpy as np
import pytest

from utils.augment import MEAN, STD, Augment
from utils.augment.pictures import index_of, normal_of, pixels_of, same, write
from utils.cifar10.images import Images


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (5, 3, 6, 6), np.uint8)


def test_images_and_arrays_are_taken_without_a_copy(pixels):
    images = Images(pixels, np.float32(0), np.float32(1))
    for given in (images, pixels):
        found = pixels_of(given)
        assert np.shares_memory(found, pixels) and found.shape == pixels.shape
        assert not found.flags.writeable
    assert pixels.flags.writeable


def test_constants_are_those_of_the_training_pictures():
    assert MEAN == (0.4914, 0.4822, 0.4465) and STD == (0.2470, 0.2435, 0.2616)


def test_normal_is_the_line_through_both():
    scale, offset = normal_of((0.5, 0.25, 0), (0.5, 1, 2))
    np.testing.assert_allclose(255 * scale + offset, [1, 0.75, 0.5], rtol=1e-6)
    np.testing.assert_allclose(offset, [-1, -0.25, 0], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda x: x.astype(np.float32), "images are float32, expected pixels"),
        (lambda x: x.tolist(), "images are list, expected pixels"),
        (lambda x: x[0], r"images have shape \(3, 6, 6\), expected \(N, 3, H, W\)"),
        (lambda x: x[:, :1], r"images have shape \(5, 1, 6, 6\)"),
        (lambda x: x[:0], r"images have shape \(0, 3, 6, 6\)"),
        (lambda x: x[::2], "images are not in C order, expected np.ascontig"),
    ],
)
def test_other_pictures_are_refused(pixels, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        Augment().plain(change(pixels), [0], 6)


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        ([5], "index goes from 5 to 5, expected 0 to 4"),
        ([-1, 2], "index goes from -1 to 2, expected 0 to 4"),
        ([0.0], "index is float64 of shape"),
        ([True], "index is bool of shape"),
        (3, r"index is int64 of shape \(\), expected one axis"),
    ],
)
def test_other_indices_are_refused(pixels, index, sentence):
    for make in (Augment().plain, lambda *a: Augment(0).batch(*a, epoch=0)):
        with pytest.raises(ValueError, match=sentence):
            make(pixels, index)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.uint64])
def test_whole_numbers_of_any_type_are_indices(dtype):
    index = index_of(np.array([4, 0], dtype)[::-1], 5)
    assert index.dtype == np.int64 and index.tolist() == [0, 4]


def test_out_is_filled_and_returned(pixels):
    memory = np.full((3, 4, 4, 3), np.nan, np.float32)
    out = memory[:2].transpose(0, 3, 1, 2)
    index = np.array([3, 1])
    normal = normal_of(MEAN, STD)
    assert write(pixels, index, same(2), normal, 4, out) is out
    assert np.isfinite(memory[:2]).all() and np.isnan(memory[2]).all()
    new = write(pixels, index, same(2), normal, 4, None)
    assert new.transpose(0, 2, 3, 1).flags.c_contiguous
    np.testing.assert_array_equal(new, out)


def read_only():
    out = np.zeros((2, 4, 4, 3), np.float32).transpose(0, 3, 1, 2)
    out.flags.writeable = False
    return out


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        (np.zeros((2, 4, 4, 3)).transpose(0, 3, 1, 2), r"out is float64 \(2, 3, 4, 4"),
        (np.zeros((2, 4, 4, 3), np.float32), r"expected float32 \(2, 3, 4, 4\)"),
        (np.zeros((2, 3, 4, 4), np.float32), "out is read-only or not channels last"),
        (read_only(), "out is read-only or not channels last"),
        ("there", "out is 'there', expected float32"),
    ],
)
def test_other_outputs_are_refused(pixels, out, sentence):
    with pytest.raises(ValueError, match=sentence):
        Augment().plain(pixels, [0, 1], 4, out=out)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"mean": (0, 0)}, r"mean is array\(\[0, 0\]\), expected three numbers"),
        ({"mean": (0, 0, np.nan)}, "mean is .*, expected finite numbers"),
        ({"mean": "grey"}, "mean is .*, expected three numbers"),
        ({"std": (1, 0, 1)}, r"std is \[1 0 1\], expected finite numbers above 0"),
        ({"std": (1, np.inf, 1)}, "std is .*, expected finite numbers above 0"),
    ],
)
def test_mean_and_std_are_three_numbers(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Augment(**arguments)


@pytest.mark.parametrize("size", [0, -2, 3.0, "20"])
def test_sizes_are_whole_numbers(pixels, size):
    with pytest.raises(ValueError, match=f"size is {size!r}, expected a whole number"):
        Augment().plain(pixels, [0], size)
