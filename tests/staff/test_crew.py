"""Judges side by side, and what happens if one is lost."""

import pytest

from tests.staff.test_judge import SOLVED
from utils.staff import crew, isolation, judge, rubric, stage

PARTS = [part for part in rubric.load() if part.id == "receptive-field"]


@pytest.fixture
def order(tmp_path):
    given = stage.prepare(tmp_path / "given")
    setting = judge.Setting(PARTS, b"key", given)
    return crew.Order(setting, isolation.best_level(), 3 << 30, None)


@pytest.fixture
def paths(tmp_path):
    folders = [tmp_path / "in" / name for name in "abc"]
    for folder in folders:
        (folder / "utils" / "exercises").mkdir(parents=True)
        for path, data in SOLVED.items():
            (folder / path).write_bytes(data)
    (folders[1] / "utils/exercises/receptive_field.py").unlink()
    return folders


def test_each_submission_has_a_record(order, paths):
    records = []
    crew.grade_all(paths, order, 2, records.append)
    points = {r["submission"]: r["parts"]["receptive-field"]["points"] for r in records}
    assert points == {"a": 2, "b": 0, "c": 2}


def test_a_lost_judge_is_replaced(order, paths):
    worker = crew.Worker(order)
    assert worker.grade(paths[0])["parts"]["receptive-field"]["points"] == 2
    worker.process.kill()
    worker.process.join()
    record = worker.grade(paths[0])
    assert record["parts"]["receptive-field"]["state"] == "stopped"
    assert record["digest"] == "" and "was lost" in record["notes"][0]
    assert worker.grade(paths[2])["parts"]["receptive-field"]["points"] == 2
    worker.close()


def test_a_judge_that_does_not_come_back_is_replaced(order, paths, monkeypatch):
    monkeypatch.setattr(crew, "GRACE", -order.setting.budget)
    worker = crew.Worker(order)
    record = worker.grade(paths[0])
    assert "did not come back" in record["notes"][0]
    assert worker.process is None


def test_our_own_mistakes_are_not_hidden(order, paths, monkeypatch):
    def broken(self, path):
        raise RuntimeError("ours")

    monkeypatch.setattr(crew.Worker, "grade", broken)
    with pytest.raises(RuntimeError, match="ours"):
        crew.grade_all(paths, order, 1, print)
