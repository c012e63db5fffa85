"""Grade the one submission of a Gradescope container.

    python -m utils.staff.container /autograder [--warm]

Results are written before the first check and after each one, so that whatever stops
the container leaves what is known by then.  Nothing is ever trained here.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from utils.staff import isolation, judge, receive, results, rubric, stage
from utils.staff.warm import warm
from utils.whole_files import whole_file

# A container has 768 MB, half a core and ten minutes, the start of Python included.
BUDGET = 380.0  # seconds after which no check begins; a last one takes 150 at most
SECONDS = 20.0
START = 50.0
MEMORY = 2 << 30  # bytes of address space, of which a process uses a tenth
UNSAFE = "The grader cannot shut this submission off; please tell the staff."


def main(argv=None):
    """Run the command line; the exit status is 0 if there are results."""
    parser = argparse.ArgumentParser(prog="python -m utils.staff.container")
    parser.add_argument("folder", type=Path, help="/autograder")
    parser.add_argument("--warm", action="store_true", help="only compile kernels")
    arguments = parser.parse_args(argv)
    folder = arguments.folder.absolute()
    source = folder / "source"
    if arguments.warm:
        warm(source / "kernels")
        return 0
    grade(folder, source, isolation.best_level())
    return 0


def grade(folder, source, level):
    """Grade what is in ``submission`` and write ``results/results.json``."""
    parts = rubric.load()
    (folder / "results").mkdir(exist_ok=True)
    if os.name == "posix":
        (folder / "results").chmod(0o700)  # not for the submission
    empty = {"level": level, "limit": SECONDS, "handout": "", "digest": ""}
    empty |= {"notes": [], "parts": {}}
    if level not in isolation.TRUSTED:
        write(folder, empty | {"notes": [UNSAFE]}, parts, finished=True)
        return
    write(folder, empty, parts, finished=False)
    submission = receive.take(folder / "submission")
    submission = submission._replace(name=submission_id(folder))
    key = (source / "course.key").read_bytes().strip()
    given = stage.prepare(source / "given")
    auto = [part for part in parts if part.auto]
    setting = judge.Setting(auto, key, given, SECONDS, START, BUDGET)
    with isolation.Room(level, MEMORY, warm(source / "kernels")) as room:

        def done(record):
            write(folder, record, parts, finished=len(record["parts"]) == len(auto))

        judge.grade(submission, room, setting, done)


def submission_id(folder):
    """Return what Gradescope calls the submission: a rerun has the same inputs."""
    try:
        metadata = json.loads((folder / "submission_metadata.json").read_bytes())
        return f"gradescope-{int(metadata['id'])}"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "gradescope"


def write(folder, record, parts, finished):
    """Replace the results by what is known now."""
    text = json.dumps(results.for_student(record, parts, finished)) + "\n"
    with whole_file(folder / "results" / "results.json") as file:
        file.write(text.encode())


if __name__ == "__main__":
    sys.exit(main())
