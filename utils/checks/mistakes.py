"""Known wrong answers for the layers, each with a sentence that names the mistake.

When a result is wrong, it is compared with what these mistakes would have given on
the same input; one that agrees becomes the hint.  The functions of `conv_mistakes`,
`pool_mistakes` and `norm_mistakes` return lists of pairs ``(explanation, function
without arguments)``; the function gives the wrong values, or None where the mistake
makes no difference or no sense.  Here is what they share.
"""

from functools import partial

STRIDE = "the window starts at i, j: is the step missing, i * stride, j * stride?"
ROW_STRIDE = "the window's top is i, expected i * stride"
COLUMN_STRIDE = "the window's left is j, expected j * stride"
OVERWRITTEN = "windows overlap: each pixel collects from all of them, += and not ="


def misreadings(compute, *parts):
    """List what comes out if one part of a computation is read wrongly.

    Two at once are not tried: among so many candidates one fits by chance, and is
    nonsense.

    Parameters
    ----------
    compute : callable
        Takes one argument per part and returns the values; None where that makes no
        sense.
    *parts : (object, list of (str, object))
        What a part should be, and what it may be instead, each with its explanation.

    Returns
    -------
    list of (str, callable)
        Explanations, and functions without arguments.
    """
    right = [value for value, _ in parts]
    return [
        (text, partial(compute, *right[:k], value, *right[k + 1 :]))
        for k, (_, readings) in enumerate(parts)
        for text, value in readings
    ]
