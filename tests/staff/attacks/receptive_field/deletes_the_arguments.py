"""Changes its arguments into something enormous."""


def receptive_field(*arguments):
    for argument in arguments:
        if isinstance(argument, list):
            argument[:] = [10**500] * 99_999
    return 1
