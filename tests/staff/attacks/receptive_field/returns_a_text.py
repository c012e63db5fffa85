"""Returns the answer as text, bytes or complex number, in turn."""

import itertools

values = itertools.cycle(["1", b"1", 1j, [1], {1}, None, 1.5, True])


def receptive_field(*arguments):
    return next(values)
