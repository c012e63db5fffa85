"""Each line on the machine, once well and once with its fault provoked."""

import errno
import os
import shutil
import time
from collections import namedtuple
from pathlib import Path, PureWindowsPath

import pytest

from utils import kernels
from utils.doctor import machine, remedies
from utils.doctor.remedies import Fault


def fault(look):
    with pytest.raises(Fault) as caught:
        look()
    return caught.value


def test_folder(root):
    assert machine.folder() == str(root)


def test_folder_whose_name_separates_paths(root, monkeypatch):
    monkeypatch.setattr(remedies, "ROOT", root / f"a{os.pathsep}b")
    found = fault(machine.folder)
    assert f"because of the '{os.pathsep}' in its name" in found.what
    assert found.remedy == "rename the folder"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (r"C:\Users\Ada\Downloads\cnn-workbook.zip\cnn", "lies inside of an archive"),
        ("C:\\" + 130 * "x", "has 133 characters, expected at most 94"),
    ],
)
def test_folder_on_windows(place, said, monkeypatch):
    monkeypatch.setattr(machine, "WINDOWS", True)
    monkeypatch.setattr(os, "pathsep", ";")
    monkeypatch.setattr(remedies, "ROOT", PureWindowsPath(place))
    assert said in fault(machine.folder).what


def test_no_path_of_a_windows_environment_is_longer_than_expected():
    packages = Path(kernels.__file__).parents[2] / ".venv"
    inside = (path.relative_to(packages.parent) for path in packages.rglob("*"))
    # lib/python3.11/site-packages here, Lib/site-packages there
    longest = max((len(str(path)) - len("python3.11/") for path in inside), default=0)
    assert longest <= machine.LONGEST_INSIDE  # else correct that number


def test_writing(root):
    (root / "CNN.ipynb").touch()
    assert machine.writing()


def test_writing_into_a_folder(root, monkeypatch):
    def refuse(dir):
        if dir.endswith("build"):
            raise PermissionError(13, "Permission denied")
        return real(dir=dir)

    real = machine.tempfile.TemporaryFile
    (root / "build").mkdir()
    monkeypatch.setattr(machine.tempfile, "TemporaryFile", refuse)
    found = fault(machine.writing)
    expected = f"{root / 'build'} cannot be written to (Permission denied)"
    assert found.what == expected
    assert found.remedy.startswith(("chmod -R u+w .", f'icacls "{root}" /grant'))


@pytest.mark.parametrize(
    ("windows", "reason", "owner", "command"),
    [
        (True, errno.EACCES, 0, "icacls "),
        (False, errno.EACCES, 0, "chmod -R u+w ."),
        (False, errno.EROFS, 0, "cp -R "),
        (False, errno.EACCES, 1, "cp -R "),
    ],
)
def test_how_to_write(windows, reason, owner, command, root, monkeypatch):
    monkeypatch.setattr(machine, "WINDOWS", windows)
    me = root.stat().st_uid + owner
    monkeypatch.setattr(os, "geteuid", lambda: me, raising=False)
    assert machine._make_writable(root, reason).startswith(command)


def test_writing_a_notebook(root, monkeypatch):
    (root / "CNN.ipynb").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert fault(machine.writing).what == "CNN.ipynb cannot be written to"


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_locks_of_editors_are_no_fault(root):
    """Emacs locks a file by a link whose target is no file."""
    (root / ".#CNN.ipynb").symlink_to("ada@laptop.1234")
    assert machine.writing()
    assert machine.clock()


def test_disk(root, monkeypatch):
    usage = namedtuple("usage", "free")
    free = [usage(700 * 10**6)]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: free[0])
    found = fault(machine.disk)
    assert found.what == "700 MB are free, about 1000 are needed"
    (root / ".venv").mkdir()
    assert machine.disk() == "0.7 GB free"
    free[0] = usage(400 * 10**6)
    assert fault(machine.disk).what == "400 MB are free, about 500 are needed"


@pytest.fixture
def now(monkeypatch):
    def set_clock(*day):
        seconds = time.mktime((*day, 12, 0, 0, 0, 0, -1))
        monkeypatch.setattr(time, "time", lambda: seconds)

    return set_clock


def test_clock(root, now):
    os.utime(root / "pyproject.toml", (0, time.mktime((2027, 1, 2, 0, 0, 0, 0, 0, -1))))
    os.utime(root / "requirements.txt", (0, 0))
    now(2027, 1, 3)
    assert machine.clock() == "2027-01-03 12:00"
    now(2026, 12, 20)
    found = fault(machine.clock)
    assert found.what == "it says 2026-12-20 12:00, but a file here is of 2027-01-02"
    now(1999, 1, 1)
    assert fault(machine.clock).what == "it says 1999-01-01 12:00"
    now(2050, 1, 1)
    assert fault(machine.clock).what == "it says 2050-01-01 12:00"


@pytest.mark.parametrize(
    ("windows", "platform", "command"),
    [
        (True, "win32", "w32tm /resync"),
        (False, "darwin", "sudo sntp -sS time.apple.com"),
        (False, "linux", "sudo timedatectl set-ntp true"),
    ],
)
def test_how_a_clock_is_set(windows, platform, command, monkeypatch):
    monkeypatch.setattr(machine, "WINDOWS", windows)
    monkeypatch.setattr(machine.sys, "platform", platform)
    assert machine._set_clock() == command


def test_memory(monkeypatch):
    monkeypatch.setattr("utils.memory.available", lambda: 3 * 10**9)
    assert machine.memory() == "3.0 GB free"
    monkeypatch.setattr("utils.memory.available", lambda: 10**9)
    assert fault(machine.memory).what.startswith("1000 MB are free, CNN.ipynb needs")


def test_processor(monkeypatch):
    if kernels.compiles():
        assert "floats at a time" in machine.processor()
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    found = fault(machine.processor)
    assert found.remedy == remedies.unset("NUMBA_DISABLE_JIT")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("many", "UTILS_THREADS is 'many', expected a whole number"),
        ("64", "UTILS_THREADS asks for 64 on 4 processors"),
    ],
)
def test_threads(asked, said, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(kernels.threads, "count", kernels.threads.count.__wrapped__)
    monkeypatch.setenv("UTILS_THREADS", "3")
    assert machine.threads() == "3 on 4 processors"
    monkeypatch.setenv("UTILS_THREADS", asked)
    found = fault(machine.threads)
    assert said in found.what
    assert found.remedy == remedies.unset("UTILS_THREADS")


def test_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(kernels.machine, "cache_folder", lambda: tmp_path)
    assert machine.cache() == str(tmp_path)
    monkeypatch.setattr(kernels.machine, "cache_folder", lambda: None)
    found = fault(machine.cache)
    assert "no folder for compiled kernels can be written" in found.what
    assert "NUMBA_CACHE_DIR" in found.remedy and "jupyterlab" in found.remedy
    monkeypatch.setenv("UTILS_CHECK_MEMORY", "1")
    assert fault(machine.cache).remedy == remedies.unset("UTILS_CHECK_MEMORY")
