"""A journal that survives whatever ends its grader."""

import os

import pytest

from utils.staff import StaffError
from utils.staff.journal import Journal, line_of, parse, read

RECORDS = [{"submission": "a", "points": 1}, {"submission": "b\n\u00e9", "x": [1.5]}]


def test_what_is_appended_is_read_again(tmp_path):
    path = tmp_path / "deep" / "journal.jsonl"
    for k, record in enumerate(RECORDS):
        with Journal(path) as journal:
            assert journal.records == RECORDS[:k]
            journal.append(record)
    assert read(path) == RECORDS


def test_torn_at_any_byte_it_loses_the_last_record_only(tmp_path):
    path, whole = tmp_path / "journal", b"".join(map(line_of, RECORDS))
    first = len(line_of(RECORDS[0]))
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with Journal(path) as journal:
            assert (
                journal.records == RECORDS[: size // first if size < 2 * first else 1]
            )
            journal.append(RECORDS[1])
        assert read(path)[-1] == RECORDS[1]


def test_a_line_that_was_changed_is_not_believed(tmp_path):
    path = tmp_path / "journal"
    path.write_bytes(b"".join(map(line_of, RECORDS)).replace(b": 1,", b": 9,"))
    path.write_bytes(path.read_bytes().replace(b'"points": 1', b'"points": 9'))
    with pytest.raises(StaffError, match="line 1 is damaged"):
        Journal(path)
    assert path.stat().st_size > 0


def test_bytes_behind_the_last_line_are_torn_too():
    line = line_of(RECORDS[0])
    assert parse(line + b"\xff\0 half", "x") == (RECORDS[:1], len(line))
    assert parse(line + b"no checksum\n", "x") == (RECORDS[:1], len(line))
    assert parse(b"", "x") == ([], 0)


@pytest.mark.skipif(os.name == "nt", reason="no locks of this kind")
def test_two_graders_do_not_share_one(tmp_path):
    with Journal(tmp_path / "journal"):
        with pytest.raises(StaffError, match="another grader writes here"):
            Journal(tmp_path / "journal")
    with Journal(tmp_path / "journal"):
        pass
