"""Files that a training will write: looked at before it begins."""

import json
import os

from utils.network import ConvNet
from utils.whole_files import temporary_beside


def check(option, path, what):
    """Refuse a file that could not be written, or that is not ours to overwrite.

    A result or a log may be replaced by one of the same recipe and seed, and a network
    by another network.

    Parameters
    ----------
    option : str
        For messages, such as "--log".
    path : Path
    what : dict or None
        What will be written: the `label` of a log or result; None for a network.

    Raises
    ------
    ValueError
        With the option, the file, and what to do.
    """
    if path.is_dir():
        raise ValueError(f"{option} is {path}, a folder: name a file in it")
    folder = path.parent
    while not os.path.lexists(folder):
        folder = folder.parent
    _try_to_write(option, path, folder)
    if not path.exists():
        return
    if what is None:
        _check_network(option, path)
    elif _label_of(path, option == "--log") != what:
        raise ValueError(
            f"{option} is {path}, which holds something else than a "
            f"{'log' if option == '--log' else 'result'} of {what['recipe']} with seed "
            f"{what['seed']}: choose another name, or delete it"
        )


def label(row):
    """Give what a result is of: recipe, seed, and which images were measured."""
    return {
        "recipe": row.get("recipe"),
        "seed": row.get("seed"),
        "measured": "val" if "val_accuracy" in row else "test",
    }


def _try_to_write(option, path, folder):
    probe = temporary_beside(folder / path.name)
    try:
        with open(probe, "wb"):
            pass
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"{option} is {path}, which cannot be written: {folder} does not take "
            f"files ({error.strerror})"
        ) from None


def _label_of(path, is_log):
    """Give the label of a log or a result; None if the file is neither."""
    try:
        content = json.loads(path.read_bytes())
        row = content["result"] if is_log else content
        return label(row) if {"recipe", "seed"} <= set(row) else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _check_network(option, path):
    try:
        ConvNet.load(path)
    except (ValueError, OSError):
        raise ValueError(
            f"{option} is {path}, which exists and holds no network of ours: choose "
            "another name, or delete it"
        ) from None
