"""Benchmarks: how fast our layers are, beside PyTorch and beside what is possible.

    python -m benchmarks conv layers step train savings ladder jit

Each of these is one table; `harness` is how all of them measure, `machine` what the
processor can do at most, `rivals`, `models` and `torch_recipe` what we compare
ourselves with.  PyTorch is needed here and nowhere else, and by `savings` not even
here, which compares our own ways with each other::

    pip install torch==2.13.0
"""
