"""Benchmarks: how fast our layers are, beside PyTorch and beside what is possible.

    python -m benchmarks conv layers step train savings ladder jit

Each of these is one table; `harness` is how all of them measure, `machine` what the
processor can do at most, `rivals`, `models` and `torch_recipe` what we compare
ourselves with.  PyTorch is needed here and nowhere else::

    pip install torch==2.13.0

Without it, `savings` is as always (it compares our own ways with each other), and
`ladder` and `jit` give our own times alone.

``python -m benchmarks.pdf`` stands by itself: it compares ways from notebooks to a PDF,
and says which programs that needs.
"""

import importlib.util


def has_torch():
    """Tell whether PyTorch is installed."""
    return importlib.util.find_spec("torch") is not None
