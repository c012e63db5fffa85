"""The command ``python -m utils.sweep RECIPE``: one worker of a study of a recipe."""

import argparse
import ast
import os
import sys

from utils.sweep import space
from utils.sweep.library import SweepError, optuna
from utils.sweep.objective import check_space, recipe_objective, unknown, with_fields
from utils.sweep.study import Study


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; those of the process if not given.

    Returns
    -------
    int
        Exit status: 0 if the study has all its trials, 3 if this worker stopped
        before (Ctrl-C, time limit), 1 for an error; 2 for a wrong option.
    """
    parser = _parser()
    options = parser.parse_args(argv)
    if options.threads is not None:  # kernels read it when they are imported
        os.environ["UTILS_THREADS"] = str(options.threads)
    problem = _problem(options)
    if problem:
        parser.error(problem)
    try:
        return _work(options)
    except (SweepError, ValueError) as error:
        print(f"sweep: {error}", file=sys.stderr)
        return 1


def _problem(options):
    """Say what is wrong with an option; nothing if all can be used."""
    for name, least in (("trials", 1), ("threads", 1), ("seed", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            return f"--{name} is {value}, expected {least} or more"
    if not options.grace > 0:
        return f"--grace is {options.grace}, expected a number of seconds above 0"
    if options.time_limit is not None and not options.time_limit >= 0:
        return f"--time-limit is {options.time_limit}, expected 0 seconds or more"
    return unknown(options.recipe)


def _work(options):
    vary = {key: space.parse(text) for key, text in map(_pair, options.vary)}
    fixed = {key: _literal(text) for key, text in map(_pair, options.set)}
    # All that can be wrong is looked at before a study is made of a slip.
    _check(options.recipe, vary, fixed)
    optuna()
    objective = _objective(options, fixed)
    objective.check(vary)
    study = Study(
        options.study or options.recipe,
        space=vary or None,
        storage=options.storage or os.environ.get("SWEEP_STORAGE") or None,
        seed=options.seed,
        worker=options.worker_name,
        grace=options.grace,
    )
    _check(options.recipe, study.space, fixed)
    complete = study.run(objective, options.trials, options.time_limit)
    print(study.table())
    shares = study.importances()
    if shares:
        parts = [f"{name} {share:.0%}" for name, share in shares.items()]
        print(f"importance: {', '.join(parts)}")
    return 0 if complete else 3


def _check(recipe, searched, fixed):
    """Find misspelt names, and fields that would have two values."""
    both = [key for key in searched if key in fixed]
    if both:
        raise SweepError(f"{', '.join(both)} cannot be varied and set")
    check_space(with_fields(recipe, fixed), searched)


def _objective(options, fixed):
    """Load the data and make the objective."""
    from utils.cifar10 import load_cifar10

    data = load_cifar10(options.source, num_train=50000, num_val=0, num_test=0)
    how = {"seed": options.seed, "threads": options.threads}
    return recipe_objective(options.recipe, data, **how, **fixed)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m utils.sweep",
        description="Search good numbers for a recipe. Start the same command on "
        "several machines with one --storage to search together.",
    )
    parser.add_argument("recipe", metavar="RECIPE", help="a name in utils.recipes")
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="FIELD=RANGE",
        help="what to search, e.g. 'batch_size=choice(125, 250)'; also log(low, high), "
        "linear(low, high), whole(low, high); may be left out where the study exists",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="another value for all trials, e.g. epochs=2; the same in all runs of a "
        "study",
    )
    parser.add_argument("--trials", type=int, default=30, help="in all (default 30)")
    parser.add_argument("--study", metavar="NAME", help="its name (default: RECIPE)")
    parser.add_argument(
        "--storage",
        metavar="ADDRESS",
        help="postgresql://user:password@host/database, or a file; default: the "
        "variable SWEEP_STORAGE, else build/sweeps/NAME.log",
    )
    parser.add_argument("--worker-name", metavar="NAME", help="shown in the table")
    parser.add_argument(
        "--grace",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="a worker that is silent for so long loses its trial to another",
    )
    parser.add_argument("--time-limit", type=float, metavar="SECONDS")
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="of the search and of each training (default 0)",
    )
    parser.add_argument("--threads", type=int, metavar="T")
    parser.add_argument("--source", metavar="PATH", help="where CIFAR-10 is")
    return parser


def _pair(text):
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier():
        raise SweepError(f"{text!r} has not the form FIELD=VALUE")
    return name.strip(), value


def _literal(text):
    try:
        return ast.literal_eval(text.strip())
    except (SyntaxError, ValueError):
        return text.strip()  # a word
