"""From the lessons' order of memory to the engine's, and back.

The lessons keep images channel by channel, (N, C, H, W): all red pixels, then all green
ones.  The fast kernels want all channels of a pixel side by side, (N, H, W, channels),
in whole vectors, because a vector of channels goes through every tap of a filter alike.
For one image that is the transpose of a matrix, C x H*W to H*W x C.

Copying number by number touches a new cache line for each, on one side or the other.
So we transpose *blocks* of LANES x LANES in registers: read LANES rows of a block, let
`Emitter.transpose` exchange their halves, quarters, ..., write LANES rows.  Each line
of memory is read and written once, in full.

What moves      x once in, out once out; no scratch memory
Order           a few pixels in all their channels, or a few channels in all their
                pixels: whatever is *written* comes in long runs.  What is read comes in
                as many streams as there are channels; we ask for it in time
Threads         a ticket is a few pixels or channels of one image
Last block      if H*W is no multiple of LANES the last block overlaps the one before:
                the same thread writes the same numbers twice
Cost            a copy; channels that are added to fill a vector are zeros

Weights (F, C, taps) become (taps, C, F) in the same way: a block is LANES filters by
LANES of the C * taps numbers of each, whose places in the result are a walk.
"""

import numpy as np

from utils.kernels import expect, threads
from utils.kernels.compiler import kernel
from utils.kernels.simd import LANES, address, instruction, next_ticket

AHEAD = 128  # bytes: what the next block of pixels but one will read
FEW = 2**16  # numbers that one thread moves sooner than two
CHUNK = 64  # pixels or channels in a ticket


@instruction
def _to_pixels(e, x, plane, out, pixel):
    """Turn LANES pixels of LANES planes into pixels."""
    rows = [e.load(x + plane * i) for i in range(LANES)]
    for i in range(LANES):  # more streams than the processor can follow by itself
        e.prefetch(x + plane * i + AHEAD)
    for i, vector in enumerate(e.transpose(rows)):
        e.store(vector, out + pixel * i)


@instruction
def _to_wide_pixels(e, x, plane, channels, out, pixel):
    """Do the same with fewer planes, and zeros for those that are missing."""
    rows = []
    for i in range(LANES):
        exists = e.int(i).below(channels)
        value = e.load(e.choose(exists, x + plane * i, x))
        rows.append(e.choose(exists, value, e.constant(0)))
    for i, vector in enumerate(e.transpose(rows)):
        e.store(vector, out + pixel * i)


@instruction
def _to_planes(e, x, pixel, channels, out, plane):
    """Turn LANES pixels into `channels` planes of LANES pixels."""
    rows = [e.load(x + pixel * i) for i in range(LANES)]
    for i, vector in enumerate(e.transpose(rows)):
        with e.when(e.int(i).below(channels)):
            e.store(vector, out + plane * i)


