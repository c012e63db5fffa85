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
    assert lines[0] == "conv_forward_naive" + " " * 41 + "3 of 4 passed"
    assert lines[1:4] == [
        "  ok    shape of the output                   (2, 3, 2, 2)",
        "  ok    hand-worked 3 x 3 example             error 0.0e+00 limit 1e-12",
        "  FAIL  stride 2                              error 7.1e-01 limit 1e-10",
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
    assert out.count("the window starts") == 1
    assert out.endswith("\n  FAIL  1 more in the same way: b\n")


def test_a_message_that_differs_in_its_numbers_is_printed_once(capsys):
    def test(number, error=None, limit=None):
        def wrong(_):
            raise Wrong(f"W1[{number}] is {number / 7}, expected -inf.", error, limit)

        return wrong

    properties = [("a", test(1)), ("b", test(2)), ("c", test(3, 0.5, 1e-9))]
    results = run("f", properties, STUDENT)
    out = capsys.readouterr().out
    assert out.count("expected -inf") == 1
    assert "  FAIL  2 more in the same way: b; c\n" in out and "5.0e-01" not in out
    assert max(map(len, out.splitlines())) <= WIDTH
    assert "0.4" in results[2].message  # the numbers stay in the results
    assert results[2].error == 0.5 and len(results) == 3


def test_lists_of_other_length_are_other_numbers():
    texts = [f"f({list(range(k))}, 2) is 0: is it +=?" for k in (1, 2, 5)]
    results = [Result(text[:4], False, message=text) for text in texts]
    lines = format_report(Results("f", results)).splitlines()
    assert len(lines) == 4 and "2 more in the same way" in lines[-1]


def test_what_is_added_to_the_first_message_does_not_set_it_apart():
    first = Result("a", False, message="out is 1: b is missing. Right without padding.")
    others = [Result(name, False, message="out is 2: b is missing.") for name in "bc"]
    lines = format_report(Results("f", [first, *others])).splitlines()
    assert len(lines) == 4 and lines[-1] == "  FAIL  2 more in the same way: b; c"


def test_failures_of_another_kind_and_those_undecided_have_lines_of_their_own():
    results = [
        Result("a", False, message="b is missing."),
        Result("b", True),
        Result("c", False, message="b is missing twice."),
        Result("d", None, message="b is missing."),
        Result("e", False, message="b is missing."),
    ]
    lines = format_report(Results("f", results)).splitlines()
    assert [line[:9].strip() for line in lines[1:]] == [
        "FAIL  a",
        "",
        "FAIL  1",
        "ok    b",
        "FAIL  c",
        "",
        "todo  d",
        "",
    ]


def test_one_mistake_makes_a_short_report():
    names = [f"stride {k}, and a few words more" for k in range(22)]
    results = [Result(name, False, message="name 'y' is not defined") for name in names]
    lines = format_report(Results("f", results)).splitlines()
    assert len(lines) == 5 and lines[-1].endswith(" ...")
    assert max(map(len, lines)) <= WIDTH


def test_a_long_name_leaves_room_for_what_stands_behind_it():
    name = "backward: leaves dout and the cache unchanged"
    short = Result(name, True, message="dx")
    numbers = Result(name, True, 0.0, 1e-12)
    lines = format_report(Results("f", [short, numbers])).splitlines()
    assert lines[1] == f"  ok    {name} dx"
    assert lines[2].endswith("che un error 0.0e+00 limit 1e-12")


class Mortal(Subject):
    """A subject that dies in its first call."""

    def __call__(self):
        self.dead = True
        raise Wrong("f did not return within 30 seconds.")


def test_what_was_not_tried_is_one_line_and_counts(capsys):
    properties = [("a", lambda f: None), *((name, lambda f: f()) for name in "bcde")]
    results = run("f", properties, Mortal(lambda: None))
    assert [result.name for result in results] == [*"abcde"]
    assert [result.passed for result in results] == [True, *4 * [False]]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("1 of 5 passed")
    assert lines[-1] == (
        "  FAIL  3 more not tried, because the code was stopped: c; d; e"
    )


def test_whose_function_the_check_calls_first_is_said(capsys):
    def unwritten():
        raise NotImplementedError("conv_forward_naive is not written yet (a.py)")

    forward = Subject(unwritten, "conv_forward_naive")
    backward = Subject(lambda: None, "conv_backward_naive")
    run(backward.name, [("a", lambda f, b: f())], forward, backward)
    assert capsys.readouterr().out == (
        "todo  conv_forward_naive is not written yet (a.py): the check of\n"
        "      conv_backward_naive calls it\n"
    )
    run("conv_backward_naive", [("a", lambda b: b())], Subject(unwritten, "f"))
    run("conv_forward_naive", [("a", lambda f: f())], forward)
    assert "calls it" not in capsys.readouterr().out


def test_a_hint_is_asked_about_exceptions_only(capsys):
    def broken():
        return [][3]

    asked = []

    def hint(text):
        asked.append(text)
        return "Do the loops run too far?"

    properties = [("a", lambda f: f()), ("b", lambda f: failing(f))]
    a, b = run("f", properties, Subject(broken, "f"), hint=hint)
    assert a.message.endswith("). Do the loops run too far?")
    assert len(asked) == 1 and "f stopped with IndexError" in asked[0]
    assert "loops" not in b.message

    def noted(f):
        try:
            f()
        except Wrong as wrong:
            raise Wrong([*wrong.parts, "A note."]) from None

    (a,) = run("f", [("a", noted)], Subject(broken, "f"), hint=hint)
    assert a.message.endswith("). Do the loops run too far? A note.")
    run("f", properties, Subject(broken, "f"), hint=lambda text: "")
    assert "loops" not in capsys.readouterr().out.split("f  ")[-1]


def test_what_is_undecided_is_neither_passed_nor_failed(capsys):
    def rough(_):
        raise Undecided("too rough to judge dx by it.")

    results = run("f", [("a", passing), ("b", rough)], STUDENT)
    out = capsys.readouterr().out
    assert "1 of 2 passed" in out and "  open  b" in out
    assert "undecided: too rough" in out
    assert results[1].passed is None and results[1].undecided


def test_only_a_check_is_undecided(capsys):
    def unwritten(_):
        raise NotWritten("undecided: says the student")

    results = run("f", [("a", passing), ("b", unwritten)], STUDENT)
    assert results[1].passed is None and not results[1].undecided
    assert "  todo  b" in capsys.readouterr().out


def test_the_first_failure_says_which_cases_are_right(capsys):
    class Case:
        def __init__(self, pad):
            self.traits = {"padding": pad}

    def test(layer, case, subject):
        if case.traits["padding"]:
            raise Wrong("It stopped.")

    properties = [(str(pad), InCase(test, None, Case(pad))) for pad in (False, True)]
    results = run("f", properties, STUDENT)
    assert "It stopped. Wrong in all cases with padding, right" in results[1].message
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
