"""Run checks from a shell, in a fresh process: nothing edited can be out of date.

    python -m utils.checks [EXERCISE ...] [--json]

This module is the one place among the provided code that looks up exercises.  It does
so by name and only when a check is asked for, and each check imports the file in a
process of its own (`utils.checks.remote`), so that an exercise file that does not even
parse makes one FAIL line here and breaks nothing else.
"""

import argparse
import contextlib
import difflib
import importlib
import importlib.util
import json
import math
import re
import sys
import types
from dataclasses import asdict, dataclass
from pathlib import Path

from utils.checks.cnn import (
    check_accuracy,
    check_cnn_init,
    check_cnn_loss,
)
from utils.checks.compare import Result, Wrong
from utils.checks.conv_layers import (
    check_conv_backward,
    check_conv_forward,
)
from utils.checks.max_pool import check_max_pool_backward, check_max_pool_forward
from utils.checks.receptive_field import check_receptive_field
from utils.checks.record import recorded
from utils.checks.remote import separate
from utils.checks.report import Results, format_report
from utils.checks.spatial_batchnorm import (
    check_spatial_batchnorm_backward,
    check_spatial_batchnorm_forward,
    check_spatial_groupnorm,
)
from utils.checks.subject import (
    ROOT,
    NotWritten,
    Source,
    Subject,
    plain,
    student_line,
)
from utils.checks.trained import load_trained

EXERCISES = "utils.exercises"
TRAINED = ROOT / "build" / "cnn.npz"


@dataclass(frozen=True)
class Exercise:
    """Which check judges which names of which exercise module."""

    check: object
    module: str
    names: tuple
    optional: bool = False


@recorded("cnn-65-percent")
def check_trained(cls):
    """Check the network that CNN.ipynb trained and saved, on real CIFAR-10."""
    with separate(Subject(cls)) as ((subject,), _):
        model, data = _trained(subject)
        if not hasattr(model, "loss"):  # it is in the other process
            model = types.SimpleNamespace(loss=subject.method(model, "loss"))
        return check_accuracy(model, data)


def _trained(subject):
    """Return the trained network and the data it is checked with."""
    try:
        model, config = load_trained(subject, TRAINED)
    except FileNotFoundError as error:
        raise NotWritten(str(error)) from None
    except ValueError as error:
        raise Wrong(str(error)) from None
    cifar10 = importlib.import_module("utils.cifar10")
    try:
        data = cifar10.load_cifar10(normalize=config.get("normalize", "mean_image"))
    except (OSError, ValueError) as error:
        raise NotWritten(f"there is no data to check with: {error}") from None
    return model, data


CONV = ("conv_forward_naive", "conv_backward_naive")
POOL = ("max_pool_forward_naive", "max_pool_backward_naive")
NORM = ("spatial_batchnorm_forward", "spatial_batchnorm_backward")
GROUP = ("spatial_groupnorm_forward", "spatial_groupnorm_backward")
NET = ("ThreeLayerConvNet",)
EXERCISE_BY_ID = {
    "receptive-field": Exercise(
        check_receptive_field, "receptive_field", ("receptive_field",)
    ),
    "conv-forward": Exercise(check_conv_forward, "conv_layers", CONV[:1]),
    "conv-backward": Exercise(check_conv_backward, "conv_layers", CONV),
    "max-pool-forward": Exercise(check_max_pool_forward, "conv_layers", POOL[:1]),
    "max-pool-backward": Exercise(check_max_pool_backward, "conv_layers", POOL),
    "spatial-batchnorm-forward": Exercise(
        check_spatial_batchnorm_forward, "spatial_batchnorm", NORM[:1]
    ),
    "spatial-batchnorm-backward": Exercise(
        check_spatial_batchnorm_backward, "spatial_batchnorm", NORM
    ),
    "cnn-init": Exercise(check_cnn_init, "cnn", NET),
    "cnn-loss": Exercise(check_cnn_loss, "cnn", NET),
    "cnn-65-percent": Exercise(check_trained, "cnn", NET),
    "spatial-groupnorm": Exercise(
        check_spatial_groupnorm, "spatial_batchnorm", GROUP, optional=True
    ),
}
NOTEBOOKS = {
    "receptive_field": "Receptive-Fields",
    "conv_layers": "CNN-Layers",
    "spatial_batchnorm": "CNN-BatchNorm",
    "cnn": "CNN",
}


