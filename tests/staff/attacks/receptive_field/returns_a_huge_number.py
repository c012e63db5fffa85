"""Returns a number with a million digits."""


def receptive_field(*arguments):
    return 10**1_000_000
