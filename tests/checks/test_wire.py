import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.checks import wire

x = np.arange(24.0).reshape(2, 3, 4)
VALUES = [
    None,
    True,
    -1,
    2**70,
    -0.0,
    float("inf"),
    "caf\u00e9\n",
    (),
    [1, (2, [None])],
    {"a": 1, 3: "b", None: [False], 2.5: ()},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_come_back_with_their_types(value):
    back = wire.decode(wire.encode(value))
    assert repr(back) == repr(value) and type(back) is type(value)


@pytest.mark.parametrize("dtype", wire.DTYPES)
def test_arrays_scalars_and_types_keep_their_dtype(dtype):
    array = np.arange(6).astype(dtype).reshape(2, 3)
    back = wire.decode(wire.encode(array))
    np.testing.assert_array_equal(back, array, strict=True)
    assert back.flags.writeable and back.flags.owndata
    scalar = wire.decode(wire.encode(array[1, 2]))
    assert type(scalar) is type(array[1, 2]) and scalar == array[1, 2]
    assert wire.decode(wire.encode(array.dtype.type)) is array.dtype.type


@pytest.mark.parametrize(
    "array",
    [x, x.T, np.asfortranarray(x), np.flip(x), x[:, ::-1].transpose(1, 2, 0)],
)
def test_the_order_in_memory_is_kept(array):
    back = wire.decode(wire.encode(array))
    np.testing.assert_array_equal(back, array, strict=True)
    assert back.strides == array.strides


@pytest.mark.parametrize(
    "array",
    [x[:, ::2], np.zeros((2, 0, 3)), np.array(3.0), np.broadcast_to(x[:1], x.shape)],
)
def test_other_arrays_are_equal(array):
    np.testing.assert_array_equal(wire.decode(wire.encode(array)), array, strict=True)


class Liar(np.ndarray):
    def __array_finalize__(self, other):
        self.lies = True


def test_subclasses_become_what_they_are_based_on():
    class Words(dict):
        def items(self):
            return [("a", "lie")]

    assert wire.decode(wire.encode(Words(a=1))) == {"a": 1}
    back = wire.decode(wire.encode(x.view(Liar)))
    assert type(back) is np.ndarray and np.array_equal(back, x)


def test_strange_dtypes_leave_their_shape_and_nothing_else():
    arrays = [np.array([[], "a"], object), np.array(["b"]), np.array([1j])]
    arrays += [np.zeros(2, "M8[25s]"), np.array([b""]), np.zeros(2, "V16")]
    for array in arrays:
        back = wire.decode(wire.encode(array))
        assert back.dtype == array.dtype and back.shape == array.shape
        assert not any(map(bool, back.astype(bool).ravel()))
    pair = wire.decode(wire.encode(np.zeros(3, [("a", "f8"), ("b", "O")])))
    assert pair.dtype == "V16" and pair.shape == (3,)


def test_long_doubles_keep_their_dtype():
    array = np.array([[0.5, np.inf], [-3, 4]], np.longdouble).T
    back = wire.decode(wire.encode(array))
    np.testing.assert_array_equal(back, array, strict=True)
    assert type(wire.decode(wire.encode(array[0, 0]))) is np.longdouble


def test_the_name_of_a_dtype_is_not_believed():
    for name in (b"<c3", b"|T16", b"f8,f8", b"<M8[parsecs]", b"|V99999", b""):
        text = len(name).to_bytes(4, "little") + name
        back = wire.decode(array_bytes(255, (2, 0)) + text)
        assert back.dtype == object or back.nbytes < 1 << 30
    with pytest.raises(wire.Rubbish, match="too large"):
        wire.decode(array_bytes(255, (9, 0)) + b"\x0a\0\0\0|V99999999")


def test_what_cannot_travel_is_kept_and_named():
    kept = []

    def keep(thing):
        kept.append(thing)
        return len(kept)

    generator = (k for k in "ab")
    first, second = wire.decode(wire.encode((generator, {(1, 2): 3}), keep))
    assert kept == [generator, {(1, 2): 3}]
    assert type(first).__name__ == "generator" and type(second).__name__ == "dict"
    assert isinstance(first, wire.Opaque) and (first.handle, second.handle) == (1, 2)
    again = wire.decode(wire.encode(second), lambda handle, name: kept[handle - 1])
    assert again is kept[1]
    with pytest.raises(TypeError, match="type generator cannot be sent"):
        wire.encode(generator)


def test_deep_and_endless_containers_are_kept():
    endless = []
    endless.append(endless)
    back = wire.decode(wire.encode(endless, lambda thing: 7))
    for _ in range(wire.DEEPEST):
        (back,) = back
    assert type(back).__name__ == "list" and back.handle == 7
    many = [0] * (wire.MOST + 1)
    assert wire.decode(wire.encode(many, lambda thing: 7)).handle == 7
    assert wire.decode(wire.encode(1 << 99_999, lambda thing: 7)).handle == 7


def test_too_much_is_refused_before_it_is_copied():
    with pytest.raises(wire.TooMuch, match="an array of"):
        wire.encode(np.broadcast_to(0.0, (1 << 20, 1 << 20)))
    with pytest.raises(wire.TooMuch, match="an array of"):
        wire.encode(np.broadcast_to(np.zeros((), object), (1 << 20,)))
    with pytest.raises(wire.TooMuch, match="more than 100,000 values"):
        wire.encode([[None] * (wire.MOST // 2)] * 4)


def test_what_is_small_on_the_pipe_is_not_large_here():
    nothings = b"t" + wire.MOST.to_bytes(4, "little") + b"N" * wire.MOST
    assert len(wire.decode(nothings)) == wire.MOST
    with pytest.raises(wire.Rubbish, match="container is too large"):
        wire.decode(b"t\x04\0\0\0" + 4 * nothings)
    with pytest.raises(wire.Rubbish, match="array is too large"):
        wire.decode(array_bytes(255, (1 << 18, 0)) + b"\x02\0\0\0|O")


def test_names_of_types_are_harmless():
    assert type(wire.opaque(1, "a b\n<c>" + "d" * 900)).__name__.startswith("abcd")
    assert type(wire.opaque(1, "\u00e9")).__name__ == "object"


def array_bytes(code, *axes):
    layout = b"".join(
        n.to_bytes(8, "little") + bytes([k]) + bytes([0]) for n, k in axes
    )
    return b"a" + bytes([code, len(axes)]) + layout


RUBBISH = {
    "nothing": b"",
    "unknown tag": b"?",
    "more behind": b"NN",
    "cut number": b"f123",
    "cut text": b"s\xff\xff\xff\xffabc",
    "dtype": b"y\x03\x00\x00\x00|O8",
    "many": b"l\xff\xff\xff\xff",
    "deep": b"l\x01\x00\x00\x00" * 99 + b"N",
    "key": b"d\x01\x00\x00\x00l\x00\x00\x00\x00N",
    "size": array_bytes(11, (1 << 40, 0)) + b"x",
    "overflow": array_bytes(11, (1 << 63, 0), (1 << 63, 1), (0, 2)),
    "objects": array_bytes(255, (1 << 61, 0), (1 << 61, 1)),
    "axes": array_bytes(0, (1, 0), (1, 0)) + b"x",
    "dimensions": array_bytes(0, *[(1, k) for k in range(40)]) + b"x",
    "short": array_bytes(0, (9, 0)) + b"x",
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_refused(name):
    with pytest.raises(wire.Rubbish):
        wire.decode(RUBBISH[name])


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda b: b"t\2\0\0\0" + b))
def test_no_bytes_do_anything_else(data):
    try:
        wire.decode(data)
    except wire.Rubbish as error:
        assert str(error)


def test_frames():
    pipe = io.BytesIO()
    wire.send(pipe, b"abc")
    wire.send(pipe, b"")
    pipe.seek(0)
    assert [wire.receive(pipe) for _ in range(3)] == [b"abc", b"", None]
    for broken in (b"abc", b"\xff" * 8, (5).to_bytes(8, "little") + b"abc"):
        with pytest.raises(wire.Rubbish):
            wire.receive(io.BytesIO(broken))
