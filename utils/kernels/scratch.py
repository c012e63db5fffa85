"""Memory that kernels work in, kept from call to call.

Fresh memory is slow: the operating system hands it out page by page, at the first
touch, and a step of training would touch it all again each time.  So whoever calls
kernels keeps one `Scratch`, and the kernels of a network take turns in it.
"""

import threading

import numpy as np

from utils.kernels import threads


class Scratch:
    """Named pieces of memory that grow to the largest size asked for."""

    def __init__(self):
        self._pieces = {}

    def get(self, name, rows, size):
        """Give float32 memory of shape (rows, at least `size`), its content undefined.

        Parameters
        ----------
        name : str
            Pieces of different names do not overlap.
        rows, size : int
            A row per thread, and numbers per row.

        Returns
        -------
        ndarray of shape (rows, width), with width >= size
            Rows begin on 64-byte boundaries.  Zeros at first.
        """
        width = -(-size // 16) * 16
        piece = self._pieces.get(name)
        if piece is None or piece.size < rows * width:
            self._pieces.pop(name, None)
            piece = self._pieces[name] = threads.aligned((rows * width,), np.float32)
        return piece[: rows * width].reshape(rows, width)

    def pieces(self):
        """List the arrays that are held."""
        return list(self._pieces.values())

    @property
    def nbytes(self):
        """How much memory is held, in bytes."""
        return sum(piece.nbytes for piece in self._pieces.values())


_local = threading.local()


def own():
    """Give the scratch memory of the calling Python thread."""
    if not hasattr(_local, "scratch"):
        _local.scratch = Scratch()
    return _local.scratch
