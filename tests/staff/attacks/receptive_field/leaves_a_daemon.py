"""Leaves a process behind that writes to all it has, later on."""

import os
import time


def receptive_field(*arguments):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(1)
            for number in range(64):
                try:
                    os.write(number, b"\x01" * 64)
                except OSError:
                    pass
            open("/tmp/daemon", "w").close()
            time.sleep(600)
        os._exit(0)
    return 1
