"""Table, page and the files of students."""

import csv
import io

import pytest

from utils.staff import results, rubric

RUBRIC = rubric.load()


def test_what_has_no_verdict_is_named(capsys):
    found = [
        {
            "submission": state,
            "parts": {"a": {"state": "passed"}, "b": {"state": state}},
        }
        for state in ("passed", "failed", "todo", "missing", *results.UNDECIDED)
    ]
    found[1]["parts"]["b"]["slow"] = True
    assert results.tell(found) == 1
    slow, stopped, unread = capsys.readouterr().err.splitlines()
    assert slow.startswith("1 ran out of time") and slow.endswith(": failed.")
    assert stopped.startswith("2 could not be checked to the end")
    assert stopped.endswith(": late, stopped.")
    assert unread.startswith("1 could not be graded") and unread.endswith(": unread.")
    assert results.tell(found[:4]) == 0


@pytest.mark.parametrize("state", results.UNDECIDED)
def test_nobody_gets_a_zero_without_a_verdict(record, state):
    record["parts"]["cnn-init"]["state"] = state
    head, row = csv.reader(io.StringIO(results.table([record], RUBRIC)))
    cells = dict(zip(head, row, strict=True))
    assert cells["cnn-init"] == cells["automatic"] == ""
    assert cells["conv-forward"] == "0" and cells["receptive-field"] == "2"


def finding(points, state, *rows, died=False):
    return {
        "points": points,
        "state": state,
        "died": died,
        "seconds": 1.0,
        "results": [list(row) for row in rows],
    }


@pytest.fixture
def record():
    return {
        "submission": "ada",
        "digest": "0123456789abcdef",
        "handout": "=cmd()<b>",
        "level": "netns",
        "limit": 20.0,
        "notes": ["There is no utils/exercises/cnn.py."],
        "seconds": 3.25,
        "parts": {
            "receptive-field": finding(2, "passed", ("one layer", True, "")),
            "conv-forward": finding(
                0, "failed", ("pad 1", False, "<i>got 5, expected 7</i>")
            ),
            "cnn-init": finding(0, "missing"),
        },
    }


def test_the_table_has_a_column_for_each_part(record):
    head, row = csv.reader(io.StringIO(results.table([record], RUBRIC)))
    cells = dict(zip(head, row, strict=True))
    assert cells["automatic"] == "2" and cells["of"] == "66"
    assert cells["receptive-field"] == "2" and cells["conv-forward"] == "0"
    assert cells["cnn-question-1"] == "", "a person gives these"
    assert cells["handout"].startswith("'="), "no formula"
    assert "3.25" not in row, "times differ from run to run"


def test_a_student_sees_names_but_no_messages(record):
    text = results.for_student(record, RUBRIC)
    [first, second, third] = text["tests"]
    assert first["status"] == "passed" and first["output"].endswith("ok    one layer")
    assert second["score"] == 0 and second["max_score"] == 10
    assert "FAIL  pad 1" in second["output"] and "expected" not in str(text)
    assert third["output"] == results.WORDS["missing"]
    assert text["score"] == 2 and "34 further points" in text["output"]


def test_a_student_reads_that_the_process_ended(record):
    record["parts"]["conv-forward"]["died"] = True
    text = results.for_student(record, RUBRIC, finished=False)
    assert "a check may use 20 s" in text["tests"][1]["output"]
    assert text["extra_data"]["seconds"] == 20
    assert "was stopped before" in text["output"]


def test_the_page_counts_and_escapes(record):
    other = record | {"submission": "bob", "seconds": 9.0}
    text = results.page([record, other])
    assert "2 submissions, isolation netns; 6.1 s each (median), 9.0 s at most" in text
    assert "<td>receptive-field<td>2 (100 %)<td>0" in text
    assert "<td>conv-forward<td>pad 1<td>2<td>&lt;i&gt;got" in text
    assert "<b>" not in text and "<i>" not in text
    assert results.page([]).startswith("<!doctype html>")


def test_the_last_record_of_a_submission_counts(record):
    later = record | {"seconds": 5}
    bob = record | {"submission": "bob"}
    assert results.latest([record, bob, later]) == [later, bob]
    assert results.latest([record, bob], {"bob"}) == [bob]


def test_all_is_written(record, tmp_path):
    results.write(tmp_path, [record], RUBRIC)
    names = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert names == {"results.csv", "summary.html", "students/ada/results.json"}
