import errno
import os

import numpy as np
import pytest

from utils import whole_files
from utils.whole_files import replace, require_numbers, whole_file


def write(path, data):
    with whole_file(path) as file:
        file.write(data)


def test_a_file_and_its_folder_appear(tmp_path):
    write(tmp_path / "new" / "x", b"content")
    assert (tmp_path / "new" / "x").read_bytes() == b"content"
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["x"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_fails_midway_leaves_nothing(tmp_path, error):
    with pytest.raises(error), whole_file(tmp_path / "x") as file:
        file.write(b"half")
        raise error
    assert list(tmp_path.iterdir()) == []


def windows_error(code):
    error = OSError(errno.EACCES, "in use")
    error.winerror = code
    return error


@pytest.mark.parametrize("code", [5, 32, 33])
def test_replace_is_patient_on_windows(tmp_path, monkeypatch, code):
    really, errors = os.replace, [windows_error(code), windows_error(code)]

    def sometimes(source, target):
        if errors:
            raise errors.pop()
        really(source, target)

    monkeypatch.setattr(whole_files, "WINDOWS", True)
    monkeypatch.setattr(whole_files, "RETRY_DELAYS", (0.001,) * 3)
    monkeypatch.setattr(os, "replace", sometimes)
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize(
    ("on_windows", "code", "attempts"),
    [(True, 32, 3), (True, 112, 1), (False, 32, 1)],
)
def test_replace_gives_up(tmp_path, monkeypatch, on_windows, code, attempts):
    calls = []

    def never(source, target):
        calls.append(source)
        raise windows_error(code)

    monkeypatch.setattr(whole_files, "WINDOWS", on_windows)
    monkeypatch.setattr(whole_files, "RETRY_DELAYS", (0.001, 0.001))
    monkeypatch.setattr(os, "replace", never)
    with pytest.raises(OSError, match="in use"):
        replace(tmp_path / "new", tmp_path / "old")
    assert len(calls) == attempts


def test_pickles_are_never_written():
    require_numbers({"w": np.zeros(2), "config": np.array("text")})
    for array in (np.array([None]), np.zeros(2, [("a", object)])):
        with pytest.raises(TypeError, match="w2 holds Python objects, expected num"):
            require_numbers({"w": np.zeros(2), "w2": array})
