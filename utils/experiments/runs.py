"""Results on the disk: logs of the recipes, results of the experiments, networks.

They are in ``runs/``, beside the notebooks.  Whoever does not have them can make them;
`how_to_make` says by which command.
"""

import json
from pathlib import Path

import numpy as np

from utils.network import ConvNet
from utils.recipes import RECIPES

FOLDER = Path(__file__).resolve().parents[2] / "runs"
EXPERIMENTS = "ablation", "sizes"
HELD_BACK = "-held-back"
NETS = "fast90", "record94"
# With these the recipes reach what they are called after.
VIEWS = {"fast90": "mirror images", "record94": "six views"}


def read_logs(name, folder=None):
    """Read all logs of a recipe, one per seed.

    Parameters
    ----------
    name : str
        Of the recipe; files are called ``name-seed.json``.
    folder : Path, optional
        By default ``runs/`` beside the notebooks.

    Returns
    -------
    list of dict
        What ``python -m utils.recipes NAME --log`` wrote, by seed; empty if there is
        nothing.
    """
    logs = [read(path) for path in _folder(folder).glob(f"{name}-[0-9]*.json")]
    return sorted(logs, key=lambda log: log["result"]["seed"])


def read_result(name, folder=None):
    """Read ``name.json``, or give None if there is none.

    Parameters
    ----------
    name : str
        Of an experiment, or for example "fast90-held-back": a training that was
        measured on the way, on training images that were held back.
    folder : Path, optional
        By default ``runs/`` beside the notebooks.
    """
    path = _folder(folder) / f"{name}.json"
    return read(path) if path.exists() else None


def read_net(name, folder=None):
    """Load a trained network, or give None if there is none."""
    path = _folder(folder) / f"{name}.npz"
    return ConvNet.load(path) if path.exists() else None


def _folder(folder):
    return FOLDER if folder is None else Path(folder)


def read(path):
    """Read a JSON file."""
    return json.loads(Path(path).read_text("utf-8"))


def how_to_make(name):
    """Say by which command a file of ``runs/`` is made.

    Parameters
    ----------
    name : str
        Of a recipe, of a recipe with "-held-back" behind it, or of an experiment.

    Returns
    -------
    str
    """
    if name in EXPERIMENTS:
        command = f"python -m utils.experiments {name} --out runs/{name}.json"
    elif name.endswith(HELD_BACK):
        recipe = name.removesuffix(HELD_BACK)
        command = f"python -m utils.recipes {recipe} --hold-back 5000"
        command += f" --log runs/{name}.json"
    else:
        command = f"python -m utils.recipes {name} --log runs/{name}-0.json"
        command += f" --save runs/{name}.npz" if name in NETS else ""
    return f"runs/ has no results of {name}. To make them:\n    {command}"


def spread_of(values):
    """Estimate the standard deviation from n - 1 values; 0 for a single one."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def summarise(names, folder=None):
    """Give mean time and accuracy of some recipes over their seeds.

    Parameters
    ----------
    names : sequence of str
        Of recipes; those without logs are left out.
    folder : Path, optional
        By default ``runs/`` beside the notebooks.

    Returns
    -------
    dict
        Name -> dict with ``seconds``, ``accuracy`` and ``accuracy_tta``, means;
        ``std`` and ``std_tta``, over the seeds; ``seeds``, their number.
    """
    table = {}
    for name in names:
        rows = [log["result"] for log in read_logs(name, folder)]
        rows = [row for row in rows if "test_accuracy" in row]
        if not rows:
            continue
        plain, views = (
            np.array([row[f"test_accuracy{end}"] for row in rows])
            for end in ("", "_tta")
        )
        table[name] = {
            "seconds": float(np.mean([row["train_seconds"] for row in rows])),
            "accuracy": float(plain.mean()),
            "accuracy_tta": float(views.mean()),
            "std": spread_of(plain),
            "std_tta": spread_of(views),
            "seeds": len(rows),
        }
    return table


def frontier(folder=None):
    """Give what recipes reach, and in what time.

    Parameters
    ----------
    folder : Path, optional
        By default ``runs/`` beside the notebooks.

    Returns
    -------
    dict
        Name -> (seconds, accuracy, standard deviation over the seeds); the smaller
        recipes without views, the larger ones with those of `VIEWS`.
    """
    found = {}
    for name, row in summarise(RECIPES, folder).items():
        end = "_tta" if name in VIEWS else ""
        label = f"{name}, {VIEWS[name]}" if name in VIEWS else name
        found[label] = row["seconds"], row[f"accuracy{end}"], row[f"std{end}"]
    return found
