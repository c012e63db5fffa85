"""Benchmarks: how fast our layers are, beside PyTorch and beside what is possible.

    python -m benchmarks conv layers step ladder jit

Each file is one table; `harness` is how all of them measure, `machine` what the
processor can do at most, `rivals` what we compare ourselves with.  PyTorch is needed
here and nowhere else::

    pip install torch==2.13.0
"""
