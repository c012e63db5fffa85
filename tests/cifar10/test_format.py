import collections
import os
import pickle

import numpy as np
import pytest

from utils.cifar10 import format as cifar10_format
from utils.cifar10.format import (
    OFFICIAL_MD5,
    CIFAR10Error,
    file_md5,
    hash_problem,
    parse_batch,
    parse_classes,
)

CLASSES = tuple("airplane automobile bird cat deer dog frog horse ship truck".split())
PIXELS = np.arange(2 * 3072, dtype=np.uint32).reshape(2, 3072).astype(np.uint8)


def python_batch(dump, **changes):
    batch = {"batch_label": "b", "labels": [3, 9], "data": PIXELS} | changes
    return dump(batch)


def test_python_batch(python2_pickle):
    X, y = parse_batch("data_batch_1", python_batch(python2_pickle), "here")
    assert X.dtype == np.uint8 and X.shape == (2, 3, 32, 32)
    assert y.dtype == np.int64 and y.tolist() == [3, 9]
    # red, green, blue planes, each row by row
    assert X[0, 0, 0, 1] == 1 and X[0, 0, 1, 0] == 32
    assert X[0, 1, 0, 1] == PIXELS[0, 1024 + 1]
    assert X[1, 2, 31, 31] == PIXELS[1, 3071]


def test_toy_pickles_are_what_python_2_wrote(python2_pickle):
    # Plain unpickling accepts them too; older batches trip a warning of NumPy there.
    content = python_batch(python2_pickle)
    assert content.startswith(b"\x80\x02}") and b"cnumpy.core.multiarray\n" in content
    X, _ = parse_batch("data_batch_1", content, "here")
    np.testing.assert_array_equal(X.reshape(2, -1), PIXELS)


@pytest.mark.parametrize("array", [PIXELS, np.asfortranarray(PIXELS)])
def test_batches_pickled_by_python_3(array):
    content = pickle.dumps({"labels": [3, 9], "data": array}, protocol=4)
    X, y = parse_batch("data_batch_1", content, "here")
    np.testing.assert_array_equal(X.reshape(2, -1), PIXELS)
    assert y.tolist() == [3, 9]


def test_binary_batch():
    records = np.column_stack([np.array([3, 9], np.uint8), PIXELS])
    X, y = parse_batch("data_batch_1.bin", records.tobytes(), "here")
    np.testing.assert_array_equal(X.reshape(2, -1), PIXELS)
    assert y.dtype == np.int64 and y.tolist() == [3, 9]


def test_classes(python2_pickle):
    meta = python2_pickle({"label_names": list(CLASSES)})
    assert parse_classes("batches.meta", meta, "here") == CLASSES
    text = "\r\n".join(CLASSES).encode() + b"\r\n\r\n"
    assert parse_classes("batches.meta.txt", text, "here") == CLASSES


@pytest.mark.parametrize("names", [["a"] * 9, [1] * 10, 7, [b"\xff"] * 10])
def test_wrong_classes(python2_pickle, names):
    meta = python2_pickle({"label_names": names})
    with pytest.raises(CIFAR10Error, match="batches.meta in here does not list ten"):
        parse_classes("batches.meta", meta, "here")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": PIXELS[:, :3071]}, r"'data' of x in here is \(2, 3071\), expected"),
        ({"data": PIXELS.reshape(2, 3, 1024)}, "not two-dimensional uint8"),
        ({"data": [1, 2]}, "'data' of x in here is list"),
        ({"data": PIXELS[:0], "labels": []}, "0 pictures and 0 labels"),
        ({"labels": [1]}, "2 pictures and 1 labels"),
        ({"labels": [3, 10]}, "x in here has labels outside of 0 to 9"),
        ({"labels": [-1, 3]}, "x in here has labels outside of 0 to 9"),
        ({"labels": ["a", "b"]}, "not a list of integers"),
        ({"labels": b"\x01\x02"}, "not a list of integers"),
    ],
)
def test_wrong_batches(python2_pickle, changes, message):
    content = python_batch(python2_pickle, **changes)
    with pytest.raises(CIFAR10Error, match=message):
        parse_batch("x", content, "here")


@pytest.mark.parametrize(
    "value",
    [
        {"data": PIXELS.astype(np.float32), "labels": [3, 9]},
        {"data": np.array([[None]]), "labels": [3]},
        {"data": PIXELS, "labels": [3, 2**80]},
        {"data": PIXELS, "labels": np.array([3, 9])},
        [1, 2],
        None,
    ],
)
def test_wrong_contents_of_newer_pickles(value):
    with pytest.raises(CIFAR10Error, match="x in here"):
        parse_batch("x", pickle.dumps(value, protocol=4), "here")


@pytest.mark.parametrize("label", [10**5000, -(10**5000)], ids=["+", "-"])
def test_a_label_too_long_to_print(label):
    content = pickle.dumps({"data": PIXELS, "labels": [3, label]}, protocol=4)
    with pytest.raises(CIFAR10Error, match="x in here has labels outside of 0 to 9"):
        parse_batch("x", content, "here")


