"""The journal: its tail is mended, other damage is named."""

import json
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from utils import sweep
from utils.sweep import journal
from utils.sweep import study as study_room
from utils.sweep.library import SweepError

ROOT = Path(__file__).resolve().parents[2]
SPACE = {"rate": sweep.log(0.01, 1)}


def study(path):
    return sweep.Study("s", SPACE, storage=path)


@pytest.fixture
def written(tmp_path, capsys):
    """Give the journal of a study with three trials."""
    path = tmp_path / "s.log"
    assert study(path).run(lambda trial: trial.params["rate"], 3)
    capsys.readouterr()
    return path


def test_torn_at_every_byte_of_the_last_line(written, capsys):
    content = written.read_bytes()
    *before, last, empty = content.split(b"\n")
    assert empty == b"" and json.loads(last)["op_code"] == 6  # the third trial's end
    start = len(content) - len(last) - 1
    for cut in range(start, len(content)):
        written.write_bytes(content[:cut])
        found = study(written).table()
        said = capsys.readouterr().out
        finished = [row["state"] for row in found].count("finished")
        assert len(found) == 3
        if cut == start:  # nothing of the line: nothing to mend
            assert (said, finished) == ("", 2)
            assert written.read_bytes() == content[:start]
        elif cut == len(content) - 1:  # only its end is missing
            assert "had no end" in said and finished == 3
            assert written.read_bytes() == content
        else:
            assert f"its {cut - start} bytes were cut off" in said
            assert f"all {len(before)} lines before it are kept" in said
            assert said.count("\n") == 1 and finished == 2
            assert written.read_bytes() == content[:start]


def test_a_mended_study_goes_on(written, capsys, monkeypatch):
    monkeypatch.setattr(study_room, "POLL", 0.001)
    written.write_bytes(written.read_bytes()[:-5])
    again = sweep.Study("s", SPACE, storage=written, grace=0.01)
    assert again.run(lambda trial: trial.params["rate"], 4)
    assert [row["state"] for row in again.table()] == ["finished"] * 4
    assert study(written).best["accuracy"] <= 1


def test_a_tail_of_zeros_is_torn_too(written, capsys):
    content = written.read_bytes()
    written.write_bytes(content + bytes(700))
    assert len(study(written).table()) == 3
    assert "its 700 bytes were cut off" in capsys.readouterr().out
    assert written.read_bytes() == content


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (b"garbage", "is no JSON"),
        (b'{"op_code":5,"wor{"op_code":6}', "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"", "is no JSON"),
        (b"[1, 2]", "is none of a journal"),
        (b'{"a": 1}', "is none of a journal"),
        (b'{"op_code":5,"worker_id":"w"}', "does not fit the lines before it"),
        (b'{"op_code":99,"worker_id":"w"}', "does not fit the lines before it"),
    ],
)
def test_other_damage_names_the_line(written, damage, words):
    lines = written.read_bytes().split(b"\n")
    lines[6] = damage
    written.write_bytes(b"\n".join(lines))
    before = written.read_bytes()
    place = rf"^{re.escape(str(written))} is damaged: line 7 {words}"
    with pytest.raises(SweepError, match=place):
        study(written)
    assert written.read_bytes() == before


def test_damage_is_told_before_the_tail_is_mended(written):
    lines = written.read_bytes().split(b"\n")
    content = b"\n".join([b"x", *lines[1:]])[:-5]
    written.write_bytes(content)
    with pytest.raises(SweepError, match="line 1 is no JSON"):
        study(written)
    assert written.read_bytes() == content


def test_a_file_of_somebody_else_is_left_alone(tmp_path):
    path = tmp_path / "diary.log"
    path.write_text("Dear diary")
    with pytest.raises(SweepError, match="line 1 is none of a journal"):
        study(path)
    assert path.read_text() == "Dear diary"


def test_the_lock_is_free_afterwards(written):
    written.write_bytes(written.read_bytes()[:-5])
    study(written)
    assert list(written.parent.glob("*lock*")) == []
    written.write_bytes(b"x\n")
    with pytest.raises(SweepError):
        study(written)
    assert list(written.parent.glob("*lock*")) == []


def test_one_joins_a_study_at_a_time(written):
    joined = threading.Event()

    def join():
        study(written)
        joined.set()

    with journal.alone(written):
        thread = threading.Thread(target=join)
        thread.start()
        assert not joined.wait(0.1)
    assert joined.wait(300)
    thread.join()


def test_a_lock_that_another_broke_is_no_error(written):
    with journal.alone(written):
        (lock,) = written.parent.glob("*.lock")
        lock.unlink()


def test_by_default_it_lies_in_build(tmp_path, monkeypatch):
    assert journal.FOLDER == ROOT / "build" / "sweeps"
    monkeypatch.setattr(journal, "FOLDER", tmp_path / "build" / "sweeps")
    sweep.Study("rates.2", SPACE)
    assert (tmp_path / "build" / "sweeps" / "rates.2.log").exists()


WORKER = """
import os, sys, time
from pathlib import Path
from utils import sweep

os.fsync = lambda number: None
folder = Path(sys.argv[1]).parent

def objective(trial):
    (folder / f"{os.getpid()}.here").touch()
    while len(list(folder.glob("*.here"))) < 2:  # both take part
        time.sleep(0.005)
    for step in (10, 20, 40, 100):
        trial.report(step, trial.params["rate"])
    return trial.params["rate"]

study = sweep.Study("s", {"rate": sweep.log(0.01, 1)}, storage=sys.argv[1])
assert study.run(objective, 30)
"""


def test_two_processes_share_a_journal(tmp_path):
    path = tmp_path / "s.log"
    command = [sys.executable, "-W", "error", "-c", WORKER, str(path)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    workers = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(2)]
    try:
        outputs = [worker.communicate(timeout=300)[0] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [worker.returncode for worker in workers] == [0, 0], outputs
    rows = study(path).table()
    assert len(rows) == 30
    assert {row["state"] for row in rows} == {"finished", "pruned"}
    assert len({row["worker"] for row in rows}) == 2
    assert len({row["params"]["rate"] for row in rows}) == 30  # none tried twice
