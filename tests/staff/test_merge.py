"""Journals of several machines."""

import pytest

from utils.staff import StaffError, cli, merge
from utils.staff.journal import Journal


def record(name, points=2, digest="d", grader="g"):
    part = {"points": points, "state": "passed", "died": False, "results": []}
    return {
        "submission": name,
        "digest": digest,
        "grader": grader,
        "handout": "",
        "level": "netns",
        "limit": 20.0,
        "notes": [],
        "seconds": 1.0,
        "parts": {"receptive-field": part},
    }


def test_each_submission_comes_once_and_in_order():
    journals = [[record("b"), record("a")], [record("c"), record("a")]]
    assert [r["submission"] for r in merge.merged(journals)] == ["a", "b", "c"]


@pytest.mark.parametrize("change", [{"points": 0}, {"digest": "e"}, {"grader": "h"}])
def test_contradictions_stop_it(change):
    with pytest.raises(StaffError, match="^a is in two journals"):
        merge.merged([[record("a")], [record("a", **change)]])


def test_different_keys_stop_it():
    with pytest.raises(StaffError, match="different graders or with different keys"):
        merge.merged([[record("a")], [record("b", grader="h")]])


def test_no_part_is_missing(tmp_path):
    paths = [tmp_path / f"journal-{k}-of-3.jsonl" for k in range(3)]
    merge.require_all_parts([*paths, tmp_path / "journal.jsonl"])
    with pytest.raises(StaffError, match="Of 3 parts, these have no journal: 0, 2"):
        merge.require_all_parts(paths[1:2])


def test_the_command(tmp_path, capsys):
    for name in "ab":
        with Journal(tmp_path / "in" / f"journal-{name}.jsonl") as journal:
            journal.append(record(name))
    assert cli.main(["merge", str(tmp_path / "in"), "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "2 submissions from 2 journals.\n"
    assert (tmp_path / "results.csv").read_text().count("\n") == 3
    assert cli.main(["merge", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "holds no journal" in capsys.readouterr().err
