"""utils.cifar10.download on the disk: moving a file into place, the lock."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from utils.cifar10 import download
from utils.cifar10.download import DownloadError, lock, replace


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

    monkeypatch.setattr(download, "WINDOWS", True)
    monkeypatch.setattr(download, "RETRY_DELAYS", (0.001,) * 3)
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

    monkeypatch.setattr(download, "WINDOWS", on_windows)
    monkeypatch.setattr(download, "RETRY_DELAYS", (0.001, 0.001))
    monkeypatch.setattr(os, "replace", never)
    with pytest.raises(OSError, match="in use"):
        replace(tmp_path / "new", tmp_path / "old")
    assert len(calls) == attempts


def test_lock_makes_others_wait(tmp_path):
    events = []

    def second():
        with lock(tmp_path / "lock", lambda: events.append("waits"), 0.01):
            events.append("taken")

    with lock(tmp_path / "lock", lambda: events.append("never"), 0.01):
        thread = threading.Thread(target=second)
        thread.start()
        while not events:
            time.sleep(0.005)
        time.sleep(0.05)
        events.append("released")
    thread.join()
    assert events == ["waits", "released", "taken"]


def test_lock_gives_up_with_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(download, "LOCK_WAIT", 0.02)
    with (
        lock(tmp_path / "lock"),
        pytest.raises(DownloadError, match="another process has held"),
        lock(tmp_path / "lock", poll=0.01),
    ):
        pass


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_lock_ends_with_its_process(tmp_path):
    program = (
        "import sys, time\nfrom pathlib import Path\n"
        "from utils.cifar10.download import lock\n"
        "with lock(Path(sys.argv[1])):\n    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path / "lock"],
        cwd=Path(download.__file__).parents[2],
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout.readline().strip() == b"held"
        threading.Timer(0.1, other.send_signal, [signal.SIGKILL]).start()
        waits = []
        with lock(tmp_path / "lock", lambda: waits.append(1), 0.01):
            assert waits == [1]


def test_lock_in_a_folder_that_is_not_there(tmp_path):
    with (
        pytest.raises(DownloadError, match="cannot be written"),
        lock(tmp_path / "no" / "lock"),
    ):
        pass
