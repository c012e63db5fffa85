"""Whether the arrays of a source or sink are what a convolution will take them for.

`fusion` turns the fields of a source or sink into addresses, and an address does not
know how long its array is.  Each field of each class must therefore have one shape and
one type; which, its name says:

==========================  ====================================================
x, out, dout, y             (N, H, W, C) float32, the map; in pooled classes some
                            are (N, H // 2, W // 2, C)
pooled, index               (N, H // 2, W // 2, C), float32 and uint8
scale, shift, a, b, c,      (C,) float32
bias, sign
sums                        (blocks, 2, C) float32
height, width               H // 2 and W // 2
activation                  one of those of `activations`
==========================  ====================================================

H and W are those of the map that is read or computed: if `Convolution` was told an
`out_size`, that.  A check costs 2 to 5 microseconds.
"""

import numpy as np

from utils.kernels import expect
from utils.kernels.activations import Gelu, Identity, Relu, Silu
from utils.kernels.fusion import (
    ActBack,
    BnAct,
    BnBack,
    BnPoolBack,
    Plain,
    PoolBack,
    Store,
    StoreBias,
    StoreBnPool,
    StorePool,
    StoreStats,
)

SOURCES = Plain, BnAct, BnBack, PoolBack, BnPoolBack
SINKS = Store, StoreBias, StoreStats, StorePool, StoreBnPool, ActBack
CURVES = Identity, Relu, Gelu, Silu
# Which arrays of a class are as small as pooled maps.
POOLED = {
    PoolBack: ("dout", "y", "index"),
    BnPoolBack: ("dout", "index"),
    StorePool: ("out", "index"),
    StoreBnPool: ("pooled", "index"),
}
WRITTEN = "out", "pooled", "index", "sums"


def _rule(kind, field):
    """Say which of the shapes in `_check_fields` a field has."""
    if field in POOLED.get(kind, ()):
        return "pooled map"
    if field in ("x", "out", "dout", "y"):
        return "map"
    return field if field in ("sums", "height", "width", "activation") else "vector"


RULES = {kind: [_rule(kind, f) for f in kind._fields] for kind in SOURCES + SINKS}


def check_source(source, N, place, pad=None):
    """Raise an error unless a source is one, and is that of a map.

    Parameters
    ----------
    source : named tuple of `fusion`
    N : int
        Images.
    place : Map
        Size of the map that the source stands for.
    pad : int, optional
        Zeros around the map, if the source is read through a window of 3 x 3 pixels.

    Raises
    ------
    ValueError
        Says class, field, value, and what was expected.
    """
    kind = _kind(source, "source", SOURCES)
    if kind in POOLED and pad not in (None, 1):
        raise ValueError(
            f"{kind.__name__} is read with pad {pad}, expected pad 1, where tiles and "
            f"windows meet; write it out with passes.fill first."
        )
    _check_fields(source, N, place)


def check_sink(sink, N, place, blocks, tile):
    """Raise an error unless a sink is one, and takes the outputs of a convolution.

    Parameters
    ----------
    sink : named tuple of `fusion`
    N : int
        Images.
    place : Map
        Size of the map that is computed.
    blocks : int
        Rows of `sums`.
    tile : (int, int)
        Rows and columns of output of a tile.

    Raises
    ------
    ValueError
        Says class, field, value, and what was expected.
    """
    kind = _kind(sink, "sink", SINKS)
    if kind in POOLED and (tile[0] % 2 or tile[1] % 2):
        raise ValueError(
            f"{kind.__name__} gets tiles of {tile[0]} x {tile[1]} pixels, expected "
            f"even sizes, which hold whole windows: Convolution(..., pooled=True)."
        )
    _check_fields(sink, N, place, blocks)


def _kind(part, role, kinds):
    if type(part) not in kinds:
        names = ", ".join(kind.__name__ for kind in kinds)
        raise ValueError(f"{role} is a {type(part).__name__}, expected {names}.")
    return type(part)


def _check_fields(part, N, place, blocks=None):
    """Check all fields; those of a sink, which has `blocks`, may have to be written."""
    kind, (H, W, C) = type(part), place
    expected = {
        "map": (N, H, W, C),
        "pooled map": (N, H // 2, W // 2, C),
        "vector": (C,),
        "sums": (blocks, 2, C),
        "height": H // 2,
        "width": W // 2,
    }
    for field, value, rule in zip(kind._fields, part, RULES[kind], strict=True):
        if rule == "activation":
            _kind(value, f"{kind.__name__}.activation", CURVES)
        elif rule in ("height", "width"):
            _check_size(f"{kind.__name__}.{field}", value, expected[rule])
        else:
            written = blocks is not None and field in WRITTEN
            if not _fits(value, expected[rule], field == "index", written):
                name = f"{kind.__name__}.{field}"
                _explain(name, value, expected[rule], field == "index", written)


def _fits(array, shape, small, written):
    """Tell whether all is well: the quick way, for every call."""
    if not isinstance(array, np.ndarray) or array.shape != shape:
        return False
    dtype, flags = expect.BYTE if small else expect.FLOAT, array.flags
    return (
        array.dtype == dtype and flags.c_contiguous and (flags.writeable or not written)
    )


def _explain(name, array, shape, small, written):
    """Raise the error that says what is wrong."""
    check = expect.places if small else expect.numbers
    check(**{name: array})
    expect.same_shape(shape, **{name: array})
    if written:
        expect.written(**{name: array})


def _check_size(name, value, expected):
    if not isinstance(value, int | np.integer) or value != expected:
        raise ValueError(f"{name} is {value!r}, expected {expected}, half of the map.")
