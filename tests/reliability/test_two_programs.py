"""Two programs in one folder at once: neither damages what the other one keeps."""

import json
import multiprocessing
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.solver.killed import ROOT, differing, finish, start
from tests.solver.long_run import make, result
from utils.run_log import RunLog
from utils.solver.checkpoint import read

CELLS = 50


def test_two_trainings_of_one_name(tmp_path, kind="steps"):
    folder = tmp_path / "build"
    folder.mkdir()
    both = [start(kind, folder, pause=0.002) for _ in range(2)]
    for process in both:
        process.communicate()
        assert process.returncode == 0
    for path in folder.glob("run-*.npz"):
        assert read(path)["tree"]["losses"].size  # whole
    whole = make(kind)
    whole.train()
    assert differing(finish(kind, folder), result(whole)) == []
    assert not list(folder.glob(".*"))


def start_cells(root):
    code = "from tests.reliability.test_two_programs import write_cells; "
    code += f"write_cells({str(root)!r})"
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)


def write_cells(root):
    """Run so many cells as two kernels of one notebook would, with old logs around."""
    from pathlib import Path

    log = RunLog(Path(root))
    for k in range(CELLS):
        info = SimpleNamespace(raw_cell=f"x = {k}", cell_id="c", store_history=True)
        log.look()
        log.write(SimpleNamespace(info=info, execution_count=k))


def test_run_logs(tmp_path):
    folder = tmp_path / "build" / "runs"
    folder.mkdir(parents=True)
    for k in range(60):
        (folder / f"{k:020d}.jsonl").write_text("{}\n")
    both = [start_cells(tmp_path) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    newest = sorted(folder.glob("*.jsonl"))[-2:]
    for path in newest:
        lines = path.read_text("utf-8").splitlines()
        assert [json.loads(line)["count"] for line in lines] == list(range(CELLS))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the children inherit a patch")
# Python 3.12 warns if there are threads, of tests before; the children need none.
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_data_is_installed_by_both(
    toy_cifar10, tmp_path, monkeypatch, away_from_real_cifar10, pass_for_official
):
    import tarfile

    from utils.cifar10 import load

    pass_for_official(toy_cifar10)
    archive = tmp_path / "toy.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(toy_cifar10, toy_cifar10.name)
    monkeypatch.setenv("CIFAR10_SOURCE", str(archive))

    def find():
        for _ in range(20):
            assert len(load.find().X_train) == 50
            for path in sorted(load.FOLDER.glob("data_batch_?"))[:2]:
                path.unlink(missing_ok=True)

    context = multiprocessing.get_context("fork")
    both = [context.Process(target=find) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    load.find()
    assert sorted(p.name for p in load.FOLDER.iterdir()) == sorted(
        p.name for p in toy_cifar10.iterdir()
    )
