"""A class of synthetic students, graded by a grader that is killed on the way.

    python -m tests.staff.class_of_500 FOLDER [--count 500] [--workers 2] [--kills 3]
    python -m tests.staff.class_of_500 FOLDER --bank

It is no part of the tests, because it takes long.  With ``--bank``, the students have
written the wrong implementations of the bank, and each may lose its own parts only.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from tests.exercises.bank import IDS_BY_GROUP, implementations
from tests.staff.test_judge import ROOT, SOLVED, own_parts, submission_of
from utils.staff import journal
from utils.staff.editions import student_edition

LOOP = b"\n\ndef %s(*arguments, **options):\n    while True:\n        pass\n"
NAMES = (b"receptive_field", b"conv_forward_naive", b"spatial_batchnorm_forward")
BOMBS = (
    b"import os\nwhile True:\n    os.fork()\n",
    b"kept = [bytearray(1 << 27) for _ in range(10**6)]\n",
    b"while True:\n    print('x' * 10**6)\n",
)
SHARES = {"perfect": 40, "partial": 35, "blank": 10, "crash": 6, "loop": 5, "bomb": 4}
BANK = [i for i in implementations("wrong") if i.group != "spatial_groupnorm"]


def student(kind, chance):
    """Return the files of a student."""
    files = {p: d + b"# %d\n" % chance.getrandbits(64) for p, d in SOLVED.items()}
    path = chance.choice(sorted(files))
    if kind == "blank":
        return {p: student_edition(d.decode(), p).encode() for p, d in files.items()}
    if kind == "partial":
        for wrong in chance.sample(BANK, 2):
            files |= {p: d for p, d in submission_of(wrong).items() if d != SOLVED[p]}
    elif kind == "crash":
        files[path] = chance.choice(
            [b"import os\nos._exit(0)\n", b"1 / 0\n", b"def f(:"]
        )
    elif kind == "loop":
        name = chance.choice(NAMES)
        path = next(p for p, d in files.items() if b"def %s(" % name in d)
        files[path] += LOOP % name
    elif kind == "bomb":
        files[path] = chance.choice(BOMBS)
    return files


def write(folder, count):
    """Write the submissions, as archives."""
    chance = random.Random(2026)
    folder.mkdir(parents=True, exist_ok=True)
    kinds = chance.choices(list(SHARES), SHARES.values(), k=count)
    for number, kind in enumerate(kinds):
        with zipfile.ZipFile(folder / f"{number:03}-{kind}.zip", "w") as archive:
            for path, data in student(kind, chance).items():
                archive.writestr(f"homework/{path}", data)


def start(submissions, out, workers):
    command = [sys.executable, "-m", "utils.staff", "grade", str(submissions)]
    command += ["--out", str(out), "--workers", str(workers)]
    command += ["--key", str(submissions.parent / "course.key")]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)


def grade(submissions, out, workers, kills=0):
    """Grade, and kill the grader on the way; return the seconds it took."""
    count = len(list(submissions.iterdir()))
    file, begin = out / "journal.jsonl", time.monotonic()
    for kill in range(kills):
        grader = start(submissions, out, workers)
        while grader.poll() is None:
            done = file.read_bytes().count(b"\n") if file.exists() else 0
            if done >= count * (kill + 1) // (kills + 1):
                grader.send_signal(signal.SIGKILL)
                grader.wait()
                print(f"killed after {done} of {count}", flush=True)
            time.sleep(0.2)
    if start(submissions, out, workers).wait():
        raise SystemExit("The grader failed.")
    return time.monotonic() - begin


def report(out, seconds, workers):
    """Print what was found, and how long it took."""
    records = journal.read(out / "journal.jsonl")
    print(f"load {os.getloadavg()[0]:.1f}, isolation {records[0]['level']}")
    print(f"{len(records)} records, {seconds:.0f} s with {workers} workers,")
    print(f"that is {seconds / len(records):.1f} s for each")
    for kind in SHARES:
        found = [r for r in records if kind in r["submission"]]
        points = [sum(p["points"] for p in r["parts"].values()) for r in found]
        if found:
            middle = statistics.median(r["seconds"] for r in found)
            print(
                f"{kind:8} {len(found):4}: {min(points)} to {max(points)} points, "
                f"{middle:.1f} s in the middle, {max(r['seconds'] for r in found):.1f}"
                " at most"
            )


def bank(folder, workers):
    """Grade the bank; return the implementations that lost something else."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {f"{number:03}.zip": wrong for number, wrong in enumerate(BANK)}
    for name, wrong in names.items():
        with zipfile.ZipFile(folder / "bank" / name, "w") as archive:
            for path, data in submission_of(wrong).items():
                archive.writestr(path, data)
    seconds = grade(folder / "bank", folder / "out", workers)
    strange = 0
    for record in journal.read(folder / "out" / "journal.jsonl"):
        lost = {n for n, part in record["parts"].items() if part["state"] != "passed"}
        wrong = names[record["submission"]]
        if not lost & set(IDS_BY_GROUP[wrong.group]) or not lost <= own_parts(wrong):
            strange += 1
            print(wrong.group, wrong.name, "lost", sorted(lost) or "nothing")
    print(f"{len(BANK)} wrong implementations, {strange} lost other parts than theirs")
    report(folder / "out", seconds, workers)


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.staff.class_of_500")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--bank", action="store_true")
    parser.add_argument(
        "--again", action="store_true", help="compare with a second run"
    )
    arguments = parser.parse_args()
    folder, workers = arguments.folder, arguments.workers
    if arguments.bank:
        (folder / "bank").mkdir(parents=True)
        return bank(folder, workers)
    write(folder / "submissions", arguments.count)
    seconds = grade(folder / "submissions", folder / "out", workers, arguments.kills)
    report(folder / "out", seconds, workers)
    table = (folder / "out" / "results.csv").read_bytes()
    if arguments.again:
        grade(folder / "submissions", folder / "again", workers)
        other = (folder / "again" / "results.csv").read_bytes()
        print(
            "second run, never killed:", "same bytes" if other == table else "DIFFERS"
        )
    if start(folder / "submissions", folder / "out", workers).wait():
        raise SystemExit("The grader failed.")
    same = (folder / "out" / "results.csv").read_bytes() == table
    print("rerun:", "same bytes" if same else "DIFFERS")
    students = list((folder / "out" / "students").glob("*/results.json"))
    print(len([json.loads(file.read_text()) for file in students]), "files of students")


if __name__ == "__main__":
    main()
