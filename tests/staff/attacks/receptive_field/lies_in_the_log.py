"""Writes a traceback of its own where slow code is noted."""

import os

LINES = b'Timeout (0:00:01)!\n  File "/etc/shadow", line 1 in secret\n' * 100_000


def receptive_field(*arguments):
    for number in range(3, 16):
        try:
            os.ftruncate(number, 1 << 24)
            os.write(number, LINES)
        except OSError:
            pass
    while True:
        pass
