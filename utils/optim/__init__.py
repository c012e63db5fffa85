"""How a gradient becomes a step of the weights."""

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

__all__ = [
    "UPDATE_RULES",
    "adam",
    "adamw",
    "muon",
    "rmsprop",
    "sgd",
    "sgd_momentum",
    "sgd_nesterov_momentum",
]
