"""What comes in and what goes out: pictures, their numbers, batches; their errors."""

import numbers

import numpy as np

from utils.kernels import augmentation, threads

# Of all training pictures of CIFAR-10, per channel, as parts of 255.
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)


def same(B, down=0, right=0, mirrored=0):
    """Look at all B pictures of a batch in the same way."""
    moves = np.zeros((B, 5), np.int64)
    moves[:, :3] = down, right, mirrored
    light = np.zeros((B, 2), np.float32)
    light[:, 0] = 1
    return augmentation.Views(moves, light, 0)


def write(pixels, index, views, normal, size, out):
    """Check where a batch goes, and write it."""
    whole(1, size=size)
    shape = len(index), 3, size, size
    if out is None:
        out = threads.aligned((shape[0], size, size, 3)).transpose(0, 3, 1, 2)
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != np.float32:
        given = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else repr(out)
        raise ValueError(f"out is {given:.50}, expected float32 {shape}.")
    last = out.transpose(0, 2, 3, 1)
    if not last.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(
            "out is read-only or not channels last in memory, expected an array that "
            "may be overwritten and whose out.transpose(0, 2, 3, 1) is in C order."
        )
    augmentation.write_batch(pixels, index, views, normal, last)
    return out


def pixels_of(images):
    """Give the uint8 array that pictures are kept in, read-only."""
    raw = getattr(images, "raw", None)
    pixels = images if raw is None else raw(slice(None))
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
        kind = getattr(pixels, "dtype", type(pixels).__name__)
        raise ValueError(
            f"images are {kind}, expected pixels as they are stored: uint8, or Images "
            f"of utils.cifar10."
        )
    if pixels.ndim != 4 or pixels.shape[1] != 3 or min(pixels.shape) < 1:
        raise ValueError(
            f"images have shape {pixels.shape}, expected (N, 3, H, W) with at least "
            f"one picture."
        )
    if not pixels.flags.c_contiguous:
        raise ValueError(
            "images are not in C order, expected np.ascontiguousarray(images): a copy "
            "for each batch would be slow."
        )
    # Kernels are compiled once more for arrays that may be written to.
    pixels = pixels.view()
    pixels.flags.writeable = False
    return pixels


def index_of(index, N):
    """Give the numbers of pictures as the kernel wants them."""
    index = np.asarray(index)
    if index.ndim != 1 or index.dtype.kind not in "iu":
        raise ValueError(
            f"index is {index.dtype} of shape {index.shape}, expected one axis of "
            f"whole numbers."
        )
    if index.size and not 0 <= index.min() <= index.max() < N:
        raise ValueError(
            f"index goes from {index.min()} to {index.max()}, expected 0 to {N - 1}."
        )
    return np.ascontiguousarray(index, np.int64)


def normal_of(mean, std):
    """Turn mean and std into what pixels are multiplied by, and what is added."""
    for name, values in (("mean", mean), ("std", std)):
        values = np.asarray(values)
        if values.shape != (3,) or values.dtype.kind not in "iuf":
            raise ValueError(f"{name} is {values!r:.60}, expected three numbers.")
        if not np.isfinite(values).all() or (name == "std" and values.min() <= 0):
            above = " above 0" if name == "std" else ""
            raise ValueError(f"{name} is {values}, expected finite numbers{above}.")
    mean, std = np.asarray(mean, float), np.asarray(std, float)
    return np.array([1 / (255 * std), -mean / std], np.float32)


def whole(low, **values):
    """Raise ValueError unless all values are whole numbers from `low` on."""
    for name, value in values.items():
        if not isinstance(value, numbers.Integral) or value < low:
            raise ValueError(
                f"{name} is {value!r}, expected a whole number from {low} on."
            )


def between(low, high, **values):
    """Raise ValueError unless all values are numbers from `low` to `high`."""
    for name, value in values.items():
        if not isinstance(value, numbers.Real) or not low <= value <= high:
            raise ValueError(
                f"{name} is {value!r}, expected a number from {low} to {high}."
            )


def one_of(values, **names):
    """Raise ValueError unless an argument is one of these values."""
    for name, value in names.items():
        if value not in values:
            expected = ", ".join(map(repr, values))
            raise ValueError(f"{name} is {value!r}, expected one of {expected}.")
