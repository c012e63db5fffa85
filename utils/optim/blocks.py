"""Arrays in pieces that stay in the processor's cache."""

# Values per block: a block of each array a rule reads stays in the processor's cache
# from the first line of the formula to the last, and its temporaries are small.
BLOCK = 1 << 14


def blocks(*arrays):
    """Cut arrays of one shape into flat pieces, each a view into its array.

    Parameters
    ----------
    *arrays : ndarray
        Of one shape.

    Yields
    ------
    sequence of ndarray
        One piece of each array.  If one is not in C order no flat view exists, and
        the only piece is everything.
    """
    if not all(array.flags.c_contiguous for array in arrays):
        yield arrays
        return
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, BLOCK):
        yield [array[start : start + BLOCK] for array in flat]
