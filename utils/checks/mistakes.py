"""Known wrong answers for the layers, each with a sentence that names the mistake.

When a result is wrong, it is compared with what these mistakes would have given on
the same input; the first that agrees becomes the hint.  The functions of
`conv_mistakes` and `pool_mistakes` return lists of pairs ``(explanation, function
without arguments)``; the function gives the wrong values, or None where the mistake
makes no difference or no sense.  Here is what they share.
"""

from functools import partial
from itertools import combinations, product

import numpy as np

from utils.checks import oracle

STRIDE = "the window starts at i, j: is the step missing, i * stride, j * stride?"
ROW_STRIDE = "the window's top is i, expected i * stride"
COLUMN_STRIDE = "the window's left is j, expected j * stride"
OVERWRITTEN = "windows overlap: each pixel collects from all of them, += and not ="


def misreadings(compute, *parts, most=2):
    """Combine what can be read wrongly in the parts of a computation.

    Parameters
    ----------
    compute : callable
        Takes one argument per part and returns the values; None where that makes no
        sense.
    *parts : (object, list of (str, object))
        What a part should be, and what it may be instead, each with its explanation.
    most : int
        How many parts may be wrong at the same time.

    Returns
    -------
    list of (str, callable)
        Explanations, and functions without arguments; single mistakes come first.
    """
    found = []
    for count in range(1, most + 1):
        for wrong in combinations(range(len(parts)), count):
            for mistakes in product(*(parts[k][1] for k in wrong)):
                values = [right for right, _ in parts]
                for k, (_, value) in zip(wrong, mistakes, strict=True):
                    values[k] = value
                text = "; and ".join(text for text, _ in mistakes)
                found.append((text, partial(compute, *values)))
    return found


def assign(values, shape, stride, mask=None):
    """Like `oracle.scatter`, but windows overwrite each other instead of adding.

    With a mask, each window writes only where the mask is true.
    """
    size = int(np.prod(shape))
    HH, WW = values.shape[4:]
    read_from = oracle.windows(np.arange(size).reshape(shape), HH, WW, stride)
    mask = np.ones(values.shape, bool) if mask is None else mask
    flat = np.zeros(size)
    flat[read_from[mask]] = values[mask]  # numpy keeps the last one
    return flat.reshape(shape)


def corner(dout, x, HH, WW):
    """Put dout into the top left corner of the output that stride 1 would have."""
    dense = np.zeros((*dout.shape[:2], x.shape[2] - HH + 1, x.shape[3] - WW + 1))
    dense[:, :, : dout.shape[2], : dout.shape[3]] = dout
    return dense
