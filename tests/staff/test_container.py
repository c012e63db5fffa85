"""The one submission of a container."""

import json

import pytest

from tests.staff.test_judge import SOLVED
from utils.staff import container, fields, isolation, rubric

PARTS = [p for p in rubric.load() if p.id in ("receptive-field", "max-pool-forward")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for path, data in SOLVED.items():
        file = tmp_path / "submission" / "hw" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "course.key").write_text("0123456789abcdef\n")
    (tmp_path / "submission_metadata.json").write_text('{"id": 77}')
    monkeypatch.setattr(container, "warm", lambda folder: None)
    monkeypatch.setattr(rubric, "load", lambda: PARTS)
    return tmp_path


def results(folder):
    found = json.loads((folder / "results" / "results.json").read_text())
    assert fields.problems(found) == []
    return found


def test_results_are_there_after_each_part(folder, monkeypatch):
    seen, write = [], container.write

    def watched(*arguments, **options):
        write(*arguments, **options)
        seen.append(results(folder))

    monkeypatch.setattr(container, "write", watched)
    container.grade(folder, folder / "source", isolation.best_level())
    assert [found["score"] for found in seen] == [0, 2, 8]
    stopped = ["stopped before all parts" in found["output"] for found in seen]
    assert stopped == [True, True, False]


def test_without_isolation_nothing_is_run(folder):
    submitted = folder / "submission/hw/utils/exercises/receptive_field.py"
    trace = folder / "trace"
    submitted.write_text(f"open({str(trace)!r}, 'w')")
    container.grade(folder, folder / "source", "rlimit")
    assert results(folder)["score"] == 0 and not trace.exists()
    assert container.UNSAFE in results(folder)["output"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"id": 77}', "gradescope-77"),
        ("{", "gradescope"),
        ('{"id": "x"}', "gradescope"),
    ],
)
def test_a_rerun_has_the_same_inputs(text, name, tmp_path):
    (tmp_path / "submission_metadata.json").write_text(text)
    assert container.submission_id(tmp_path) == name


def test_the_time_is_enough():
    last = 2 * (container.START + container.SECONDS)  # two chances
    assert container.BUDGET + last + 60 < 600
