"""What the child does, asked in this process."""

import os
import py_compile
import sys

import numpy as np
import pytest

from utils.checks import child as module
from utils.checks.child import Child, Finder, write

wire = module.wire


@pytest.fixture
def child():
    return Child()


def ask(child, *request):
    return wire.decode(child.answer(wire.encode((request[0], (), *request[1:]))))


def keep(child, thing):
    return wire.opaque(child.keep(thing), "thing")


def call(child, function, *args, kept=(), method="", **kwargs):
    return ask(child, "call", keep(child, function), method, args, kwargs, kept)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    yield tmp_path
    sys.modules.pop("mine", None)


def open_file(child, folder, text, *names):
    (folder / "mine.py").write_text(text)
    return ask(child, "open", str(folder / "mine.py"), "mine", str(folder), names)


def test_names_of_a_file_are_opened(child, folder):
    what, found = open_file(child, folder, "def f(): return 7\nx = 3\n", "f", "x")
    assert what == "opened" and [is_callable for _, is_callable in found] == [
        True,
        False,
    ]
    assert type(found[0][0]).__name__ == "function"
    assert ask(child, "call", found[0][0], "", (), {}, ()) == ("returned", 7, [], [])


def test_a_name_that_is_not_there(child, folder):
    assert open_file(child, folder, "def g(): ...\n", "f") == ("missing", "f")


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("def f(:\n", "SyntaxError", 1),
        ("import math\nmath.pie\n", "AttributeError", 2),
        ("x = 1\nraise SystemExit(3)\n", "SystemExit", 2),
        ("import no_such_module\n", "ModuleNotFoundError", 1),
    ],
)
def test_a_file_that_cannot_be_imported(text, kind, line, child, folder):
    what, _, got, _, file, at = open_file(child, folder, text, "f")
    assert (what, got, at) == ("raised", kind, line)
    assert file == str(folder / "mine.py")


def test_no_file(child, folder):
    answer = ask(child, "open", str(folder / "mine.py"), "mine", str(folder), ())
    assert answer[2] == "FileNotFoundError"


def test_another_file_is_found_first(child, folder):
    (folder / "json.py").write_text("")
    answer = ask(child, "open", str(folder / "json.py"), "json", str(folder), ())
    assert answer[2] == "ImportError" and "is found before it" in answer[3]


def test_two_edits_within_a_second_are_both_seen(folder, monkeypatch):
    file = folder / "mine.py"
    file.write_text("x = 1\n")
    os.utime(file, (1e9, 1e9))
    compiled = py_compile.compile(str(file))
    os.utime(compiled, (1e9, 1e9 + 0.1))
    file.write_text("x = 2\n")
    os.utime(file, (1e9, 1e9 + 0.2))
    monkeypatch.setattr(Finder, "folder", str(folder))
    sys.path.insert(0, str(folder))
    names = {}
    exec(Finder.find_spec("mine").loader.get_code("mine"), names)
    assert names["x"] == 2


def test_a_cache_stays_and_comes_back(child):
    what, (out, cache), *_ = call(child, lambda x: (x + 1, {"x": x}), 4, kept=(1,))
    assert what == "returned" and out == 5 and type(cache).__name__ == "dict"
    assert call(child, lambda cache: cache["x"], cache)[1] == 4
    ask(child, "has", cache, "keys")
    dropped = wire.encode(("has", (cache.handle,), wire.opaque(1, "f"), "x"))
    assert wire.decode(child.answer(dropped))[0] == "returned"
    assert ask(child, "has", cache, "keys")[2] == "KeyError"


def test_changes_of_arguments_come_back_later_ones_too(child):
    held = []

    def forward(x, param):
        held.append(x)
        param["seen"] = True

    changes = call(child, forward, np.zeros(2), {"a": 1})[3]
    assert changes == [(0, 1, {"a": 1, "seen": True})]

    def backward(dout):
        held[0][1] = 5
        dout *= 2

    (first, second) = call(child, backward, np.ones(1))[3]
    assert first[:2] == (0, 0) and first[2] == 2
    assert second[:2] == (1, 0) and list(second[2]) == [0, 5]
    assert call(child, lambda: None)[3] == []


def test_keywords_are_arguments_too(child):
    def function(x, *, y):
        y += 1

    ((ago, place, value),) = call(child, function, 1, y=np.zeros(1))[3]
    assert (ago, place, value[0]) == (0, 1, 1)


def test_shared_memory_is_told(child):
    x, y = np.zeros(4), np.zeros(4)
    assert call(child, lambda x, y: (y.copy(), x[1:], None), x, y)[2] == [(1, 0)]
    assert call(child, lambda x, y: y.reshape(2, 2), x, y)[2] == [(-1, 1)]
    assert call(child, lambda x, y: x + y, x, y)[2] == []


class Model:
    def __init__(self):
        self.params = {"W": 1}
        self.both = [{"a": 1}, {"b": 2}]

    def loss(self, x):
        return x + self.params["W"]


def test_attributes_and_methods(child):
    model = keep(child, Model())
    assert ask(child, "has", model, "loss")[1] and not ask(child, "has", model, "x")[1]
    assert ask(child, "read", model, "params", None)[1] == {"W": 1}
    assert ask(child, "read", model, "no", 3)[1] == 3
    ask(child, "write", model, "params", {"W": 10})
    assert ask(child, "call", model, "loss", (2,), {}, ())[1] == 12


def test_writing_keeps_the_dicts_that_others_may_hold():
    model = Model()
    params, (first, second) = model.params, model.both
    write(model, "params", params)
    write(model, "both", [{"c": 3}, second])
    write(model, "new", 5)
    assert model.params is params and params == {"W": 1} and model.new == 5
    assert model.both[0] is first and model.both == [{"c": 3}, {"b": 2}]


class Strange(Exception):
    def __str__(self):
        raise ValueError


def test_exceptions_are_described(child):
    def unwritten():
        raise NotImplementedError("later")

    def strange():
        raise Strange

    child.file = __file__
    line = unwritten.__code__.co_firstlineno + 1
    answer = call(child, unwritten)
    assert answer == ("raised", True, "NotImplementedError", "later", __file__, line)
    assert call(child, strange)[1:4] == (False, "Strange", "")
    assert ask(child, "no_such_request")[2] == "AttributeError"
    too_much = call(child, lambda: np.broadcast_to(0.0, (1 << 20, 1 << 20)))
    assert too_much[0] == "too much" and "shape (1048576, 1048576)" in too_much[1]
