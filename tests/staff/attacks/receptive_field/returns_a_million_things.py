"""Returns a million objects that cannot travel."""


def receptive_field(*arguments):
    return [object() for _ in range(99_999)]