@kernel
def _to_last(worker, workers, x, out, counter):
    """Take tickets of CHUNK pixels; x (N, C, P), out (N, P, Q), Q whole vectors."""
    N, C, P = x.shape
    Q = out.shape[2]
    chunks = (P + CHUNK - 1) // CHUNK
    while True:
        ticket = next_ticket(counter)
        if ticket >= N * chunks:
            return
        n, first = ticket // chunks, ticket % chunks * CHUNK
        for p in range(first, min(first + CHUNK, P), LANES):
            p = min(p, P - LANES)
            planes = address(x) + (n * C * P + p) * 4
            pixels = address(out) + (n * P + p) * Q * 4
            for c in range(0, C // LANES * LANES, LANES):
                _to_pixels(planes + c * P * 4, P * 4, pixels + c * 4, Q * 4)
            for c in range(C // LANES * LANES, Q, LANES):
                left, at = max(0, C - c), planes + min(c, C - 1) * P * 4
                _to_wide_pixels(at, P * 4, left, pixels + c * 4, Q * 4)


@kernel
def _to_first(worker, workers, x, out, counter):
    """Take tickets of CHUNK channels; x (N, P, Q), Q whole vectors, out (N, C, P)."""
    N, C, P = out.shape
    Q = x.shape[2]
    chunks = (C + CHUNK - 1) // CHUNK
    while True:
        ticket = next_ticket(counter)
        if ticket >= N * chunks:
            return
        n, first = ticket // chunks, ticket % chunks * CHUNK
        for c in range(first, min(first + CHUNK, C), LANES):
            pixels = address(x) + (n * P * Q + c) * 4
            planes = address(out) + (n * C + c) * P * 4
            for p in range(0, P, LANES):
                p = min(p, P - LANES)
                at = planes + p * 4
                _to_planes(pixels + p * Q * 4, Q * 4, C - c, at, P * 4)


# Few pixels, or few channels: number by number.
@kernel
def _loop_to_last(start, stop, x, out):
    """Do images start to stop; x (N, C, P), out (N, P, Q)."""
    C, P = x.shape[1:]
    for n in range(start, stop):
        for p in range(P):
            out[n, p, C:] = 0
        for c in range(C):
            for p in range(P):
                out[n, p, c] = x[n, c, p]


@kernel
def _loop_to_first(start, stop, x, out):
    """Do images start to stop; x (N, P, Q), out (N, C, P)."""
    C, P = out.shape[1:]
    for n in range(start, stop):
        for c in range(C):
            for p in range(P):
                out[n, c, p] = x[n, p, c]


def _walk(e, at, tap, taps, down, back):
    """Write down a walk to LANES vectors of filters, channel by channel, tap by tap."""
    for _ in range(LANES):
        yield at
        more = (tap + 1).below(taps)
        at = e.choose(more, at + down, at + back)
        tap = e.choose(more, tap + 1, e.int(0))


@instruction
def _filters_last(e, w, row, filters, at, tap, taps, down, back):
    """Write LANES taps of LANES filters; filters that are missing are zero."""
    rows = []
    for i in range(LANES):
        exists = e.int(i).below(filters)
        value = e.load(e.choose(exists, w + row * i, w))
        rows.append(e.choose(exists, value, e.constant(0)))
    places = _walk(e, at, tap, taps, down, back)
    for vector, place in zip(e.transpose(rows), places, strict=True):
        e.store(vector, place)


@instruction
def _filters_first(e, w, row, filters, at, tap, taps, down, back):
    """Read them again."""
    rows = [e.load(place) for place in _walk(e, at, tap, taps, down, back)]
    for i, vector in enumerate(e.transpose(rows)):
        with e.when(e.int(i).below(filters)):
            e.store(vector, w + row * i)


@kernel
def _filters(worker, workers, w, turned, to_last):
    """Go through blocks of w (F, C * T) and turned (T, channels, K), either way.

    A thread owns LANES filters, and those that come `workers` * LANES later.
    """
    F, length = w.shape
    T, channels, K = turned.shape
    down = channels * K * 4
    back = K * 4 - (T - 1) * down
    for first in range(worker * LANES, F, workers * LANES):
        rows = address(w) + first * length * 4
        for j in range(0, length, LANES):
            j = min(j, length - LANES)
            c, t = j // T, j % T
            at = address(turned) + ((t * channels + c) * K + first) * 4
            here, filters = rows + j * 4, F - first
            if to_last:
                _filters_last(here, length * 4, filters, at, t, T, down, back)
            else:
                _filters_first(here, length * 4, filters, at, t, T, down, back)


def _check(**arrays):
    expect.numbers(**arrays)
    expect.axes(4, **arrays)
    expect.written(out=arrays["out"])


def _check_room(name, shape, needed, exact):
    """Refuse an array with too little room, or with another size on the first axes.

    Images may have more channels than needed; filters have more of both last axes.
    """
    more = zip(shape[exact:], needed[exact:], strict=True)
    if shape[:exact] != needed[:exact] or any(have < need for have, need in more):
        raise ValueError(
            f"{name} has shape {shape}, expected {needed}, or more than that on the "
            f"last {'axis' if exact == 3 else 'two axes'}."
        )


def images_to_last(x, out):
    """Write images with their channels last.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        float32 in C order, as all arrays here.
    out : ndarray of shape (N, H, W, Q)
        Q >= C; is overwritten, channels from C on with zeros.  Fastest if Q is a
        multiple of `simd.LANES`.

    Raises
    ------
    ValueError
        All functions: if the arrays do not fit together or are not as described.
    """
    _check(x=x, out=out)
    N, C, H, W = x.shape
    Q = out.shape[3]
    _check_room("out", out.shape, (N, H, W, C), exact=3)
    flat = x.reshape(N, C, H * W), out.reshape(N, H * W, Q)
    if H * W < LANES or Q % LANES or not C:
        threads.run(_loop_to_last, N, *flat)
    else:
        threads.each_above(FEW, x.size, _to_last, *flat, np.zeros(1, np.int64))


def images_to_first(x, out):
    """Write images with their channels first: the way back.

    Parameters
    ----------
    x : ndarray of shape (N, H, W, Q)
        Fastest if Q is a multiple of `simd.LANES`.
    out : ndarray of shape (N, C, H, W)
        C <= Q; is overwritten.
    """
    _check(x=x, out=out)
    N, C, H, W = out.shape
    Q = x.shape[3]
    _check_room("x", x.shape, (N, H, W, C), exact=3)
    flat = x.reshape(N, H * W, Q), out.reshape(N, C, H * W)
    if H * W < LANES or Q % LANES or not C:
        threads.run(_loop_to_first, N, *flat)
    else:
        threads.each_above(FEW, out.size, _to_first, *flat, np.zeros(1, np.int64))


def filters_to_last(w, out):
    """Write filters with their number last.

    Parameters
    ----------
    w : ndarray of shape (F, C, HH, WW)
    out : ndarray of shape (HH, WW, channels, K)
        channels >= C, K >= F and a multiple of `simd.LANES`; is overwritten, what is
        not in w with zeros.
    """
    _check(w=w, out=out)
    expect.maps(out=out)
    F, C, HH, WW = w.shape
    _check_room("out", out.shape, (HH, WW, C, F), exact=2)
    out[:, :, C:] = 0
    out[:, :, :, -(-F // LANES) * LANES :] = 0
    if C * HH * WW < LANES:
        out[:, :, :C, :F] = w.transpose(2, 3, 1, 0)
        out[:, :, :, F:] = 0
        return
    flat = w.reshape(F, C * HH * WW), out.reshape(HH * WW, *out.shape[2:])
    threads.each_above(FEW, w.size, _filters, *flat, True)


def filters_to_first(w, out):
    """Write filters with their number first: the way back.

    Parameters
    ----------
    w : ndarray of shape (HH, WW, channels, K)
        K is a multiple of `simd.LANES`.
    out : ndarray of shape (F, C, HH, WW)
        C <= channels, F <= K; is overwritten.
    """
    _check(w=w, out=out)
    expect.maps(w=w)
    F, C, HH, WW = out.shape
    _check_room("w", w.shape, (HH, WW, C, F), exact=2)
    if C * HH * WW < LANES:
        out[:] = w[:, :, :C, :F].transpose(3, 2, 0, 1)
        return
    flat = out.reshape(F, C * HH * WW), w.reshape(HH * WW, *w.shape[2:])
    threads.each_above(FEW, out.size, _filters, *flat, False)
