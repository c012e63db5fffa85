"""Never returns, and ignores whoever asks it to."""

import signal

for number in range(1, signal.NSIG):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass


def receptive_field(*arguments):
    while True:
        pass
