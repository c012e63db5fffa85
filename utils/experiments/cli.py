"""The command line of the longer experiments."""

import argparse
import json
import sys
from pathlib import Path

from utils.cifar10 import load_cifar10
from utils.experiments import ablation, figures, runs, sizes
from utils.recipes import held_back
from utils.recipes.records import machine, write

EXPERIMENTS = {"ablation": ablation, "sizes": sizes}
HELD_BACK = 5000


def main(argv=None):
    """Run an experiment from a shell; see the top of the package."""
    parser = argparse.ArgumentParser(
        prog="python -m utils.experiments",
        description="Run an experiment and write its result as JSON; all accuracies "
        f"are those of {HELD_BACK:,} training images that are held back. Or gather "
        "what is given of the logs in runs/; or draw figures of the results.",
    )
    parser.add_argument("name", choices=[*EXPERIMENTS, "collect", "figures"])
    parser.add_argument("--seeds", type=int, default=3, help="default: 3")
    parser.add_argument(
        "--out",
        type=Path,
        help="default: runs/NAME.json, or the folders of results and of docs",
    )
    args = parser.parse_args(argv)
    if args.seeds < 1:
        parser.error(f"--seeds is {args.seeds}, expected 1 or more")
    try:
        if args.name == "figures":
            for path in figures.draw_all(args.out):
                tell(str(path))
        elif args.name == "collect":
            collect(args.out or runs.GIVEN)
        else:
            run(args)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def run(args):
    """Run an experiment."""
    data = load_cifar10(num_train=50000, num_val=0)
    count = min(HELD_BACK, len(data["y_train"]) // 10)
    results = EXPERIMENTS[args.name].run(
        held_back(data, count), args.seeds, report=tell
    )
    command = f"python -m utils.experiments {args.name} --seeds {args.seeds}"
    about = {"command": command, "held_back": count, "machine": machine()}
    out = args.out or runs.FOLDER / f"{args.name}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    write(out, json.dumps(about | {"results": results}))


def collect(folder):
    """Write what is given of the logs."""
    for name, content in runs.collect().items():
        write(folder / f"{name}.json", json.dumps(content))


def tell(line):
    """Print a line at once, also into a pipe."""
    print(line, flush=True)
