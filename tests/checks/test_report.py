import numpy as np
import pytest

from utils.checks.compare import Result, Undecided, Wrong
from utils.checks.contrast import InCase
from utils.checks.report import WIDTH, Results, format_report, run
from utils.checks.subject import NotWritten, Subject

STUDENT = Subject(lambda: None, "conv_forward_naive")


def passing(_):
    return 0.0, 1e-12


def failing(_):
    raise Wrong("the first row agrees, the second does not: " * 3, 0.71, 1e-10)


def unwritten(_):
    raise NotWritten("conv_forward_naive is not written yet")


def test_report_looks_like_this(capsys):
    results = run(
        "conv_forward_naive",
        [
            ("shape of the output", lambda _: "(2, 3, 2, 2)"),
            ("hand-worked 3 x 3 example", passing),
            ("stride 2", lambda _: failing(_)),
            ("leaves its inputs unchanged", lambda _: None),
        ],
        STUDENT,
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "conv_forward_naive" + " " * 45 + "3 of 4 passed"
    assert lines[1:4] == [
        "  ok    shape of the output                     (2, 3, 2, 2)",
        "  ok    hand-worked 3 x 3 example               error 0.0e+00   limit 1e-12",
        "  FAIL  stride 2                                error 7.1e-01   limit 1e-10",
    ]
    assert lines[4].startswith(" " * 10 + "the first row agrees")
    assert lines[-1] == "  ok    leaves its inputs unchanged"
    assert all(len(line) <= 79 and line.isascii() for line in lines)
    assert [r.passed for r in results] == [True, True, False, True]


def test_nothing_written_is_one_todo_line(capsys):
    results = run("f", [("a", unwritten), ("b", unwritten)], STUDENT)
    assert capsys.readouterr().out == "todo  conv_forward_naive is not written yet\n"
    assert [r.passed for r in results] == [None]


def test_partly_written_keeps_its_lines(capsys):
    results = run("f", [("a", passing), ("b", unwritten)], STUDENT)
    assert "  todo  b" in capsys.readouterr().out
    assert [r.passed for r in results] == [True, None]


def test_the_same_message_is_printed_once(capsys):
    def test(_):
        raise Wrong("the window starts at i")

    run("f", [("a", test), ("b", test)], STUDENT)
    out = capsys.readouterr().out
    assert out.count("the window starts") == 1 and out.count("(as above)") == 1


def test_a_message_that_differs_in_its_numbers_is_printed_once(capsys):
    def test(number, error=None, limit=None):
        def wrong(_):
            raise Wrong(f"W1[{number}] is {number / 7}, expected -inf.", error, limit)

        return wrong

    properties = [("a", test(1)), ("b", test(2)), ("c", test(3, 0.5, 1e-9))]
    results = run("f", properties, STUDENT)
    out = capsys.readouterr().out
    assert out.count("expected -inf") == 1
    assert out.count("(as above, other numbers)") == 2
    assert max(map(len, out.splitlines())) <= WIDTH
    assert "0.4" in results[2].message  # the number stays in the result


def test_what_is_undecided_is_neither_passed_nor_failed(capsys):
    def rough(_):
        raise Undecided("too rough to judge dx by it.")

    results = run("f", [("a", passing), ("b", rough)], STUDENT)
    out = capsys.readouterr().out
    assert "1 of 2 passed" in out and "  open  b" in out
    assert "undecided: too rough" in out
    assert results[1].passed is None


def test_the_first_failure_says_which_cases_are_right(capsys):
    class Case:
        def __init__(self, pad):
            self.traits = {"padding": pad}

    def test(layer, case, subject):
        if case.traits["padding"]:
            raise Wrong("It stopped.")

    properties = [(str(pad), InCase(test, None, Case(pad))) for pad in (False, True)]
    results = run("f", properties, STUDENT)
    assert "Right in every case without padding" in results[1].message
    capsys.readouterr()


def test_a_value_that_cannot_be_judged_is_a_failure_and_no_crash(capsys):
    def test(_):
        return np.zeros(2) @ np.zeros(3)

    (result,) = run("f", [("a", test)], STUDENT)
    assert result.passed is False and "ValueError" in result.message


def test_keyboard_interrupt_is_not_swallowed():
    def test(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("f", [("a", test)], STUDENT)


def test_results_show_nothing_in_a_notebook():
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    results = Results("f", [Result("a", True), Result("b", False)])
    assert formatter.format(results) == ({}, {})
    assert repr(results) == "1 of 2 passed"
    assert isinstance(results, list) and results[0].name == "a"


def test_long_and_foreign_texts_stay_within_the_width():
    results = Results("naïve " * 9, [Result("ü" * 90, False, np.inf, 1e-7, "x" * 300)])
    lines = format_report(results).splitlines()
    assert all(line.isascii() for line in lines)
    assert max(map(len, lines)) <= WIDTH
