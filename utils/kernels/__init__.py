"""The engine room: every jitted function of the project, and nothing else.

How to read this folder
-----------------------
A *kernel* here is a short function over plain arrays and integers that Numba compiles
to machine code.  It moves or reduces data, and allocates nothing (the callers bring the
output along).  A kernel checks nothing itself: the functions that students, layers and
networks call check what they are given (`expect`), then start the threads.

Every kernel takes its share of the work first, so each output number has exactly one
owner and no two threads ever write to the same place.  Those of the exact path take
``start, stop``, a part of the outermost loop, and `threads.run` calls them once per
part.  The others take ``worker, workers``, and `threads.each` calls them once per
thread; work is shared out by a counter, or in fixed shares where it is summed up.

In one evening: `threads`, `lanes`, `values`, `simd`, `gemm`, `activations`, `fusion`,
`schemes`, `tiles`, `winograd`: what a fast convolution is made of, each built on those
before it.  They are marked > below.  The rest is for reference.

========================  ==========================================================
how kernels run
`compiler.py`             from Python to machine code, kept on disk
`notice.py`               a line on the screen while that lasts
`interrupts.py`           Ctrl-C that waits
`threads.py`              > threads that sleep until they are called; aligned memory
`scratch.py`              memory that is kept from call to call
`machine.py`              what is found on this machine, in words
the exact path            any dtype, (N, C, H, W); runs as ordinary Python, too
`im2col.py`               windows of images to columns of a matrix, and back
`pooling.py`              the largest value of each window, and where it stood
`normalization.py`        sums over one channel of all images
`curves.py`               GELU and SiLU by their definitions
`loops.py`                a convolution as plain compiled loops, to compare with
vector instructions
`lanes.py`                > how wide the vectors of this machine are
`values.py`               > numbers that exist at run time only
`simd.py`                 > instructions written in Python
`watch.py`                a test of every address, for the tests
`expect.py`               what kernels expect of their arrays
matrix products           convolutions and fully connected layers consist of them
`gemm.py`                 > one block of registers
`windows.py`              the left matrix is found in an image
between convolutions      channels-last, float32, from here on
`activations.py`          > ReLU, GELU, SiLU, and their slopes
`max_pool.py`             max pooling
`fusion.py`               > what a convolution does on the way in and out
`fusion_check.py`         whether its arrays have the sizes it will take them for
`passes.py`               the same where no convolution is near
`moments.py`              from the sums of a batchnorm to its numbers per channel
`batchnorm.py`            batch normalisation as a layer by itself:
`batchnorm_sums.py`       its sums
`batchnorm_maps.py`       and its maps
`walk.py`                 who works on which of their tiles
convolutions              with fewer multiplications
`schemes.py`              > Winograd's algorithms
`tiles.py`                > their transforms
`winograd.py`             > 3 x 3 filters
`winograd_weights.py`     the gradient of their weights
`columns.py`              images as columns
`narrow.py`               images with few channels
`narrow_gradients.py`     their gradients
convolutions              by the definition
`slabs.py`                where a direct convolution finds its input
`direct.py`               any filter, stride, padding
`direct_weights.py`       its gradients of weights and bias
`affine.py`               fully connected layers
the lessons' layout       (N, C, H, W)
`layout.py`               to channels-last and back
`convolution.py`          which algorithm a convolution takes
training
`augmentation.py`         from stored pictures to a batch of views
`updates.py`              SGD, Adam
`totals.py`               the sum of an array, to see whether it is finite
`muon.py`                 Muon
========================  ==========================================================

The exact path without the compiler::

    NUMBA_DISABLE_JIT=1 python -m pytest tests/kernels

Numba takes a while to import.  So a module of this folder is imported when it is first
used: ``from utils import kernels``, later ``kernels.im2col.im2col(...)``.
"""

import importlib
import os

from utils.kernels.interrupts import unbroken


def compiles():
    """Tell whether kernels are compiled: ``NUMBA_DISABLE_JIT`` turns that off."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


def __getattr__(name):
    """Import a module of this folder when somebody asks for it."""
    try:
        with unbroken():
            return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message) from None
