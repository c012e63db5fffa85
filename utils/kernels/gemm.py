"""The matrix product that everything else is made of, one block of registers at a time.

    c[0:rows, 0:WIDTH] = a[0:rows, 0:depth] @ b[0:depth, 0:WIDTH]

with ``WIDTH = COLUMNS * LANES`` floats.  This *microkernel* is where the processor
spends most of its time, so its shape is chosen for the registers:

- ``rows x COLUMNS`` vectors of sums stay in registers from the first to the last step
  (12 x 2 of the 32 registers of AVX-512).
- A step loads `COLUMNS` vectors of b and uses each for all rows; it loads one number
  of a per row and uses it for all columns.  That is 14 loads for 24 multiply-adds,
  where the processor can do two loads and two multiply-adds per cycle: the arithmetic
  never waits for the loads.
- Every sum is independent of the others, so the next multiply-add never waits for the
  one before, which takes four cycles.

What moves.  a is read number by number at ``a + row * a_row + step * a_step``, so it
may be a matrix, its transpose, or the pixels of an image under a filter.  b is
*packed*: its WIDTH columns lie side by side, `WIDTH * 4` bytes per step.  c has rows
`c_row` bytes apart.  All distances are in bytes.

Look ahead.  Each step also asks for one cache line at ``ahead + 64 * step``: the
memory that the *next* call will read.  It costs one load, and the next call starts
with its numbers already on the way.

Cost: 2 * rows * depth * WIDTH operations in ``rows * COLUMNS / 2`` cycles per step.
"""

import math

from utils.kernels.simd import BYTES, COLUMNS, LANES, ROWS, instruction

WIDTH = COLUMNS * LANES


def _product(rows, columns, accumulate):
    """Write the microkernel for a number of rows and of vectors per row."""

    def product(e, a, a_row, a_step, depth, b, c, c_row, ahead):
        def row(i):
            return c + c_row * i

        sums = [
            [
                e.variable(e.load(row(i) + j * BYTES) if accumulate else e.constant(0))
                for j in range(columns)
            ]
            for i in range(rows)
        ]
        left, right, line = e.variable(a), e.variable(b), e.variable(ahead)
        with e.loop(depth):
            right_now, left_now = right.get(), left.get()
            vectors = [e.load(right_now + j * BYTES) for j in range(columns)]
            for i in range(rows):
                number = e.load_scalar(left_now + a_row * i)
                for j in range(columns):
                    sums[i][j].set(sums[i][j].get() + number * vectors[j])
            e.prefetch(line.get())
            left.set(left_now + a_step)
            right.set(right_now + WIDTH * 4)
            line.set(line.get() + 64)
        for i in range(rows):
            for j in range(columns):
                e.store(sums[i][j].get(), row(i) + j * BYTES)

    return instruction(product)


product = _product(ROWS, COLUMNS, accumulate=False)
add_product = _product(ROWS, COLUMNS, accumulate=True)

# A whole number of channels is not always a whole number of rows: `FEW` divides both.
FEW = math.gcd(ROWS, LANES)
few_product = _product(FEW, COLUMNS, accumulate=False)
add_few_product = _product(FEW, COLUMNS, accumulate=True)


# Relatives of `product` for sums over pixels that do not lie side by side.  A block of
# ROWS rows is cut into groups of GROUP rows that may lie anywhere.
GROUP = 4 if ROWS % 4 == 0 else 2
GROUPS = ROWS // GROUP


def _window(columns):
    """Write the microkernel of a direct convolution; see `window`."""

    def window(e, places, a_row, depth, a_outer, outer, b, bias, floor, c_row, shift):
        entries = [places + 24 * g for g in range(GROUPS)]
        starts = [e.load_int(entry) for entry in entries]
        first = [e.load(bias + j * BYTES) for j in range(columns)]
        sums = [[e.variable(vector) for vector in first] for _ in range(ROWS)]
        right = e.variable(b)
        with e.loop(outer) as line:
            left = [e.variable(start + line * a_outer) for start in starts]
            with e.loop(depth):
                right_now, left_now = right.get(), [place.get() for place in left]
                vectors = [e.load(right_now + j * BYTES) for j in range(columns)]
                for i in range(ROWS):
                    place = left_now[i // GROUP] + a_row * (i % GROUP)
                    number = e.load_scalar(place)
                    for j in range(columns):
                        sums[i][j].set(sums[i][j].get() + number * vectors[j])
                for place, now in zip(left, left_now, strict=True):
                    place.set(now + 4)
                right.set(right_now + columns * BYTES)
        for g, entry in enumerate(entries):
            c, wanted = e.load_int(entry + 8) + shift, e.load_int(entry + 16)
            for i in range(GROUP):
                with e.when(e.int(i).below(wanted)):
                    for j in range(columns):
                        total = sums[g * GROUP + i][j].get()
                        total = e.where(floor > total, floor, total)
                        e.store(total, c + c_row * i + j * BYTES)

    return instruction(window)


def _correlation(rows):
    """Write the microkernel of a weights' gradient; see `correlation`."""

    def correlation(e, a, lines, outer, a_step, depth, b, c, ahead, ahead_step):
        places = [
            [c + (i * COLUMNS + j) * BYTES for j in range(COLUMNS)] for i in range(rows)
        ]
        sums = [[e.variable(e.load(place)) for place in row] for row in places]
        right, soon = e.variable(b), e.variable(ahead)
        with e.loop(outer) as line:
            left = e.variable(a + e.load_int(lines + line * 8))
            with e.loop(depth):
                right_now, left_now = right.get(), left.get()
                vectors = [e.load(right_now + j * BYTES) for j in range(COLUMNS)]
                for i in range(rows):
                    number = e.load_scalar(left_now + 4 * i)
                    for j in range(COLUMNS):
                        sums[i][j].set(sums[i][j].get() + number * vectors[j])
                e.prefetch(soon.get())
                left.set(left_now + a_step)
                right.set(right_now + WIDTH * 4)
                soon.set(soon.get() + ahead_step)
        for i in range(rows):
            for j in range(COLUMNS):
                e.store(sums[i][j].get(), places[i][j])

    return instruction(correlation)


@instruction
def pack(e, source, pitch, left, count, panel, total):
    """Copy `count` rows of b into a panel, and add their sum to `total`.

    Of the WIDTH columns, those from `left` on do not exist; the panel gets zeros.
    """
    zero = e.constant(0)
    sums = [e.variable(zero) for _ in range(COLUMNS)]
    exist = [e.int(j * LANES).below(left) for j in range(COLUMNS)]
    with e.loop(count) as row:
        for j in range(COLUMNS):
            value = e.variable(zero)
            with e.when(exist[j]):
                value.set(e.load(source + row * pitch + j * BYTES))
            sums[j].set(sums[j].get() + value.get())
            e.store(value.get(), panel + row * (WIDTH * 4) + j * BYTES)
    for j in range(COLUMNS):
        with e.when(exist[j]):
            place = total + j * BYTES
            e.store(e.load(place) + sums[j].get(), place)


window, window_one = _window(COLUMNS), _window(1)
correlation, correlation_low = _correlation(ROWS), _correlation(ROWS * 2 // 3)
product_low = _product(ROWS * 2 // 3, COLUMNS, accumulate=False)
product_last = _product(ROWS // 3, COLUMNS, accumulate=False)
correlation_odd = _correlation(ROWS * 3 // 4)
