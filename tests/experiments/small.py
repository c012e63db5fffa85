"""Pictures that a small network learns in a moment, and a recipe that is small."""

import numpy as np

from utils.recipes import RECIPES

TINY = RECIPES["fast65"]._replace(
    widths=(16, 16, 16),
    batch_size=20,
    epochs=1.0,
    sizes=((0.0, 18),),
    whitening_until=0.25,
)


def make_data(count=200, seed=0):
    """Give pictures that are mostly red, green or blue, a fifth of them held back."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, count)
    X = rng.integers(0, 90, (count, 3, 32, 32), np.uint8)
    X[np.arange(count), y] += 120
    cut = count * 4 // 5
    parts = {"X_train": X[:cut], "y_train": y[:cut]}
    return parts | {"X_val": X[cut:], "y_val": y[cut:]}
