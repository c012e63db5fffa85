"""The engine room: every jitted function of the project, and nothing else.

How to read this folder
-----------------------
A *kernel* here is a short function over plain arrays and integers that Numba compiles
to machine code.  It moves or reduces data; it checks nothing (the callers in
``utils/fast_layers.py`` do) and allocates nothing (they bring the output along).

Every kernel takes its share of the work first, so each output number has exactly one
owner and no two threads ever write to the same place.  The older ones take ``start,
stop``, a part of the outermost loop, and `threads.run` calls them once per part.  The
others take ``worker, workers``, and `threads.each` calls them once per thread.

==================  =====================================================
how they run
`compiler.py`       from Python to machine code, kept on disk
`notice.py`         a line on the screen while that lasts
`threads.py`        threads that sleep until they are called; memory
the exact path      any dtype, (N, C, H, W); ordinary Python, too
`im2col.py`         windows of images to columns of a matrix, and back
`pooling.py`        the largest value of each window, and where it stood
`normalization.py`  sums over one channel of all images
==================  =====================================================

The kernels of the exact path run without their compiler as well::

    NUMBA_DISABLE_JIT=1 python -m pytest tests/kernels

Numba takes a while to import.  So a module of this folder is imported when it is first
used: ``from utils import kernels``, later ``kernels.im2col.im2col(...)``.
"""

import importlib
import os


def compiles():
    """Tell whether kernels are compiled: ``NUMBA_DISABLE_JIT`` turns that off."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


def __getattr__(name):
    """Import a module of this folder when somebody asks for it."""
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message) from None
