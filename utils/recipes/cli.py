"""The command line of the recipes."""

import argparse
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from utils.cifar10 import load_cifar10
from utils.kernels import lanes, threads
from utils.recipes.table import RECIPES
from utils.recipes.training import accuracy, train
from utils.whole_files import whole_file


def held_back(data, count):
    """Take the last `count` training images as validation images."""
    X, y = data["X_train"], data["y_train"]
    pixels, cut = X.raw(slice(None)) if hasattr(X, "raw") else X, len(y) - count
    parts = {"X_train": pixels[:cut], "y_train": y[:cut]}
    return data | parts | {"X_val": pixels[cut:], "y_val": y[cut:]}


def machine():
    """Describe what a time was measured on."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": version("numba"),
        "system": platform.system(),
        "processor": platform.machine(),
        "floats_per_vector": lanes.LANES,
        "threads": threads.count(),
    }


def main(argv=None):
    """Train a recipe from a shell; see the top of this file."""
    parser = argparse.ArgumentParser(
        prog="python -m utils.recipes",
        description="Train a recipe on all 50,000 training images and measure it on "
        "the 10,000 test images.",
    )
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="default: one per core")
    parser.add_argument("--json", type=Path, help="write the result to this file")
    parser.add_argument("--log", type=Path, help="write result and history, as JSON")
    parser.add_argument("--save", type=Path, help="write the network (float16), .npz")
    parser.add_argument(
        "--hold-back",
        type=int,
        default=0,
        metavar="N",
        help="train without the last N training images, and measure on those after "
        "each epoch; the test images are not looked at",
    )
    args = parser.parse_args(argv)
    if args.threads is not None:
        os.environ["UTILS_THREADS"] = str(args.threads)
    try:
        run(args)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def run(args):
    """Do what the command line asks for."""
    recipe, N = RECIPES[args.name], args.hold_back
    data, more = load_cifar10(num_train=50000, num_val=0), {"verbose": True}
    most = len(data["y_train"]) - recipe.batch_size
    if not 0 <= N <= most:
        raise ValueError(f"--hold-back is {N}, expected 0 to {most} images.")
    if data["synthetic"]:
        print("These are drawn stand-ins, not CIFAR-10.", file=sys.stderr)
    if N:
        data, more = held_back(data, N), more | {"evaluate": "epoch"}
    result = train(recipe, data, args.seed, **more)
    X, y = (data[f"{key}_val" if N else f"{key}_test"] for key in "Xy")
    measured = "val" if N else "test"
    row = {
        "recipe": args.name,
        "seed": args.seed,
        "threads": threads.count(),
        "train_seconds": round(result.train_seconds, 3),
        "compile_seconds": round(result.compile_seconds, 3),
        f"{measured}_accuracy": accuracy(recipe, result.net, X, y),
        f"{measured}_accuracy_tta": accuracy(recipe, result.net, X, y, recipe.views),
        "epochs": result.epochs,
        "flops": result.flops,
    }
    text = json.dumps(row, indent=1)
    print(text)
    if args.json:
        write(args.json, text)
    if args.log:
        names = [f"--hold-back {N}"] if N else []
        command = f"python -m utils.recipes {args.name} --seed {args.seed}"
        log = {
            "command": " ".join([command, *names]),
            "result": row,
            "settings": recipe._asdict(),
            "machine": machine(),
            "history": result.solver.history,
            "loss": [round(loss, 5) for loss in result.solver.loss_history],
        }
        write(args.log, json.dumps(log))
    if args.save:
        result.net.save(args.save, dtype=np.float16)


def write(path, text):
    """Write a file that takes its name only when it is complete."""
    with whole_file(path) as file:
        file.write(text.encode() + b"\n")
