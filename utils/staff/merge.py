"""Put the journals of several machines together."""

import re
from pathlib import Path

from utils.staff import StaffError, journal, results, rubric


def add_arguments(parser):
    """Add the arguments of the command."""
    add = parser.add_argument
    add("journals", type=Path, nargs="+", metavar="JOURNAL", help="file, or its folder")
    add("--out", type=Path, required=True, metavar="DIR", help="where results go")


def run(arguments):
    """Merge, write the results, and return the exit status."""
    paths = []
    for path in arguments.journals:
        found = sorted(path.glob("journal*.jsonl")) if path.is_dir() else [path]
        if not found:
            raise StaffError(f"{path} holds no journal.")
        paths += found
    require_all_parts(paths)
    records = merged([journal.read(path) for path in paths])
    results.write(arguments.out, records, rubric.load())
    print(f"{len(records)} submissions from {len(paths)} journals.")
    return results.tell(records)


def require_all_parts(paths):
    """Raise StaffError if journals of some parts of a batch are not there."""
    found = [re.fullmatch(r"journal-(\d+)-of-(\d+)\.jsonl", p.name) for p in paths]
    parts = {(int(match[1]), int(match[2])) for match in found if match}
    for count in sorted({count for _, count in parts}):
        missing = [k for k in range(count) if (k, count) not in parts]
        if missing:
            names = ", ".join(map(str, missing))
            raise StaffError(f"Of {count} parts, these have no journal: {names}.")


def merged(journals):
    """Return the records of all journals, one per submission.

    Raises
    ------
    StaffError
        If two journals disagree about a submission.
    """
    found = {}
    for records in journals:
        for record in results.latest(records):
            name = record["submission"]
            other = found.setdefault(name, record)
            if _verdict(other) != _verdict(record):
                raise StaffError(
                    f"{name} is in two journals, with different submissions, graders "
                    "or points; grade it again in one of them, or leave one out."
                )
    graders = {record["grader"] for record in found.values()}
    if len(graders) > 1:
        raise StaffError(
            "The journals were written by different graders or with different keys: "
            f"{', '.join(sorted(graders))}. Give all machines the same --key and files."
        )
    return results.latest(found.values())


def _verdict(record):
    points = {name: part["points"] for name, part in record["parts"].items()}
    return record["digest"], record["grader"], points
