"""Matrix products whose left matrix is found in an image.

Two relatives of `gemm.product` (read that first); all distances are in bytes.

`window` computes output pixels.  A row of the left matrix is the window of one output
pixel: `outer` lines of `depth` numbers, that lie in the image where they are.  The ROWS
rows of a block are groups of GROUP neighbouring pixels, and a group may lie anywhere:
in the next row of the map, or in the next image.  So a map of 4 x 4 pixels, whose rows
are short, fills the registers as well as a large one.  Outputs that do not exist, at
the end of a row of the map, are computed and not stored.

`correlation` computes gradients of weights.  There the sum goes over pixels: a row of
the left matrix is one number of a window, in all pixels; its neighbour in the window
lies beside it.  Pixels come in `outer` runs of `depth`, one for each row of the map,
and a list says where each run begins.  The right matrix, gradients of outputs, is what
`pack` has put side by side.  Sums are added to what is there: a whole map does not fit
into the caches, so it is done piece by piece.

Both ask for one cache line of other memory in each step, which is needed next and then
will be there already: the memory works while the arithmetic does.

Cost: 2 * ROWS * WIDTH operations per step, as many per cycle as the processor can do.
"""

from utils.kernels.gemm import WIDTH
from utils.kernels.simd import BYTES, COLUMNS, LANES, ROWS, instruction

LOW, ODD = ROWS * 2 // 3, ROWS * 3 // 4  # heights of smaller blocks of `correlation`
GROUP = 4 if ROWS % 4 == 0 else 2
GROUPS = ROWS // GROUP


def _window(columns):
    """Write the microkernel of a convolution for a number of vectors of filters.

    places : three whole numbers for each group: where its first window begins, where
        its first output goes, and how many outputs are wanted
    a_row : from one window of a group to the next
    depth, a_outer, outer : numbers in a line of a window, from line to line, lines
    b, bias : a panel of weights, and what the sums begin with
    c_row, shift : from one output to the next; added to all outputs' addresses
    ahead, pace : memory to ask for, and how far that moves on in a step
    """

    def window(
        e,
        places,
        a_row,
        depth,
        a_outer,
        outer,
        b,
        bias,
        c_row,
        shift,
        ahead,
        pace,
    ):
        entries = [places + 24 * g for g in range(GROUPS)]
        starts = [e.load_int(entry) for entry in entries]
        first = [e.load(bias + j * BYTES) for j in range(columns)]
        sums = [[e.variable(vector) for vector in first] for _ in range(ROWS)]
        right, soon = e.variable(b), e.variable(ahead)
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
                e.prefetch(soon.get())
                soon.set(soon.get() + pace)
                right.set(right_now + columns * BYTES)
        for g, entry in enumerate(entries):
            c, wanted = e.load_int(entry + 8) + shift, e.load_int(entry + 16)
            for i in range(GROUP):
                with e.when(e.int(i).below(wanted)):
                    for j in range(columns):
                        total = sums[g * GROUP + i][j].get()
                        e.store(total, c + c_row * i + j * BYTES)

    return instruction(window)


def _correlation(rows):
    """Write the microkernel of a weights' gradient for a number of rows.

    a, lines, outer : the numbers of run o begin at a + lines[o], for `outer` runs
    a_step, depth : from one pixel of a run to the next, and how many there are
    b, c : packed rows of dout, all runs one after the other; the sums
    ahead, pace : memory to ask for, and how far that moves on in a step
    """

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
correlation = _correlation(ROWS)
correlation_low, correlation_odd = _correlation(LOW), _correlation(ODD)


def cover(rows, smaller):
    """Cover rows with as few more rows as possible by blocks of two heights.

    Parameters
    ----------
    rows : int
    smaller : int
        The height that is not ROWS.

    Returns
    -------
    total, high, low : int
        Rows in all blocks, and how many blocks have ROWS and `smaller` rows.
    """
    choices = []
    for high in range(rows // ROWS + 2):
        low = max(0, -(-(rows - high * ROWS) // smaller))
        choices.append((high * ROWS + low * smaller, low, high))
    total, low, high = min(choices)
    return total, high, low
