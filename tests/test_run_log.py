import json
from types import SimpleNamespace

import pytest

from utils.run_log import KEPT, RunLog, digest


def result(source, cell="c", count=1, store_history=True):
    info = SimpleNamespace(raw_cell=source, cell_id=cell, store_history=store_history)
    return SimpleNamespace(info=info, execution_count=count)


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/CNN.ipynb")
    (tmp_path / "utils" / "exercises").mkdir(parents=True)
    (tmp_path / "utils" / "exercises" / "cnn.py").write_text("x = 1\n", "utf-8")
    return RunLog(tmp_path)


def lines(log):
    return [json.loads(line) for line in log.path.read_text("utf-8").splitlines()]


def test_one_line_for_each_cell(log):
    log.look()
    log.write(result("x = 2 \n", count=3))
    log.write(result("x = '\ud800'"))
    first, second = lines(log)
    assert first.pop("when") <= second["when"]
    assert first == {
        "notebook": "CNN.ipynb",
        "cell": "c",
        "count": 3,
        "source": digest("x = 2"),
        "files": {"cnn.py": digest(b"x = 1\n")},
    }


def test_files_are_those_from_before_the_cell(log):
    log.look()
    (log.exercises / "cnn.py").write_text("saved while it ran", "utf-8")
    log.write(result("x"))
    assert lines(log)[0]["files"] == {"cnn.py": digest(b"x = 1\n")}


def test_cells_without_id_or_number_leave_nothing(log):
    log.write(result("x", cell=None))
    log.write(result("x", store_history=False))
    assert not log.folder.exists()


def test_old_logs_go(log):
    log.folder.mkdir(parents=True)
    for i in range(KEPT + 5):
        (log.folder / f"{i:020d}.jsonl").write_text("{}\n")
    log.write(result("x"))
    names = sorted(path.name for path in log.folder.iterdir())
    assert len(names) == KEPT
    assert names[0] == f"{6:020d}.jsonl" and names[-1] == log.path.name


def test_a_folder_that_cannot_be_made_stops_nothing(log):
    log.folder.parent.write_text("a file")
    log.write(result("x"))
    assert log.folder.parent.read_text() == "a file"


def test_another_kernel_removes_old_logs_first(log, monkeypatch):
    log.folder.mkdir(parents=True)
    for i in range(KEPT + 5):
        (log.folder / f"{i:020d}.jsonl").write_text("{}\n")

    def gone(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(type(log.path), "unlink", gone)
    log.write(result("x"))
    assert len(lines(log)) == 1
