"""Kernels that are compiled once for all submissions."""

import pytest

from utils.staff import StaffError, warm


def test_they_are_kept_and_not_compiled_again(tmp_path):
    folder = warm.warm(tmp_path)
    files = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")}
    assert len(files) > 10
    assert warm.warm(tmp_path) == folder
    files_now = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")}
    assert files_now.keys() == files.keys()


def test_a_failure_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(warm, "ROOT", tmp_path)
    monkeypatch.setattr(warm, "__name__", "no_such_module")
    with pytest.raises(StaffError, match="cannot be compiled: .*no_such_module"):
        warm.warm(tmp_path)
