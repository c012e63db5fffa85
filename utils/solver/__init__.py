"""Training: the loop, and what surrounds it.

`solver.py`      what a `Solver` offers
`loop.py`        the loop inside it
`arguments.py`   what its options may be
`model.py`       what a model must answer, and its weights at one moment
`plan.py`        which images, size and frozen weights belong to a step
`rule.py`        an update rule of the lessons in the shape of an optimiser
`history.py`     what was measured, ready for JSON
`display.py`     the lines and the bar
`checkpoint.py`  files to go on from after a crash
`resume.py`      what such a file keeps of a solver
`interrupts.py`  Ctrl-C between two updates
`finder.py`      which learning rate to try: `find_learning_rate`
"""

from utils.solver.finder import Finding, find_learning_rate
from utils.solver.solver import Solver

__all__ = ["Finding", "Solver", "find_learning_rate"]
