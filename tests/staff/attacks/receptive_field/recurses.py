"""Calls itself without end."""

import sys

sys.setrecursionlimit(1 << 30)


def receptive_field(*arguments):
    return receptive_field(*arguments)
