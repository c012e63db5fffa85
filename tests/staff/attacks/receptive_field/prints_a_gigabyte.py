"""Prints more than a disk should hold."""


def receptive_field(*arguments):
    for _ in range(1000):
        print("x" * 1_000_000)
    return 1
