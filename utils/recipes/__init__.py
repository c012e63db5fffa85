"""Named recipes that train CIFAR-10 quickly, and their command line.

    python -m utils.recipes fast65
    python -m utils.recipes record94 --seed 1 --json build/record94-1.json

All recipes train the network of Jordan (2024), "94% on CIFAR-10 in 3.29 seconds on a
single GPU": a whitening layer, three blocks of two convolutions, a global maximum and
one affine layer, with Muon for the filters.  They differ in width, length and image
size.  The short ones begin with small images: early steps learn what small images show
just as well, in a third of the time.  Settings were compared on training
images that were held back (README tells what the test images have decided).

`table.py`     all numbers of all recipes
`limits.py`    what each of them may be
`training.py`  from a recipe to a trained network
`cli.py`       the command line
`targets.py`   files it will write: looked at before it trains
`records.py`   what its logs say beside the result
"""

from utils.recipes.limits import check
from utils.recipes.table import RECIPES, Recipe
from utils.recipes.training import (
    Result,
    accuracy,
    count_flops,
    held_back,
    layers,
    make_augment,
    make_optimizer,
    train,
)

__all__ = [
    "RECIPES",
    "Recipe",
    "Result",
    "accuracy",
    "check",
    "count_flops",
    "held_back",
    "layers",
    "make_augment",
    "make_optimizer",
    "train",
]
