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

# Whole vectors of channels are always some blocks of ROWS rows and some of FEW.
FEW = ROWS * 2 // 3
few_product = _product(FEW, COLUMNS, accumulate=False)
add_few_product = _product(FEW, COLUMNS, accumulate=True)

# The last rows of a matrix, if they are a third of a block or less.
LAST = ROWS // 3
last_product = _product(LAST, COLUMNS, accumulate=False)
add_last_product = _product(LAST, COLUMNS, accumulate=True)
