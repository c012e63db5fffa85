"""The command that grades a folder."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.staff.test_judge import ROOT, SOLVED
from utils.staff import StaffError, cli, crew, grade, isolation, results
from utils.staff.journal import read


@pytest.fixture
def submissions(tmp_path):
    folder = tmp_path / "in"
    for name in "abcdef":
        for path, data in SOLVED.items():
            file = folder / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data if name != "b" else b"raise SystemExit")
    return folder


@pytest.fixture
def quick(monkeypatch):
    """Let judges be quick: what they find is tested elsewhere."""

    def found(self, path):
        self.order.setting.parts[0]
        part = {"points": 2, "state": "passed", "died": False, "results": []}
        submission = grade.receive.take(path)
        return {
            "submission": submission.name,
            "digest": submission.digest,
            "handout": "",
            "level": self.order.level,
            "limit": 20.0,
            "notes": [],
            "seconds": 0.1,
            "parts": {"receptive-field": part},
        }

    monkeypatch.setattr(crew.Worker, "grade", found)
    monkeypatch.setattr(grade, "warm", lambda folder: None)


def names(path):
    return [record["submission"] for record in read(path)]


def test_what_was_graded_is_not_graded_again(submissions, quick, tmp_path, capsys):
    command = ["grade", str(submissions), "--out", str(tmp_path / "out"), "--trust"]
    assert cli.main(command) == 0
    table = (tmp_path / "out" / "results.csv").read_bytes()
    assert cli.main(command) == 0
    assert "6 submissions, 6 of them graded before" in capsys.readouterr().out
    assert (tmp_path / "out" / "results.csv").read_bytes() == table
    (submissions / "a" / "utils" / "exercises" / "cnn.py").write_text("new")
    assert cli.main(command) == 0
    assert sorted(names(tmp_path / "out" / "journal.jsonl")) == sorted("abcdef" + "a")


@pytest.mark.parametrize("state", results.UNDECIDED)
def test_who_has_no_verdict_is_graded_again(
    state, submissions, quick, tmp_path, capsys
):
    command = ["grade", str(submissions), "--out", str(tmp_path / "out"), "--trust"]
    found = crew.Worker.grade

    def without(self, path):
        record = found(self, path)
        record["parts"]["receptive-field"]["state"] = state
        return record

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew.Worker, "grade", without)
        assert cli.main(command) == 1
    assert "not graded to the end" in (said := capsys.readouterr()).out
    assert said.err.startswith("6 could not be ") and "a, b, c, d, e, f." in said.err
    assert cli.main(command) == 0
    assert "6 submissions, 0 of them graded before" in capsys.readouterr().out
    assert cli.main(command) == 0
    assert "6 submissions, 6 of them graded before" in capsys.readouterr().out


def test_with_more_time_who_ran_out_of_it_is_graded_again(
    submissions, quick, tmp_path, monkeypatch, capsys
):
    found = crew.Worker.grade

    def slow(self, path):
        record = found(self, path) | {"limit": self.order.setting.seconds}
        record["parts"]["receptive-field"]["slow"] = path.name == "c"
        return record

    monkeypatch.setattr(crew.Worker, "grade", slow)
    command = ["grade", str(submissions), "--out", str(tmp_path / "out"), "--trust"]
    for seconds, before in (("20", 0), ("20", 6), ("60", 5), ("60", 6), ("20", 6)):
        assert cli.main([*command, "--seconds", seconds]) == 0
        said = capsys.readouterr()
        assert f"6 submissions, {before} of them graded before" in said.out
        assert "1 ran out of time" in said.err and "only these: c." in said.err


def test_how_far_it_is_and_that_there_is_a_new_key(
    submissions, quick, tmp_path, capsys
):
    command = ["grade", str(submissions), "--out", str(tmp_path / "out"), "--trust"]
    assert cli.main(command) == 0
    out = capsys.readouterr().out
    assert f"New key made: {tmp_path / 'out' / 'course.key'}\n" in out
    for number in range(1, 7):
        assert f"\n{number} of 6  " in out
    assert cli.main(command) == 0
    assert "New key" not in capsys.readouterr().out


def test_another_key_grades_anew(submissions, quick, tmp_path):
    key = tmp_path / "key"
    command = ["grade", str(submissions), "--out", str(tmp_path), "--key", str(key)]
    for text in ("0123456789abcdef", "fedcba9876543210"):
        key.write_text(text)
        assert cli.main([*command, "--trust"]) == 0
    assert len(names(tmp_path / "journal.jsonl")) == 12
    key.write_text("short")
    with pytest.raises(StaffError, match="needs 16 characters"):
        grade.course_key(key)


def test_shards_share_the_work(submissions, quick, tmp_path, capsys):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    command = ["grade", str(submissions), "--trust", "--out"]
    for k in range(3):
        assert cli.main([*command, str(parts), "--shard", f"{k}/3"]) == 0
    found = [names(parts / f"journal-{k}-of-3.jsonl") for k in range(3)]
    assert sorted(sum(found, [])) == list("abcdef") and max(map(len, found)) < 6
    assert cli.main(["merge", str(parts), "--out", str(parts)]) == 0
    key = str(parts / "course.key")
    assert cli.main([*command, str(whole), "--key", key]) == 0
    one, other = (folder / "results.csv" for folder in (whole, parts))
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("text", ["3/3", "1", "a/b", "-1/2", "0/0", "1/2/3"])
def test_a_shard_is_a_part(text):
    with pytest.raises(StaffError, match="expected I/N"):
        grade.shard(text)


def test_it_refuses_where_others_can_read_the_solution(monkeypatch, tmp_path):
    for level, why in (("uid", "Any user can read"), ("netns", "lies where Python")):
        monkeypatch.setattr(isolation, "best_level", lambda level=level: level)
        for path in (*grade.ANSWERS, tmp_path):
            assert path.exists()
            one = lambda _, other, path=path: other == path  # noqa: E731
            monkeypatch.setattr(isolation, "reaches", one)
            assert grade.require_level(True, tmp_path) == level
            with pytest.raises(StaffError, match=f"{why}|{path} {why}"):
                grade.require_level(False, tmp_path)


def test_it_refuses_where_code_has_our_rights(monkeypatch):
    monkeypatch.setattr(isolation, "reaches", lambda level, path: False)
    for level in isolation.LEVELS:
        monkeypatch.setattr(isolation, "best_level", lambda level=level: level)
        assert grade.require_level(True) == level
        if level in ("uid", "netns"):
            assert grade.require_level(False) == level
        else:
            with pytest.raises(
                StaffError, match=f"cannot be shut off .level '{level}'"
            ):
                grade.require_level(False)


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "1e9"])
def test_time_has_bounds(seconds, submissions, tmp_path, capsys):
    command = ["grade", str(submissions), "--out", str(tmp_path / "out"), "--trust"]
    assert cli.main([*command, "--seconds", seconds]) == 1
    assert "--seconds is" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_key_that_is_being_written_is_waited_for(tmp_path):
    key = tmp_path / "key"
    key.touch()
    writer = threading.Timer(0.3, key.write_text, ["0123456789abcdef"])
    writer.start()
    assert grade.course_key(key) == b"0123456789abcdef"
    writer.join()


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path):
    key = grade.course_key(tmp_path / "new" / "course.key")
    assert len(key) == 64 and grade.course_key(tmp_path / "new" / "course.key") == key
    if os.name == "posix":
        assert (tmp_path / "new" / "course.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_relative_paths_cost_no_points(submissions, tmp_path):
    """Started in another folder, with paths as one types them there."""
    for name in "bcdef":
        shutil.rmtree(submissions / name)
    command = [sys.executable, "-m", "utils.staff", "grade", "in", "--out", "out"]
    command += ["--key", "course.key", "--trust"]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=tmp_path, env=env, check=True)
    [record] = read(tmp_path / "out" / "journal.jsonl")
    assert results.points(record) == 66 and (tmp_path / "course.key").exists()


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_with_the_same_table(submissions, tmp_path):
    """The grader is killed three times; what is left goes on."""

    def start(out):
        command = [sys.executable, "-m", "utils.staff", "grade", str(submissions)]
        command += ["--out", str(out), "--key", str(tmp_path / "key"), "--trust"]
        return subprocess.Popen([*command, "--workers", "2"], cwd=ROOT)

    (tmp_path / "key").write_text("0123456789abcdef")
    journal = tmp_path / "killed" / "journal.jsonl"
    for count in (1, 2, 4):
        grader = start(tmp_path / "killed")
        while grader.poll() is None:
            if journal.exists() and journal.read_bytes().count(b"\n") >= count:
                grader.send_signal(signal.SIGKILL)
                grader.wait()
            time.sleep(0.05)
    assert start(tmp_path / "killed").wait() == 0
    assert start(tmp_path / "whole").wait() == 0
    tables = [tmp_path / name / "results.csv" for name in ("killed", "whole")]
    assert tables[0].read_bytes() == tables[1].read_bytes()
    assert len(names(journal)) == 6
    text = (tmp_path / "whole" / "students" / "b" / "results.json").read_text()
    assert json.loads(text)["score"] == 0
