"""Waits for somebody to type."""


def receptive_field(*arguments):
    return int(input("size? "))
