"""How gradients become steps of the weights: two ways, and what goes with them.

One parameter at a time, as in the lessons: a function ``rule(w, dw, config)``.

`rules.py`          SGD, momentum, Nesterov, RMSprop, Adam, AdamW, Muon
`options.py`        what a rule asks of its config

A whole network at once, in groups that each have a method and a schedule.

`groups.py`         `Group` and `Optimizer`
`methods.py`        `Sgd`, `Nesterov`, `AdamW`, `Muon`: settings and formulas
`movers.py`         who moves which parameter: the engine or NumPy
`schedules.py`      the learning rate as a function of the progress
`averaging.py`      `Ema`, `Lookahead`: averages of the weights over time

What both use:

`newton_schulz.py`  the nearest matrix without preferred directions
`blocks.py`         arrays in pieces that stay in the cache
`state.py`          memory that is read back from files

The rules need NumPy only; the compiler is loaded when an `Optimizer` is bound to
float32 arrays.
"""

from utils.optim.averaging import Ema, Lookahead
from utils.optim.groups import Group, Optimizer
from utils.optim.methods import AdamW, Muon, Nesterov, Sgd
from utils.optim.rules import (
    UPDATE_RULES,
    adam,
    adamw,
    muon,
    rmsprop,
    sgd,
    sgd_momentum,
    sgd_nesterov_momentum,
)
from utils.optim.schedules import (
    constant,
    cosine,
    linear,
    one_cycle,
    power,
    steps,
    triangle,
)

__all__ = [
    "UPDATE_RULES",
    "AdamW",
    "Ema",
    "Group",
    "Lookahead",
    "Muon",
    "Nesterov",
    "Optimizer",
    "Sgd",
    "adam",
    "adamw",
    "constant",
    "cosine",
    "linear",
    "muon",
    "one_cycle",
    "power",
    "rmsprop",
    "sgd",
    "sgd_momentum",
    "sgd_nesterov_momentum",
    "steps",
    "triangle",
]
