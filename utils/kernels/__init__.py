"""The engine room: every jitted function of the project, and nothing else.

How to read this folder
-----------------------
A *kernel* here is a short function over plain arrays and integers that Numba compiles
to machine code.  It moves or reduces data; it checks nothing (the callers in
``utils/fast_layers.py`` do) and allocates nothing (they bring the output along).

Every kernel takes ``start, stop`` first: the part of the outermost loop it works on.
``threads.run`` calls it once per thread with different parts, so each output number
has exactly one owner and no two threads ever write to the same place.

=================  ======================================================
`threads.py`       split a loop over threads
`im2col.py`        windows of images to columns of a matrix, and back
`pooling.py`       the largest value of each window, and where it stood
`normalization.py` sums over one channel of all images
=================  ======================================================

They are ordinary Python, too::

    NUMBA_DISABLE_JIT=1 python -m pytest tests/kernels
"""
