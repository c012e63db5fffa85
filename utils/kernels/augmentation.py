"""From stored pictures to a batch: cut out, mirrored, normalised, resized in one go.

Pictures stay uint8 and channel by channel, (N, C, H, W) with C = 3, as CIFAR-10 has
them.  A network wants float32, channels last, another random view of each picture in
every epoch, and at first smaller ones.  Five passes over the batch would do that; here
one picture is taken all the way while it fits into the first cache (32 x 32 pixels are
3 KB, and 12 KB as float32).

What moves      3 bytes per pixel in, 12 out; whatever lies between stays in the cache
Moving          a pixel is looked up where it comes from: rows and columns beyond the
                border are reflected, those of a mirrored picture count backwards
Numbers         normalising and jitter are one line: slope * pixel + shift, with slope
                and shift of this picture and channel
Resizing        a column of the result is a weighted sum of two to four columns of the
                picture, a row one of as many rows.  Both are sums of *long* runs of
                numbers if columns are runs at first and rows later, so the picture is
                written column by column, and turned halfway
Threads         a thread owns a share of the pictures, the same in each run
Scratch         the stages of one picture, per thread
Cost            no vector instruction is written out: the compiler finds those for the
                sums; the rest takes a nanosecond per number

The weights of `interpolation` are bilinear and *antialiased*: where a picture shrinks
by a factor s > 1, the triangle that weighs the pixels is s times as wide, so that each
of them counts in the result.  Only the range that is not zero is kept.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from utils.kernels import scratch, threads
from utils.kernels.compiler import kernel

C = 3  # channels; a constant, so that the compiler writes their loops out


class Taps(NamedTuple):
    """Which pixels make up each pixel of a resized axis, and how much they count."""

    first: np.ndarray  # (size,) int64: the first of them
    weights: np.ndarray  # (size, taps) float32


class Views(NamedTuple):
    """How each picture of a batch is looked at."""

    moves: np.ndarray  # (B, 5) int64: down, right, mirrored (0 or 1), top, left
    light: np.ndarray  # (B, 2) float32: contrast (a factor), brightness (a summand)
    hole: int  # side of the square of zeros at top, left; it may cross the border


class Room(NamedTuple):
    """Scratch memory, a row per thread."""

    line: np.ndarray  # slope and shift of each channel
    columns: np.ndarray  # (W, C, H): the picture
    narrow: np.ndarray  # (width * C, H): its columns resized
    turned: np.ndarray  # (H, width * C)


@cache
def interpolation(length, size):
    """Give the taps that turn `length` pixels into `size` pixels.

    Parameters
    ----------
    length, size : int
        Both >= 1.

    Returns
    -------
    Taps
        Pixel i of the result is ``weights[i] @ x[first[i] : first[i] + taps]``.
    """
    scale = length / size
    radius = min(max(scale, 1), length)
    centre = (np.arange(size) + 0.5) * scale - 0.5
    distance = np.abs(np.arange(length) - centre[:, None])
    dense = np.maximum(0, 1 - distance / radius)
    dense /= dense.sum(axis=1, keepdims=True)
    taps = np.count_nonzero(dense, axis=1).max()
    first = np.minimum((dense > 0).argmax(axis=1), length - taps)
    places = first[:, None] + np.arange(taps)
    weights = np.take_along_axis(dense, places, axis=1)
    return Taps(first.astype(np.int64), weights.astype(np.float32))


@kernel
def _reflected(i, length):
    """Turn back at the first and the last pixel, which are not repeated."""
    i = abs(i)
    return min(i, 2 * (length - 1) - i)


@kernel
def _mean(image, scale, offset):
    """Average a picture over all pixels and channels, normalised."""
    _, H, W = image.shape
    average = 0.0
    for c in range(C):
        total = 0
        for y in range(H):
            for x in range(W):
                total += np.int64(image[c, y, x])
        average += scale[c] * (total / (H * W)) + offset[c]
    return average / C


@kernel
def _look(image, move, slope, shift, out):
    """Write a picture (C, H, W) as out (H, W, C): moved, mirrored, normalised."""
    _, H, W = image.shape
    down, right, mirrored = move[0], move[1], move[2]
    begin, step = (W - 1 + right, -1) if mirrored else (right, 1)
    for y in range(H):
        row = _reflected(y + down, H)
        for x in range(W):
            column = _reflected(begin + step * x, W)
            for c in range(C):
                out[y, x, c] = slope[c] * np.float32(image[c, row, column]) + shift[c]


@kernel
def _punch(top, left, side, out):
    """Write zeros into the part of a square that lies in the picture."""
    H, W, _ = out.shape
    for y in range(max(0, top), min(H, top + side)):
        for x in range(max(0, left), min(W, left + side)):
            for c in range(C):
                out[y, x, c] = 0


@kernel
def _weigh(rows, taps, out):
    """Write weighted sums of rows: out[i] = weights[i] @ rows[first[i] : ...]."""
    for i in range(len(out)):
        out[i] = 0
        for k in range(taps.weights.shape[1]):
            weight, row = taps.weights[i, k], taps.first[i] + k
            for j in range(rows.shape[1]):
                out[i, j] += weight * rows[row, j]


@kernel
def _turn(x, out):
    """Transpose a matrix."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = x[j, i]


