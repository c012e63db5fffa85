"""Kill a training again and again: ``python -m tests.solver.killed 50 [KIND ...]``.

A program that trains is killed with SIGKILL at random moments, half of them while it
writes a checkpoint, and started again each time.  In the end its weights and histories
must be those of a training that nobody disturbed, bit by bit.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from tests.solver.long_run import KINDS

ROOT = Path(__file__).resolve().parents[2]
PAUSE = 0.02  # seconds that an update, and a checkpoint, is slowed down by


def start(kind, folder, pause):
    """Start a training; return when it is about to begin."""
    command = [sys.executable, "-m", "tests.solver.long_run", kind]
    command += [folder / "run", folder.parent / "result.npz", str(pause)]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "UTILS_THREADS": "1"}
    options = {"cwd": ROOT, "env": environment, "stdout": subprocess.PIPE}
    process = subprocess.Popen(list(map(str, command)), **options)
    assert process.stdout.readline() == b"ready\n"
    return process


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def newest(folder):
    return max([name for name in files(folder) if name[0] != "."], default="")


def being_written(folder):
    return {name for name in files(folder) if name[0] == "."}


def kill(kind, folder, times, chance):
    """Kill a training so many times, each time after some progress.

    Returns
    -------
    Counter
        How many kills came while a checkpoint was "written" and how many "between".
    """
    seen = Counter()
    for _ in range(times):
        before, left = newest(folder), being_written(folder)
        process = start(kind, folder, PAUSE)
        while newest(folder) == before and process.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 1.8 * PAUSE))
        process.kill()
        process.communicate()
        if process.returncode == 0:  # whoever watches was not scheduled for long
            break
        written = being_written(folder) - left
        seen["written" if written else "between"] += 1
    return seen


def finish(kind, folder):
    """Let the training come to its end; give its result."""
    process = start(kind, folder, pause=0)
    process.communicate()
    assert process.returncode == 0
    with np.load(folder.parent / "result.npz", allow_pickle=False) as arrays:
        return dict(arrays)


def differing(a, b):
    """Name the arrays that are not the same, bit by bit."""
    names = a.keys() | b.keys()
    return [
        name
        for name in sorted(names)
        if name not in a or name not in b or a[name].tobytes() != b[name].tobytes()
    ]


def main(times="50", *kinds):
    """Print one line per kind; return 1 if any result differs."""
    failed, chance = False, random.Random(0)
    for kind in kinds or KINDS:
        seen, differ = Counter(), []
        with tempfile.TemporaryDirectory() as parent:
            expected = finish(kind, _folder(parent, "whole"))
            while seen.total() < int(times) and not differ:
                # A training that came to its end is followed by a fresh one.
                folder = _folder(parent, f"after {seen.total()}")
                seen += kill(kind, folder, int(times) - seen.total(), chance)
                differ = differing(finish(kind, folder), expected)
        failed |= bool(differ)
        how = f"{seen['written']} while writing, {seen['between']} between"
        text = f"differs in {', '.join(differ)}" if differ else "the same, bit by bit"
        print(f"{kind:8} killed {seen.total()} times ({how}): {text}", flush=True)
    return failed


def _folder(parent, name):
    folder = Path(parent, name, "build")
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