def ids_of(text):
    """Return the ids of the exercises that somebody has in mind.

    Parameters
    ----------
    text : str
        An id, a function or class, a file or notebook, or how ids begin; in any case,
        with underscores or hyphens.  A file or a beginning leaves out what is optional,
        unless nothing else is meant.

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        If it is none of these; with those that come near.
    """
    asked = _hyphened(re.sub(r".*[/\\]|\.(py|ipynb)$", "", text))
    exercises = EXERCISE_BY_ID.items()
    if asked in EXERCISE_BY_ID:
        return [asked]
    for names in (lambda e: e.names[-1:], lambda e: e.names):
        if ids := [k for k, e in exercises if asked in map(_hyphened, names(e))]:
            return ids
    places = {
        k: (_hyphened(NOTEBOOKS[e.module]), _hyphened(e.module)) for k, e in exercises
    }
    ids = [k for k in places if asked in places[k]]
    ids = ids or [k for k in places if asked and k.startswith(asked)]
    if ids:
        return [k for k in ids if not EXERCISE_BY_ID[k].optional] or ids
    near = difflib.get_close_matches(asked, EXERCISE_BY_ID, n=1)
    near += [k for k in places if asked and asked in k and k not in near]
    guess = f": did you mean {' or '.join(near)}?" if near else "."
    raise ValueError(
        "\n  ".join([f"unknown exercise {text!r}{guess} There are:", *EXERCISE_BY_ID])
    )


def _hyphened(name):
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def run_exercise(exercise_id):
    """Run the check of an exercise in a fresh process and print the report.

    Parameters
    ----------
    exercise_id : str
        A key of ``EXERCISE_BY_ID``.

    Returns
    -------
    Results
        A single failed result if the exercise file cannot be imported, or the check
        comes to a stop.
    """
    exercise = EXERCISE_BY_ID[exercise_id]
    print(f"[{exercise_id}]")
    try:
        return exercise.check(*sources(exercise.module, exercise.names))
    except Wrong as wrong:
        result = Result(exercise_id, False, message=plain(wrong))
    except NotWritten as todo:
        result = Result(exercise_id, None, message=plain(todo))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # one exercise must not hide the others
        result = Result(exercise_id, False, message=_stopped(error))
    results = Results(exercise_id, [result])
    print(format_report(results))
    return results


def _stopped(error):
    where = student_line(error)
    text = f"the check came to a stop: {type(error).__name__}: {error}"
    return plain(f"{text} ({where})" if where else text)


def sources(module, names):
    """Return where functions or classes of an exercise module are written."""
    package = importlib.util.find_spec(EXERCISES)
    folder = Path(package.submodule_search_locations[0]).resolve()
    top = folder.parents[EXERCISES.count(".")]
    file = str(folder / f"{module}.py")
    return [Source(file, f"{EXERCISES}.{module}", str(top), name) for name in names]


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int
        0 if every result passed, 1 otherwise.
    """
    parser = argparse.ArgumentParser(
        prog="python -m utils.checks", description="Check the exercises."
    )
    parser.add_argument(
        "ids",
        nargs="*",
        metavar="EXERCISE",
        help="an exercise to check, its function, a notebook, or how names begin "
        "(default: all with points): " + ", ".join(EXERCISE_BY_ID),
    )
    parser.add_argument("--json", action="store_true", help="print results as JSON")
    arguments = parser.parse_args(argv)
    try:
        asked = [name for text in arguments.ids for name in ids_of(text)]
    except ValueError as error:
        parser.error(str(error))
    ids = list(dict.fromkeys(asked)) or [
        name for name, exercise in EXERCISE_BY_ID.items() if not exercise.optional
    ]
    if arguments.json:
        # Whatever students' functions print goes the way of errors, not into the JSON.
        with contextlib.redirect_stdout(sys.stderr):
            found = {name: run_exercise(name) for name in ids}
        rows = [_row(name, result) for name in found for result in found[name]]
        print(json.dumps(rows, indent=1))
    else:
        found = {name: run_exercise(name) for name in ids}
    passed = [result.passed is True for name in found for result in found[name]]
    return 0 if all(passed) else 1


def _row(exercise_id, result):
    """Return a result as a dict that JSON can hold: it knows no infinity."""
    row = {"id": exercise_id, **asdict(result)}
    if row["error"] is not None and not math.isfinite(row["error"]):
        row["error"] = None
    return row
