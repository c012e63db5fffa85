"""Closes all descriptors it has."""

import os


def receptive_field(*arguments):
    os.closerange(0, 256)
    return 1
