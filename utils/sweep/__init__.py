"""Hyper-parameter search: in a cell of a notebook, or on many machines.

    from utils import sweep

    study = sweep.Study(
        "rates",
        space={
            "muon_rate": sweep.log(0.05, 0.5),
            "batch_size": sweep.choice(125, 250, 500),
        },
    )
    study.run(sweep.recipe_objective("fast80", data), trials=30)
    study.best
    study.table()

A study is kept in a file, ``build/sweeps/NAME.log``; running the cell again continues
it.  On many machines, start the same command on each; they meet at one address:

    python -m utils.sweep fast80 --vary "muon_rate=log(0.05, 0.5)" --trials 40 \
        --storage postgresql://user:password@host/database

Optuna proposes the parameters (tree-structured Parzen estimator) and judges trials
before their end (successive halving).  It is an extra: ``import utils.sweep`` works
without it, and the first study says how to install it.

`study.py`      `Study`: what one worker does
`space.py`      what is searched
`objective.py`  our recipes as objectives
`trial.py`      what an objective gets
`crew.py`       how workers share trials without a foreman
`agreement.py`  what they must have in common
`points.py`     no point is tried twice
`journal.py`    the study in a file
`database.py`   the study in PostgreSQL
`library.py`    Optuna, which may be missing
`results.py`    what came out: rows, sentences, shares
`table.py`      the same as text
`cli.py`        the command line

References
----------
Akiba et al., "Optuna", KDD 2019.  Li et al., "A System for Massively Parallel
Hyperparameter Tuning" (asynchronous successive halving), MLSys 2020.
"""

from utils.sweep.library import Pruned, SweepError
from utils.sweep.objective import recipe_objective
from utils.sweep.space import choice, linear, log, whole
from utils.sweep.study import Study
from utils.sweep.table import Table
from utils.sweep.trial import Trial

__all__ = [
    "Pruned",
    "Study",
    "SweepError",
    "Table",
    "Trial",
    "choice",
    "linear",
    "log",
    "recipe_objective",
    "whole",
]
