"""How long it takes until something happens: imports, first calls, compiling.

Every number comes from fresh processes, the median of several.  A process measures
itself, from before its first import on; starting Python (about 20 ms) is not in it.
PyTorch, if it is installed, does the same beside it: import itself, then the same
layer or step.

``warm`` rows find compiled kernels on the disk, as every start but the first does.  The
``cold`` row finds none: everything that CNN.ipynb calls is compiled.
"""

import os
import subprocess
import sys
import tempfile

from benchmarks import has_torch, machine

STARTS = 5  # fresh processes per number

# What may take how long, in milliseconds.
GOALS = {"import": 300, "warm": 1000, "cold": 25_000}

IMPORTS = ("fast_layers", "blocks", "solver", "exercises.cnn", "studies", "checks")

CONVOLUTION = """
import numpy as np
from utils.fast_layers import conv_forward_fast
x, w = np.ones((50, 3, 32, 32), np.float32), np.ones((32, 3, 7, 7), np.float32)
conv_forward_fast(x, w, w[:, 0, 0, 0], {"stride": 1, "pad": 3})
"""
TORCH_CONVOLUTION = """
import torch
x, w = torch.ones((50, 3, 32, 32)), torch.ones((32, 3, 7, 7))
torch.nn.functional.conv2d(x, w, w[:, 0, 0, 0].contiguous(), padding=3)
"""
STEP = """
import numpy as np
from utils.exercises.cnn import ThreeLayerConvNet
from utils.optim import adam
net = ThreeLayerConvNet(seed=0)
x = np.random.default_rng(0).standard_normal((50, 3, 32, 32), np.float32)
_, grads = net.loss(x, np.arange(50) % 10)
for name, w in net.params.items():
    net.params[name], _ = adam(w, grads[name])
"""
TORCH_STEP = """
import torch
from torch import nn
net = nn.Sequential(
    nn.Conv2d(3, 32, 7, padding=3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Linear(8192, 100), nn.ReLU(), nn.Linear(100, 10),
)
optimizer = torch.optim.Adam(net.parameters())
x, labels = torch.randn(50, 3, 32, 32), torch.arange(50) % 10
nn.functional.cross_entropy(net(x), labels).backward()
optimizer.step()
"""
ENGINE_STEP = """
import numpy as np
from benchmarks.nets import Net
net = Net({name!r})
net.step(np.ones((128, 32, 32, 3), np.float32), np.arange(128) % 10)
"""
# Every network, dtype and mode of the notebook, on fewer images: those of the checks
# and of the gradient check in float64, those that train, in float32.
NOTEBOOK = """
import numpy as np
from utils.checks.cnn import check_cnn_init, check_cnn_loss
from utils.exercises.cnn import ThreeLayerConvNet
from utils.solver import Solver
from utils.studies import network_gradient_errors
check_cnn_init(ThreeLayerConvNet)
check_cnn_loss(ThreeLayerConvNet)
rng = np.random.default_rng(0)
sizes = {"input_dim": (2, 6, 8), "num_filters": 3, "filter_size": 3, "hidden_dim": 5}
for use_batchnorm in (False, True):
    net = ThreeLayerConvNet(**sizes, dtype=np.float64, use_batchnorm=use_batchnorm)
    network_gradient_errors(net, rng.standard_normal((3, 2, 6, 8)), np.array([0, 3, 1]))
few = {f"X_{part}": rng.standard_normal((100, 3, 32, 32), np.float32)
       for part in ("train", "val")}
few |= {f"y_{part}": np.arange(100) % 10 for part in ("train", "val")}
wide = {"num_filters": 64, "filter_size": 5, "use_batchnorm": True}
for net in (ThreeLayerConvNet(seed=0), ThreeLayerConvNet(**wide, seed=0)):
    Solver(net, few, num_epochs=1, batch_size=50, verbose=False).train()
"""


def seconds(code, **variables):
    """Run a program in a fresh process; give the seconds that it counted."""
    timed = (
        "import sys, time\n"
        "_begin = time.perf_counter()\n"
        f"{code}\n"
        "_seconds = time.perf_counter() - _begin\n"
        "print('\\n', _seconds)\n"
    )
    env = {**os.environ, **variables}
    command = [sys.executable, "-c", timed]
    result = subprocess.run(command, env=env, capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(f"A benchmark ended with an error:\n{result.stderr}")
    return float(result.stdout.split()[-1])


def alternate(ours, rival, starts=STARTS):
    """Time two programs in turns, after one start of each that does not count."""
    programs = [ours] if rival is None else [ours, rival]
    for code in programs:
        seconds(code)
    times = [[seconds(code) for code in programs] for _ in range(starts)]
    return [machine.median(column) for column in zip(*times, strict=True)]


def row(name, kind, ours, rival=None):
    """Put two times, in seconds, into a row of the table."""
    return {
        "name": name,
        "pass": kind,
        "ours_ms": 1e3 * ours,
        "rival": None if rival is None else "PyTorch",
        "rival_ms": None if rival is None else 1e3 * rival,
        "ratio": None if rival is None else rival / ours,
        "limit": "to reach",
        "limit_ms": GOALS[kind],
        "limit_share": GOALS[kind] / (1e3 * ours),
    }


def jobs():
    """List what is timed: name, kind, our program, PyTorch's or None."""
    for module in IMPORTS:
        yield f"utils.{module}", "import", f"import utils.{module}", "import torch"
    yield "import, conv 7x7 3->32", "warm", CONVOLUTION, TORCH_CONVOLUTION
    yield "import, step of CNN.ipynb", "warm", STEP, TORCH_STEP
    for name in ("three-layer", "vgg", "airbench"):
        yield f"import, step of {name}", "warm", ENGINE_STEP.format(name=name), None
    yield "all that CNN.ipynb uses", "cold", NOTEBOOK, None


def rows(options):
    """Yield one row after the other.

    Parameters
    ----------
    options : argparse.Namespace
        ``only``: a part of the names wanted; ``rounds``: processes per number, at most
        `STARTS`.
    """
    starts = max(1, min(options.rounds, STARTS))
    beside = has_torch()
    for name, kind, ours, rival in jobs():
        if options.only not in name:
            continue
        rival = rival if beside else None
        if kind == "cold":
            with tempfile.TemporaryDirectory() as folder:
                yield row(name, kind, seconds(ours, NUMBA_CACHE_DIR=folder))
        else:
            yield row(name, kind, *alternate(ours, rival, starts))
