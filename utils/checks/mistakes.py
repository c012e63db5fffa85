"""Known wrong answers for the layers, each with a sentence that names the mistake.

When a result is wrong, it is compared with what these mistakes would have given on
the same input; one that agrees becomes the hint.  The functions of `conv_mistakes`,
`pool_mistakes` and `norm_mistakes` return lists of pairs ``(explanation, function
without arguments)``; the function gives the wrong values, or None where the mistake
makes no difference or no sense.  Here is what they share.
"""

from functools import partial
from itertools import combinations, product

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
