"""Returns something that is computed later."""


def receptive_field(*arguments):
    yield from range(10**9)
