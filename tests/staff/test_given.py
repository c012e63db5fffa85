from pathlib import Path

import pytest

from tests.staff.conftest import commit
from utils.staff import StaffError, given

ROOT = Path(__file__).resolve().parents[2]


def test_each_tracked_file_is_given_or_kept():
    paths = given.git(ROOT, "ls-files", "-z").split("\0")[:-1]
    decided = {path: given.is_given(path) for path in paths}
    assert decided["CNN.ipynb"] and decided["utils/exercises/cnn.py"]
    assert not decided["tests/conftest.py"]
    assert not any(decided[path] for path in paths if path.startswith("runs/"))
    assert decided["utils/experiments/results/recipes.json"]
    for name in given.GIVEN | given.KEPT:
        assert (ROOT / name).exists(), f"{name} is gone"


def test_each_file_has_a_reason_and_one_decision():
    assert not set(given.GIVEN) & set(given.KEPT)
    assert all(given.GIVEN.values()) and all(given.KEPT.values())


def test_a_new_file_stops_until_somebody_decides():
    with pytest.raises(StaffError, match=r"^utils/answers.py is tracked"):
        given.is_given("utils/answers.py")
    assert given.is_given("utils/kernels/new.py")
    assert given.is_given("docs/ladder.png") and not given.is_given("docs/other.png")


def test_what_students_change():
    assert given.is_yours("utils/exercises/cnn.py") and given.is_yours("CNN.ipynb")
    assert not given.is_yours("utils/exercises/__init__.py")
    assert not given.is_yours("utils/layers.py")


def test_files_are_read_with_their_permissions(workbook):
    files = given.given_files(workbook)
    assert list(files) == [
        "CNN.ipynb",
        "README.md",
        "test.sh",
        "utils/exercises/conv_layers.py",
    ]
    assert files["test.sh"].executable and not files["README.md"].executable
    assert files["test.sh"].data.startswith(b"#!/bin/sh")


def test_untracked_files_do_not_come_along(workbook):
    (workbook / "utils" / "exercises" / "old.py").write_text("secret")
    (workbook / "utils" / "exercises" / "__pycache__").mkdir()
    assert len(given.given_files(workbook)) == 4


def test_links_and_missing_files_are_refused(workbook):
    readme = workbook / "README.md"
    readme.unlink()
    with pytest.raises(StaffError, match=r"README.md is tracked by git, but missing"):
        given.given_files(workbook)
    readme.symlink_to("tests/answer.py")
    with pytest.raises(StaffError, match="no ordinary file"):
        given.given_files(workbook)
    commit(workbook)
    with pytest.raises(StaffError, match="no ordinary file"):
        given.given_files(workbook)


def test_what_is_not_committed(workbook):
    paths = given.given_files(workbook)
    assert given.uncommitted(workbook, paths) == []
    (workbook / "README.md").write_text("new")
    (workbook / "tests" / "answer.py").write_text("new")
    assert given.uncommitted(workbook, paths) == ["README.md"]


def test_no_repository(tmp_path):
    with pytest.raises(StaffError, match="git ls-files in"):
        given.given_files(tmp_path)


def test_no_git(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StaffError, match="made with git"):
        given.git(tmp_path, "status")
