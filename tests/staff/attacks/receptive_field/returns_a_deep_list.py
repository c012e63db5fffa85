"""Returns lists within lists within lists."""


def receptive_field(*arguments):
    value = []
    for _ in range(100_000):
        value = [value]
    return value
