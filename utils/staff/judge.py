"""Grade one submission: the checks of the workbook, on a process that is shut off.

Inputs are made here and what is right is computed here; the process in the `Room` gets
the one and never sees the other.  What comes back are values (`utils.checks.wire`).
"""

import contextlib
import functools
import hashlib
import hmac
import io
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from utils.checks import process
from utils.checks.report import NOT_TRIED
from utils.checks.runner import EXERCISE_BY_ID
from utils.checks.subject import Source
from utils.staff import forwards, receive, stage

FORWARDS = Path(forwards.__file__)
FORWARD_OF = {
    "conv-backward": "conv-forward",
    "max-pool-backward": "max-pool-forward",
    "spatial-batchnorm-backward": "spatial-batchnorm-forward",
}
# Their inputs are the same for all.  The seeds of the network keep units away from
# kinks.  Limits of a normalisation are found by moving numbers at random: for a few
# inputs in a thousand they refuse what is right, and nobody shall draw such inputs.
FIXED = ("cnn", "spatial_batchnorm")
MESSAGE = 400  # characters
OUT_OF_TIME = (" did not return within ", " took more than ")  # see `process`
UTILS = Path(__file__).resolve().parents[1]
default_rng = np.random.default_rng


class Setting(NamedTuple):
    """How a batch of submissions is graded.

    Attributes
    ----------
    parts : list of Part
        The automatic parts of the rubric.
    key : bytes
        The course's secret, from which inputs are drawn.
    prepared : Path
        What `stage.prepare` wrote.
    seconds, start : float
        How long to wait for a student's code in one check (half of it, but at least
        10 s, in one call), and for its import.
    budget : float
        Seconds after which no further check of a submission begins.
    """

    parts: list
    key: bytes
    prepared: Path
    seconds: float = 20.0
    start: float = 30.0
    budget: float = 600.0


def grade(submission, room, setting, done=lambda record: None):
    """Grade a submission.

    Parameters
    ----------
    submission : Submission
    room : Room
        Where its code runs.
    setting : Setting
    done : callable, optional
        Is handed the record after each part.

    Returns
    -------
    dict
        What goes into the journal: plain values only.
    """
    begin = time.monotonic()
    record = {
        "submission": submission.name,
        "digest": submission.digest,
        "handout": receive.handout_version(submission.files),
        "level": room.level,
        "limit": setting.seconds,
        "notes": list(submission.notes),
        "parts": {},
    }
    for part in setting.parts:
        if time.monotonic() - begin > setting.budget:
            found = without("late", "not tried: the time was used up before.")
        else:
            salt = varied(setting.key, submission.name, part.id)
            with salt, _limits(room, setting):
                found = _grade_part(part.id, submission, room, setting, record["parts"])
        found["points"] = part.points if found["state"] == "passed" else 0
        record["parts"][part.id] = found
        record["seconds"] = round(time.monotonic() - begin, 2)
        done(record)
    return record


@contextlib.contextmanager
def varied(key, name, part_id):
    """Let all that is drawn from a seed depend on the submission, too.

    Checks draw their inputs with ``np.random.default_rng(seed)``.  Whoever has seen the
    numbers of one submission does not know those of another.
    """
    if EXERCISE_BY_ID[part_id].module in FIXED:
        yield
        return
    salt = hmac.new(key, name.encode(), hashlib.sha256).digest()
    words = [int.from_bytes(salt[k : k + 4], "little") for k in range(0, 32, 4)]
    np.random.default_rng = lambda seed: default_rng([*words, seed])
    try:
        yield
    finally:
        np.random.default_rng = default_rng


@contextlib.contextmanager
def _limits(room, setting):
    kept = vars(process.LIMITS).copy()
    new = {"launch": room.launch, "seconds": setting.seconds, "memory": room.memory}
    new |= {"largest": 16 << 20, "things": 1000, "shown": 500, "separate": True}
    new |= {"call": max(process.LIMITS.call, setting.seconds / 2)}
    new |= {"compiling": 0.0}  # that has been done before; see `warm`
    vars(process.LIMITS).update(new, start=setting.start)
    try:
        yield
    finally:
        vars(process.LIMITS).update(kept)


def _grade_part(part_id, submission, room, setting, parts):
    """Run the check of a part; a backward pass may have a second chance."""
    exercise = EXERCISE_BY_ID[part_id]
    path = f"utils/exercises/{exercise.module}.py"
    data = submission.files.get(path)
    if path in submission.unread:
        return without("unread", f"{path} cannot be read.")
    if data is None:
        return without("missing", f"There is no {path}.")
    for name, found in parts.items():
        if found["endless"] and EXERCISE_BY_ID[name].module == exercise.module:
            return without("failed", "Importing its file does not end.")
    put = functools.partial(
        stage.put, setting.prepared, room.stage, exercise.module, data
    )
    forward = parts.get(FORWARD_OF.get(part_id), {"state": "passed"})
    found, died = None, forward["state"] != "passed" and forward["died"]
    if not died:  # otherwise it would only be waited for a second time
        file = put()
        found = _check(exercise, _sources(file, exercise.module, exercise.names))
        if "passed" in (forward["state"], found["state"]):
            return found
    file = put(extra=[FORWARDS])
    sources = [
        *_sources(file.with_name(FORWARDS.name), "forwards", exercise.names[:1]),
        *_sources(file, exercise.module, exercise.names[1:]),
    ]
    second = _check(exercise, sources) | {"given": True}
    decides = found is None or second["state"] in ("passed", "stopped")
    return second if decides else found


def _sources(file, module, names):
    top = str(file.parents[2])
    module = f"utils.exercises.{module}"
    return [Source(str(file), module, top, name) for name in names]


def _check(exercise, sources):
    """Return what a check finds, as plain values; what it prints is not kept."""
    begin = time.monotonic()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            results = list(exercise.check(*sources))
    except process.NotStarted as error:
        return without("stopped", f"could not be checked: {error}")
    except Exception as error:  # of ours; the next part must not suffer
        text = f"the check came to a stop: {type(error).__name__}: {error}"
        return without("stopped", text)
    rows = [[r.name, r.passed, r.message[:MESSAGE]] for r in results]
    return {
        "state": _state(results),
        "died": any(result.message == NOT_TRIED for result in results),
        "endless": len(rows) == 1 and " did not return within " in rows[0][2],
        "slow": any(text in row[2] for text in OUT_OF_TIME for row in rows),
        "seconds": round(time.monotonic() - begin, 2),
        "results": rows,
    }


def _state(results):
    """Sum up: what cannot be decided is to nobody's disadvantage."""
    verdicts = [result.passed for result in results if not result.undecided]
    if False in verdicts:
        return "failed"
    if verdicts and all(verdicts):
        return "passed"
    return "todo"


def without(state, text):
    """Return the finding for a part that was not checked, and why."""
    row = [text[:MESSAGE], False, ""]
    found = {"state": state, "died": False, "endless": False, "slow": False}
    return found | {"seconds": 0.0, "results": [row]}


def version():
    """Return a hash of all that may decide about points, the key apart."""
    digest = hashlib.sha256()
    for path in sorted(UTILS.rglob("*.py")):
        name = path.relative_to(UTILS).as_posix()
        if not name.startswith("exercises/"):
            digest.update(f"{name}\n".encode() + path.read_bytes())
    digest.update((UTILS / "staff" / "rubric.toml").read_bytes())
    return digest.hexdigest()[:12]
