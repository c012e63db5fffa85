"""Grade a folder of submissions; a rerun goes on where the last one was stopped."""

import itertools
import os
import re
import secrets
import time
from hashlib import sha256
from pathlib import Path

from utils.staff import StaffError, isolation, judge, receive, results, rubric, stage
from utils.staff.crew import Order, grade_all
from utils.staff.journal import Journal
from utils.staff.warm import warm

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = [ROOT / "utils" / "exercises" / "conv_layers.py", ROOT / ".git"]
ANSWERS += [ROOT / "tests" / "exercises"]
REACHED = {
    "uid": "Any user can read {}, so submissions could, too. Close it to others (chmod "
    "o-rwx); --trust grades anyway.",
    "netns": "{} lies where Python is installed, so submissions could read it. Move it "
    "to another place; --trust grades anyway.",
}


def add_arguments(parser):
    """Add the arguments of the command."""
    add = parser.add_argument
    add("submissions", type=Path, metavar="SUBMISSIONS")
    add("--out", type=Path, required=True, metavar="DIR", help="where results go")
    add("--workers", type=int, metavar="N", help="at the same time (one per core)")
    add("--shard", metavar="I/N", help="only part I of N, counted from 0; then merge")
    add("--key", type=Path, metavar="FILE", help="the course's secret (DIR/course.key)")
    add(
        "--seconds",
        type=float,
        default=20.0,
        help="for a student's code in a check (20); who ran out of time is "
        "graded again if there are more",
    )
    add(
        "--trust",
        action="store_true",
        help="run submissions even where they cannot be shut off",
    )


def run(arguments):
    """Grade, write the results, and return the exit status."""
    if not 0 < arguments.seconds <= 600:
        raise StaffError(f"--seconds is {arguments.seconds:g}; expected 0 to 600.")
    receive.require_outside(arguments.out, arguments.submissions)
    if not arguments.out.exists():
        arguments.out.mkdir(mode=0o700, parents=True)
    level = require_level(arguments.trust, arguments.submissions, arguments.out)
    paths = receive.find(arguments.submissions)
    index, count = shard(arguments.shard)
    paths = [path for path in paths if belongs(path, index, count)]
    parts = [part for part in rubric.load() if part.auto]
    key = course_key(arguments.key or arguments.out / "course.key")
    cache = warm(arguments.out / ".kernels")
    name = f"journal-{index}-of-{count}.jsonl" if count > 1 else "journal.jsonl"
    mark = f"{judge.version()}-{sha256(key).hexdigest()[:8]}"
    with Journal(arguments.out / name) as journal:
        given = stage.prepare(arguments.out / ".given" / judge.version())
        seconds = arguments.seconds
        start, budget = max(30.0, seconds), max(600.0, 30 * seconds)
        setting = judge.Setting(parts, key, given, seconds, start, budget)
        left, names = _left(paths, journal.records, mark, seconds)
        print(
            f"{len(paths)} submissions, {len(paths) - len(left)} of them graded before;"
            f" isolation: {level}."
        )
        number = itertools.count(1)

        def take(record):
            journal.append(record | {"grader": mark})
            total = f"{results.points(record)} of {rubric.maximum(parts)}"
            if results.undecided(record):
                total = "not graded to the end"
            so_far = f"{next(number)} of {len(left)}"
            print(
                f"{so_far}  {record['submission']}: {total}, {record['seconds']:.1f} s",
                flush=True,
            )

        order = Order(setting, level, 3 << 30, cache)
        workers = arguments.workers or os.cpu_count() or 1
        grade_all(left, order, max(1, min(workers, len(left))), take)
        graded = [r for r in journal.records if r["grader"] == mark]
    records = results.latest(graded, names)
    if count > 1:
        print(f"Part {index} of {count} is done; when all are: staff merge.")
    else:
        results.write(arguments.out, records, rubric.load())
    return results.tell(records)


def require_level(trust, *folders):
    """Return the best level of isolation, or refuse.

    Parameters
    ----------
    trust : bool
        Whether to grade all the same.
    *folders : Path
        What submissions must not read, besides what holds our answers.

    Raises
    ------
    StaffError
        If code of students would have the rights of whoever grades, or could read
        the answers or other submissions.
    """
    level = isolation.best_level()
    if level not in isolation.TRUSTED and not trust:
        raise StaffError(
            f"Here, students' code cannot be shut off (level {level!r}): it would run "
            "with your rights and could read your files. Grade on Linux as root, or "
            "where users may have namespaces, or in a container; --trust grades anyway."
        )
    if level in isolation.TRUSTED and not trust:
        for path in (*ANSWERS, *folders):
            if isolation.reaches(level, path):
                raise StaffError(REACHED[level].format(path))
    return level


def shard(text):
    """Return index and count of ``"I/N"``."""
    if text is None:
        return 0, 1
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if not match or not int(match[1]) < int(match[2]):
        raise StaffError(f"--shard is {text!r}; expected I/N with 0 <= I < N.")
    return int(match[1]), int(match[2])


def belongs(path, index, count):
    """Tell whether a submission is in a part; it depends on its name alone."""
    digest = sha256(receive.safe_name(path.name).encode()).digest()
    return int.from_bytes(digest[:8], "big") % count == index


def course_key(path):
    """Read the secret from which inputs are drawn; make one if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "xb", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(secrets.token_hex(32).encode() + b"\n")
        print(f"New key made: {path}")
    except FileExistsError:
        pass
    for _ in range(50):
        if key := path.read_bytes().strip():
            break
        time.sleep(0.1)  # another machine has just made it and writes
    if len(key) < 16:
        raise StaffError(f"{path} is no secret: it needs 16 characters or more.")
    return key


def _left(paths, records, mark, seconds):
    """Return the submissions that are still to be graded, and the names of all."""
    graded = results.latest(r for r in records if r["grader"] == mark)
    before = {record["submission"]: record for record in graded}
    left, names = [], set()
    for path in paths:
        name = receive.safe_name(path.name)
        names.add(name)
        if (
            name not in before
            or _open(before[name], seconds)
            or receive.take(path).digest != before[name]["digest"]
        ):
            left.append(path)
    return left, names


def _open(record, seconds):
    """Tell whether a record is not final: we failed, or there is more time now."""
    more = results.out_of_time(record) and record["limit"] < seconds
    return more or results.undecided(record)
