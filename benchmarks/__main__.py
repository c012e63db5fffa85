"""Print tables: ``python -m benchmarks conv layers step train savings ladder jit``."""

import argparse
import importlib
import os
import sys

from benchmarks import has_torch

NAMES = ("conv", "layers", "step", "train", "savings", "ladder", "jit")
ALONE = {"savings", "ladder", "jit"}  # say something without PyTorch, too
TORCH = "2.13.0"
# They make the BLAS inside NumPy choose code for another processor than this one.
FOREIGN = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
HEADER = """\
ratio > 1: we are faster than the faster of PyTorch's two memory layouts (contiguous
and channels last).  Medians of {rounds} alternating rounds in one process; all sides
have computed the same numbers before (error: the largest difference).  PyTorch
allocates its results at every call, as it always does; ours are written to arrays that
exist.  GFLOP/s counts the operations of plain convolution, whatever the algorithm; the
limit is the least time for what our algorithm must compute and move, with the peak
({peak:.0f} GFLOP/s) and the copy measured in this run.  cores: how many we and the
rival had; if these are fewer than the threads, other programs were in the way.  speed:
what the microkernel reached just before and after, of its best.{again}"""
AGAIN = """  Rows on a busy or slow
machine were measured up to {patience} times more, and the attempt on the steadiest
machine counts, whatever its times were."""


def arguments(argv):
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Time our layers beside PyTorch and beside what is possible.",
    )
    parser.add_argument(
        "names",
        nargs="+",
        choices=NAMES,
        metavar="NAME",
        help="conv: convolutions; layers: batchnorm; step: whole training steps; "
        "train: our recipes; savings: what leaving work out gains; "
        "ladder: one layer, six ways; jit: imports and first calls",
    )
    parser.add_argument("--json", metavar="FILE", help="write all rows there")
    parser.add_argument("--threads", type=int, metavar="T", help="default: all cores")
    parser.add_argument(
        "--rounds",
        type=int,
        default=15,
        metavar="R",
        help="timed calls of each side, 3 or more (default: 15)",
    )
    parser.add_argument(
        "--patience",
        type=int,
        default=0,
        metavar="P",
        help="measure a row up to P times more if the machine was busy or slow",
    )
    parser.add_argument(
        "--only", default="", help="rows whose name contains this text, such as '7x7'"
    )
    parser.add_argument(
        "--full",
        type=lambda text: text.split(","),
        default=(),
        metavar="RECIPES",
        help="train: whole trainings, for example 'fast65,fast80', instead of steps",
    )
    parser.add_argument("--figure", metavar="PNG", help="draw the ladder there")
    options = parser.parse_args(argv)
    if options.threads is not None and options.threads < 1:
        parser.error(f"--threads is {options.threads}, expected 1 or more")
    if options.rounds < 3:
        parser.error(f"--rounds is {options.rounds}, expected 3 or more")
    if options.figure and "ladder" not in options.names:
        parser.error("--figure draws the ladder: name it, too")
    if options.full and "train" not in options.names:
        parser.error("--full is for train: name it, too")
    return options


def without_foreign_settings():
    """Start anew without variables that would slow NumPy's BLAS down."""
    found = [name for name in FOREIGN if name in os.environ]
    if found:
        print(f"Starting anew without {' and '.join(found)}.", flush=True)
        for name in found:
            del os.environ[name]
        command = [sys.executable, "-m", "benchmarks", *sys.argv[1:]]
        os.execv(sys.executable, command)


def set_threads(number):
    """Let all sides use equally many threads."""
    if number is not None:  # before anything asks how many there are
        os.environ["UTILS_THREADS"] = str(number)
    from threadpoolctl import threadpool_limits

    from utils.kernels import threads

    if has_torch():
        import torch

        torch.set_num_threads(threads.count())
    threadpool_limits(threads.count())


def print_header(options):
    """Say where and how the numbers were measured."""
    from benchmarks import machine

    print(machine.where())
    if hasattr(os, "getloadavg"):
        print(
            "load average of the last minutes:", *map("{:.1f}".format, os.getloadavg())
        )
    again = AGAIN.format(patience=options.patience) if options.patience else ""
    header = {"rounds": options.rounds, "peak": machine.peak(), "again": again}
    print(HEADER.format(**header))
    others = machine.busy()
    if others is not None and others > machine.BUSY:
        print(
            f"Warning: other processes use {others:.1f} cores now; these times are "
            f"not to be trusted.",
            file=sys.stderr,
        )


def main(argv=None):
    """Measure, print, and write what the command line asks for; give exit status."""
    options = arguments(argv)
    others = [name for name in options.names if name not in ALONE]
    if others and not has_torch():
        print(
            f"{', '.join(others)}: compared with PyTorch, which is not installed here: "
            f'"{sys.executable}" -m pip install torch=={TORCH}',
            file=sys.stderr,
        )
        return 2
    set_threads(options.threads)
    from benchmarks import harness, machine

    print_header(options)
    if not has_torch():
        print("PyTorch is not installed here: these are our times alone.")
    rows = []
    for name in options.names:
        table = []
        print(f"\n{name}\n{harness.HEADER}")
        for row in importlib.import_module(f"benchmarks.{name}").rows(options):
            table.append(row | {"where": machine.where()})
            print(harness.line(row), flush=True)
        if name != "ladder":  # whose rungs are one layer
            print(harness.means(table))
        rows += table
        if options.json:  # after every table: an interrupted run keeps what it has
            harness.write_json(rows, options.json)
    return 0


if __name__ == "__main__":
    without_foreign_settings()
    sys.exit(main())