@kernel
def _resize(columns, down, across, narrow, turned, out):
    """Resize columns (W, C, H) to out (height, width, C)."""
    W, _, H = columns.shape
    height, width, _ = out.shape
    _weigh(columns.reshape(W, C * H), across, narrow.reshape(width, C * H))
    _turn(narrow, turned)
    _weigh(turned, down, out.reshape(height, width * C))


@kernel
def _batch(worker, workers, pixels, index, views, normal, down, across, room, out):
    """Write this thread's share of a batch, out (B, height, width, C)."""
    B, height, width, _ = out.shape
    H, W = pixels.shape[2:]
    scale, offset = normal[0], normal[1]
    slope, shift = room.line[worker, :C], room.line[worker, C : 2 * C]
    columns = room.columns[worker, : W * C * H].reshape(W, C, H)
    narrow = room.narrow[worker, : width * C * H].reshape(width * C, H)
    turned = room.turned[worker, : H * width * C].reshape(H, width * C)
    picture = columns.transpose(2, 0, 1)
    for b in range(B * worker // workers, B * (worker + 1) // workers):
        image, move = pixels[index[b]], views.moves[b]
        contrast, brightness = views.light[b, 0], views.light[b, 1]
        if contrast != 1:
            brightness += (1 - contrast) * _mean(image, scale, offset)
        for c in range(C):
            slope[c] = contrast * scale[c]
            shift[c] = contrast * offset[c] + brightness
        if height == H and width == W:
            _look(image, move, slope, shift, out[b])
            _punch(move[3], move[4], views.hole, out[b])
        else:
            _look(image, move, slope, shift, picture)
            _punch(move[3], move[4], views.hole, picture)
            _resize(columns, down, across, narrow, turned, out[b])


def write_batch(pixels, index, views, normal, out):
    """Write pictures as a batch.

    Nothing is checked: see `utils.augment`, which does.

    Parameters
    ----------
    pixels : ndarray of shape (N, 3, H, W)
        uint8 in C order.
    index : ndarray of shape (B,)
        int64, each 0 <= index < N.
    views : Views
        In this order, a picture is shifted (`down`, `right` say which of its pixels
        comes to lie at the top left; less than H, W in absolute value), mirrored,
        normalised, multiplied by the contrast, its mean apart, brightened, and given
        its hole.
    normal : ndarray of shape (2, 3)
        float32, what pixels are multiplied by, and what is added, channel by channel.
    out : ndarray of shape (B, height, width, 3)
        float32 in C order; is overwritten.  Where its size is not that of the
        pictures they are resized last.
    """
    H, W = pixels.shape[2:]
    height, width = out.shape[1:3]
    sizes = 2 * C, W * C * H, width * C * H, H * width * C
    memory, workers = scratch.own(), threads.count()
    pieces = zip(Room._fields, sizes, strict=True)
    room = Room(*(memory.get(f"augment {name}", workers, n) for name, n in pieces))
    taps = interpolation(H, height), interpolation(W, width)
    threads.each(_batch, pixels, index, views, normal, *taps, room, out)
