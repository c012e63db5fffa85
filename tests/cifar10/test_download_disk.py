"""utils.cifar10.download on the disk: the lock."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from utils.cifar10 import download
from utils.cifar10.download import DownloadError, lock


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
