import warnings

import numpy as np
import pytest

from utils.checks.compare import Wrong
from utils.checks.subject import (
    NotWritten,
    Source,
    Subject,
    place,
    plain,
    short_path,
    source_of,
    stopped,
    unchanged,
)
from utils.exercises import conv_layers
from utils.fast_layers import conv_forward_fast


def raising(error):
    def student(*args):
        raise error

    return student


def test_not_implemented_becomes_not_written_with_its_own_text():
    with pytest.raises(NotWritten, match="^f is not written yet"):
        Subject(raising(NotImplementedError("f is not written yet (a.py)")))()
    with pytest.raises(NotWritten, match="student is not written yet"):
        Subject(raising(NotImplementedError()))()


@pytest.mark.parametrize(
    "error",
    [
        ValueError("two\nlines"),
        SystemExit(3),
        RecursionError(),
        MemoryError(),
        AssertionError(),
        GeneratorExit(),
        ZeroDivisionError("division by zero"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_exception_becomes_one_line_with_the_students_line(error):
    with pytest.raises(Wrong) as caught:
        Subject(raising(error))()
    text = str(caught.value)
    assert f"student stopped with {type(error).__name__}" in text
    line = raising(error).__code__.co_firstlineno + 1
    assert text.endswith(f"(tests/checks/test_subject.py:{line})")
    assert "\n" not in text


def test_the_line_is_the_innermost_one_of_the_student():
    def student(x):
        return np.zeros(2).reshape(x)

    with pytest.raises(Wrong, match="ValueError.*test_subject.py:"):
        Subject(student)(5)


def test_endless_recursion_is_a_sentence():
    def student():
        return student()

    with pytest.raises(Wrong, match="RecursionError.*test_subject.py"):
        Subject(student)()


def test_keyboard_interrupt_passes_through():
    with pytest.raises(KeyboardInterrupt):
        Subject(raising(KeyboardInterrupt()))()


def test_warnings_of_the_student_are_no_errors():
    def student():
        warnings.warn("careful", stacklevel=1)
        return np.array([1.0]) / np.array([0.0])

    with np.errstate(all="raise"):
        assert np.isinf(Subject(student)()).all()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "returned None, expected the tuple .out, cache.: is a return line"),
        (np.zeros(2), "returned a ndarray, expected the tuple"),
        ((1, 2, 3), "returned 3 values, expected the tuple"),
    ],
)
def test_pair_says_what_came_instead(value, message):
    with pytest.raises(Wrong, match=message):
        Subject(lambda: value).pair()


@pytest.mark.parametrize("thing", [3, None, "text", np.zeros(3)])
def test_things_that_are_no_functions(thing):
    with pytest.raises(Wrong, match="expected a function"):
        Subject(thing)()


def test_missing_method():
    with pytest.raises(Wrong, match="Net has no loss"):
        Subject(type("Net", (), {})).method(object(), "loss")


def test_plain_is_one_short_ascii_line():
    assert plain("a\n  b\tc") == "a b c"
    assert plain("caf\u00e9").isascii()
    assert len(plain("x" * 10_000)) <= 600


def test_short_path():
    assert short_path(__file__) == "tests/checks/test_subject.py"
    assert short_path("/somewhere/else/mine.py") == "mine.py"


def test_place_names_files_and_notebook_cells():
    assert place(__file__, 7) == "tests/checks/test_subject.py:7"
    assert place("/x/ipykernel_12/34.py", 7) == "line 7 of a notebook cell"


def test_unchanged_sees_values_dtypes_and_keys():
    x = np.array([1.0, np.nan])
    assert unchanged(x, x.copy())
    assert not unchanged(x, x.astype(np.float32))
    assert not unchanged(x, list(x))
    assert not unchanged(np.zeros(2), np.zeros((2, 1)))
    assert not unchanged({"stride": 1}, {"stride": 1, "pad": 0})
    assert not unchanged({"stride": 1}, {"stride": 2})
    assert not unchanged({"stride": 1}, {"stride": np.ones(2)})
    assert unchanged({"stride": 1, "x": x}, {"x": x.copy(), "stride": 1})


class Model:
    params = {"W": 1}


def test_attributes_are_read_and_written_in_place():
    subject, model, params = Subject(Model), Model(), Model.params
    assert subject.read(model, "params") is params and subject.read(model, "x", 3) == 3
    subject.write(model, "params", {"W": 2})
    assert model.params is params and params == {"W": 2}
    x = np.zeros(3)
    assert subject.shares_memory(x[1:], x) and not subject.shares_memory(x + 0, x)


def test_a_subject_inside_a_subject_speaks_for_itself():
    inner = Subject(raising(ValueError("no")))
    for error, outer in ((Wrong, inner), (NotWritten, raising(NotWritten("later")))):
        with pytest.raises(error, match="^(student stopped with ValueError|later)"):
            Subject(outer, "outer")()


def test_the_source_of_a_function():
    source = source_of(conv_layers.conv_forward_naive)
    assert source.module == "utils.exercises.conv_layers"
    assert source.name == "conv_forward_naive" and source.own
    assert source.where == "utils/exercises/conv_layers.py"
    assert Subject(source).name == source.name and source_of(source) is source
    assert not source_of(conv_forward_fast).own  # given, not a student's
    for here in (raising(None), lambda: 1, Model.__init__, np.sin, np.zeros(1), None):
        assert source_of(here) is None


def test_problems_of_a_file():
    source = Source("/far/mine.py", "mine", "/far", "f")
    wrong = source.problem(False, "SyntaxError", "bad", "/far/mine.py", 3)
    assert str(wrong) == "mine.py:3 is not Python: bad."
    wrong = source.problem(False, "KeyError", "'x'", None, 0)
    assert str(wrong) == "mine.py cannot be imported: KeyError: 'x' (mine.py)"


def test_a_breakpoint_is_to_be_removed():
    text = stopped("f", "BdbQuit", "", "mine.py:3")
    assert "remove breakpoint() (mine.py:3)." in text and "BdbQuit" not in text
    assert stopped("f", "BdbQuit", "", "").endswith("remove breakpoint().")
    assert stopped("f", "KeyError", "'x'", "") == "f stopped with KeyError: 'x'"
