"""The command line of the recipes."""

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np

from utils.cifar10 import load_cifar10
from utils.kernels import threads
from utils.recipes import targets
from utils.recipes.records import machine, write
from utils.recipes.table import RECIPES
from utils.recipes.training import accuracy, held_back, train


def main(argv=None):
    """Train a recipe from a shell, as `utils.recipes` shows.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; those of the process if not given.

    Returns
    -------
    int
        Exit status: 0, or 1 for an error; 2 for a wrong option.
    """
    parser = argparse.ArgumentParser(
        prog="python -m utils.recipes",
        description="Train a recipe on all 50,000 training images and measure it on "
        "the 10,000 test images.",
    )
    parser.add_argument("name", metavar="NAME", help=", ".join(RECIPES))
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
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
    problem = wrong(args)
    if problem:
        parser.error(problem)
    if args.threads is not None:
        os.environ["UTILS_THREADS"] = str(args.threads)
    try:
        check_targets(args)
        run(args)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def wrong(args):
    """Say what is wrong with an option; nothing if all can be used."""
    if args.name not in RECIPES:
        return f"there is no recipe {args.name!r}; there are {', '.join(RECIPES)}"
    for name, least in (("seed", 0), ("threads", 1)):
        value = getattr(args, name)
        if value is not None and value < least:
            return f"--{name} is {value}, expected {least} or more"
    most = os.cpu_count() or 1
    if args.threads is not None and args.threads > most:
        # No error: results are right, and measuring what it costs is fair.
        print(
            f"--threads is {args.threads}, and this machine has {most} processors: "
            "threads that wait for one another make it slower.",
            file=sys.stderr,
        )
    return ""


def check_targets(args):
    """Find out before a training whether its results can be written."""
    measured = {"val_accuracy" if args.hold_back else "test_accuracy": None}
    what = targets.label({"recipe": args.name, "seed": args.seed} | measured)
    seen = {}
    for option, path in vars(args).items():
        if option not in ("json", "log", "save") or path is None:
            continue
        same = seen.setdefault(path.resolve(), option)
        if same != option:
            raise ValueError(f"--{same} and --{option} name the same file, {path}")
        targets.check(f"--{option}", path, None if option == "save" else what)


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
    if result.solver.stopped:
        raise ValueError(f"{args.name} has no result: {result.solver.stopped}")
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
        command = f"python -m utils.recipes {args.name} --seed {args.seed}"
        for option, value in (("threads", args.threads), ("hold-back", N)):
            command += f" --{option} {value}" if value else ""
        log = {
            "command": f"{command} --log {args.log.name}",
            "result": row,
            "settings": recipe._asdict(),
            "machine": machine(),
            "history": result.solver.history,
            "loss": [round(loss, 5) for loss in result.solver.loss_history],
        }
        write(args.log, json.dumps(log))
    if args.save:
        result.net.save(args.save, dtype=np.float16)
