"""Stops its process without ending it."""

import os
import signal


def receptive_field(*arguments):
    os.kill(os.getpid(), signal.SIGSTOP)
    while True:
        signal.pause()
