"""A thousand updates with flat memory: ``python -m tests.reliability.soak [STEPS]``.

Three trainings, each in a process of its own: a network on the engine with all that
recipes use; the net of the last question, as the notebook trains it, with a live plot;
and the same in float64.  After a third of the steps the process must hardly grow: its
memory, its threads, its open files.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KINDS = "engine", "lesson", "exact"
GROWTH = 8  # MB


def make(kind, steps, prefix):
    """Make the solver of a kind."""
    import numpy as np

    from tests.solver import long_run
    from tests.solver.stand_ins import make_pictures
    from utils.exercises.cnn import ThreeLayerConvNet
    from utils.plots import LivePlot
    from utils.solver import Solver

    how = {"checkpoint": prefix, "checkpoint_every": 0.2, "verbose": False}
    if kind == "engine":
        # Evaluating takes memory of its own, for the first time before it is measured.
        how |= {"num_epochs": None, "num_steps": steps, "evaluate": steps // 10}
        return long_run.make_engine(0, **how)
    dtype = np.float32 if kind == "lesson" else np.float64
    data = make_pictures(N=300, size=16)
    for part in ("X_train", "X_val"):
        data[part] = np.repeat(data[part], 3, axis=1).astype(dtype)
    net = ThreeLayerConvNet((3, 16, 16), 16, 3, 32, 3, dtype=dtype, use_batchnorm=True)
    how |= {"batch_size": 50, "num_epochs": steps / 6, "live_plot": LivePlot()}
    return Solver(net, data, **how)


def run(kind, steps, prefix):
    """Train and print what the process has before and after, in one line."""
    import psutil

    process = psutil.Process()
    solver, seen = make(kind, steps, prefix), []
    real_step = solver._step

    def step():
        if len(seen) == 0 and solver.step >= steps // 3:
            seen.append(state_of(process))
        return real_step()

    solver._step = step
    solver.train()
    assert solver.stopped is None and solver.step >= steps - 6, solver.stopped
    seen.append(state_of(process))
    print(*(number for state in seen for number in state), solver.step)


def state_of(process):
    """Give megabytes, threads and open files."""
    import gc

    gc.collect()
    files = process.num_fds() if hasattr(process, "num_fds") else 0
    return process.memory_info().rss / 1e6, process.num_threads(), files


def soak(kind, steps):
    """Run one kind; give (growth in MB, in threads, in open files), and a sentence."""
    env = {**os.environ, "MPLBACKEND": "Agg"}
    options = {"cwd": ROOT, "env": env, "text": True, "check": True}
    # The first, short training compiles what is not compiled; that takes memory.
    for length in (30, steps):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "tests.reliability.soak", "run", kind]
            command += [str(length), str(Path(folder, "run"))]
            out = subprocess.run(command, stdout=subprocess.PIPE, **options).stdout
    *numbers, done = out.split()[-7:]
    before, after = (list(map(float, part)) for part in (numbers[:3], numbers[3:]))
    grown = [b - a for a, b in zip(before, after, strict=True)]
    return grown, (
        f"{kind:7} {done} steps: {before[0]:.0f} MB after a third, {grown[0]:+.1f} MB "
        f"to the end; {grown[1]:+.0f} threads, {grown[2]:+.0f} open files"
    )


def main(*arguments):
    """Print one line per kind; return 1 if anything grew."""
    if arguments[:1] == ("run",):
        run(arguments[1], int(arguments[2]), arguments[3])
        return 0
    failed = False
    for kind in KINDS:
        grown, sentence = soak(kind, int(arguments[0]) if arguments else 1000)
        failed |= grown[0] > GROWTH or grown[1] > 0 or grown[2] > 0
        print(sentence, flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