def test_wrong_label_of_the_binary_layout():
    records = np.column_stack([np.array([3, 10], np.uint8), PIXELS])
    with pytest.raises(CIFAR10Error, match="y.bin in here has labels outside of 0 to"):
        parse_batch("y.bin", records.tobytes(), "here")


@pytest.mark.parametrize("length", [0, 1, 100, 5000, -1])
def test_truncated_files(python2_pickle, length):
    content = python_batch(python2_pickle)
    with pytest.raises(CIFAR10Error, match="x in here is not a readable CIFAR-10 file"):
        parse_batch("x", content[:length], "here")
    with pytest.raises(CIFAR10Error, match="y.bin in here has"):
        parse_batch("y.bin", bytes(2 * 3073)[:length], "here")


class Exploit:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Exploit(os.system, "echo > {marker}"), f"{os.system.__module__}.system"),
        (Exploit(eval, "open({marker!r}, 'w')"), "builtins.eval"),
        (Exploit(getattr, PIXELS, "tofile"), "builtins.getattr"),
        (Exploit(np.fromfile, "{marker}"), "fromfile"),
        (collections.OrderedDict(), "collections.OrderedDict"),
    ],
    ids=["system", "eval", "getattr", "fromfile", "any-other-class"],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_malicious_pickles_do_nothing(tmp_path, value, name, protocol):
    marker = tmp_path / "marker"
    if isinstance(value, Exploit):
        arguments = [
            a.format(marker=str(marker)) if isinstance(a, str) else a
            for a in value.arguments
        ]
        value = Exploit(value.function, *arguments)
    content = pickle.dumps({"data": value}, protocol=protocol)
    with pytest.raises(CIFAR10Error, match=r"not a readable .*asks for .*no CIFAR-10"):
        parse_batch("x", content, "here")
    with pytest.raises(CIFAR10Error, match="x in here .*"):
        parse_classes("x", content, "here")
    assert not marker.exists()
    if protocol == 4:
        with pytest.raises(CIFAR10Error, match=name.replace("__builtin__", "builtins")):
            parse_batch("x", content, "here")


def test_known_names_cannot_be_misused():
    # ndarray((2**40,)) and dtype("O"): harmless stand-ins, no allocation, no objects
    for content in (
        b"cnumpy\nndarray\n(J\xff\xff\xff\x7ftR.",
        b"cnumpy\ndtype\n(U\x01OtR.",
        b"cnumpy.core.multiarray\n_reconstruct\n(tR(K\x01(K\x02K\x02tNNNtb.",
    ):
        with pytest.raises(CIFAR10Error, match="not a readable"):
            parse_batch("x", b"\x80\x02" + content, "here")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"}r\x00\x2d\x31\x01.", "its memo is too large"),  # LONG_BINPUT, 20 million
        (b"}p20000000\n.", "its memo is too large"),  # PUT, the same as text
        (b"](" + b"}" * 40 + b"e.", "more than 30 opcodes"),
        (b"cnumpy\ndtype\n)\x81.", "it uses the opcode NEWOBJ"),
        (b"Pname\n.", "it uses the opcode PERSID"),
    ],
)
def test_pickles_that_only_cost_memory_are_not_even_begun(
    monkeypatch, content, message
):
    monkeypatch.setattr(cifar10_format, "_BatchUnpickler", None)
    if "opcodes" in message:
        monkeypatch.setattr(cifar10_format, "OPCODE_CAP", 30)
    with pytest.raises(CIFAR10Error, match=f"x in here is not a readable .*{message}"):
        parse_batch("x", content, "here")


@pytest.mark.parametrize(
    "name", ["numpy.core.multiarray _reconstruct", "numpy dtype", "numpy ndarray"]
)
@pytest.mark.parametrize("start", [b"", b"N"], ids=["dict", "slots"])
def test_known_names_cannot_be_changed(name, start):
    # BUILD on a name: its state would go to an object of this process
    state = start + b"}X\x04\x00\x00\x00evilK\x01s" + (b"\x86" if start else b"")
    content = b"\x80\x02c" + name.replace(" ", "\n").encode() + b"\n" + state + b"b."
    with pytest.raises(CIFAR10Error, match="x in here is not a readable"):
        parse_batch("x", content, "here")
    known = cifar10_format._BatchUnpickler.KNOWN
    assert not hasattr(known[tuple(name.split())], "evil")


def test_hashes():
    assert file_md5("data_batch_1", b"abc") == "900150983cd24fb0d6963f7d28e17f72"
    problem = hash_problem("data_batch_1", b"abc", "here")
    assert "data_batch_1 in here is not the official file" in problem
    assert "900150983cd24fb0d6963f7d28e17f72" in problem
    assert OFFICIAL_MD5["data_batch_1"] in problem


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_list_of_names_is_official_with_any_line_ends(newline):
    text = (newline.join(CLASSES) + newline * 2).encode()
    assert hash_problem("batches.meta.txt", text, "here") is None
    assert hash_problem("batches.meta.txt", text[1:], "here") is not None
