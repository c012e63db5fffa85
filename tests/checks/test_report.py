import numpy as np
import pytest

from utils.checks.compare import Result, Wrong
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
