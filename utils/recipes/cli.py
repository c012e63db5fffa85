"""The command line of the recipes."""

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np

from utils.cifar10 import load_cifar10
from utils.kernels import threads
from utils.recipes.records import machine, write
from utils.recipes.table import RECIPES
from utils.recipes.training import accuracy, held_back, train


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
