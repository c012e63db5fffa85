"""A full disk, a disk that is read-only, a limit on files: the old checkpoint survives.

The disk is a small one in memory, which only root may make; the limit is for everybody.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.solver.killed import differing
from tests.solver.long_run import make, result

ROOT = Path(__file__).resolve().parents[2]
SIZE = 64 * 1024  # bytes of the disk, room for four checkpoints


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root may make a disk")
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no disk can be made here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def train(prefix, **options):
    solver = make("lesson", checkpoint=prefix, verbose=True, progress=False, **options)
    solver.train()
    return solver


def contents(folder, pattern="run-*.npz"):
    return {path.name: path.read_bytes() for path in folder.glob(pattern)}


def assert_survives(folder, spoil, mend, reason, capsys):
    """Train, spoil the disk, train on, mend it; the end must be the same."""
    prefix = folder / "run"
    train(prefix, time_limit=1e-9)
    before = contents(folder)
    assert len(before) == 1
    spoil()
    capsys.readouterr()
    solver = train(prefix, checkpoint_every=1e-9)
    assert solver.step == 60 and solver.stopped is None
    said = [line for line in capsys.readouterr().out.splitlines() if "written" in line]
    assert len(said) == 1 and f"({reason})" in said[0] and "make room" in said[0]
    assert contents(folder) == before
    assert not list(folder.glob(".*"))  # nothing half written
    mend()
    whole = make("lesson")
    whole.train()
    assert differing(result(train(prefix)), result(whole)) == []


def test_a_full_disk(disk, capsys):
    ballast = disk / "ballast"

    def fill():
        with open(ballast, "wb", buffering=0) as file:
            while file.write(bytes(4096)) == 4096:
                pass

    def spoil():
        with pytest.raises(OSError):
            fill()

    assert_survives(disk, spoil, ballast.unlink, "No space left on device", capsys)


def test_a_disk_that_turns_read_only(disk, capsys):
    def remount(how):
        command = ["mount", "-o", f"remount,{how}", str(disk)]
        subprocess.run(command, check=True)

    assert_survives(
        disk,
        lambda: remount("ro"),
        lambda: remount("rw"),
        "Read-only file system",
        capsys,
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_limit_on_the_size_of_files(tmp_path, capsys):
    import resource

    limit = resource.getrlimit(resource.RLIMIT_FSIZE)

    def spoil():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, limit[1]))

    def mend():
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    try:
        assert_survives(tmp_path, spoil, mend, "File too large", capsys)
    finally:
        mend()
