"""Results on the disk: logs of the recipes, results of the experiments, networks.

Whatever is made on this machine goes to ``runs/``, beside the notebooks, and comes
first.  What our own runs gave, and figures need, is given in ``results/``, beside this
file: no logs and no weights, but a few kilobytes of accuracies and times.
"""

import json
import sys
from pathlib import Path

import numpy as np

from utils.network import ConvNet
from utils.recipes import RECIPES

FOLDER = Path(__file__).resolve().parents[2] / "runs"
GIVEN = Path(__file__).resolve().parent / "results"
CURVE = "record94-held-back"
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
    """Read ``name.json``.

    Parameters
    ----------
    name : str
        Of an experiment, or for example "fast90-held-back": a training that was
        measured on the way, on training images that were held back.
    folder : Path, optional
        By default ``runs/``, or what is given if it is not there.

    Raises
    ------
    FileNotFoundError
        If there is no such result.
    """
    path = _folder(folder) / f"{name}.json"
    return read(path if path.exists() or folder else GIVEN / path.name)


def read_net(name, folder=None):
    """Load a trained network, or give None if there is none."""
    path = _folder(folder) / f"{name}.npz"
    return ConvNet.load(path) if path.exists() else None


def _folder(folder):
    return FOLDER if folder is None else Path(folder)


def read(path):
    """Read a JSON file."""
    return json.loads(Path(path).read_text("utf-8"))


def how_to_train(name):
    """Say by which command a network of ``runs/`` is made, and how long that takes.

    Parameters
    ----------
    name : str
        Of a recipe that `summarise` knows.

    Returns
    -------
    str
    """
    python, root = Path(sys.executable), FOLDER.parent
    python = python.relative_to(root) if python.is_relative_to(root) else python
    minutes = summarise([name])[name]["seconds"] / 60
    return (
        f"runs/ has no trained {name}. To train it ({minutes:.0f} min on two cores of "
        f"ours), in a terminal: {python} -m utils.recipes {name} "
        f"--log runs/{name}-0.json --save runs/{name}.npz"
    )


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
        By default ``runs/``; what is given stands in for recipes without logs there.

    Returns
    -------
    dict
        Name -> dict with ``seconds``, ``accuracy`` and ``accuracy_tta``, means;
        ``std`` and ``std_tta``, over the seeds; ``seeds``, their number.
    """
    table = {}
    given = {} if folder else read(GIVEN / "recipes.json")
    for name in names:
        rows = [log["result"] for log in read_logs(name, folder)]
        rows = [row for row in rows if "test_accuracy" in row]
        if not rows:
            table |= {name: given[name]} if name in given else {}
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
        As for `summarise`.

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


def collect(folder=None):
    """Gather from logs what is given of them.

    Parameters
    ----------
    folder : Path, optional
        Of the logs; by default ``runs/`` beside the notebooks.

    Returns
    -------
    dict
        Name of a file in ``results/`` -> its content: means of all recipes, and the
        learning curve of the longest one.
    """
    folder = _folder(folder)
    log = read(folder / f"{CURVE}.json")
    curve = {"command": log["command"], "settings": {"sizes": log["settings"]["sizes"]}}
    curve |= {"history": log["history"]}
    return {"recipes": summarise(RECIPES, folder), CURVE: curve}
