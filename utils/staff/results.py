"""What becomes of a journal: a table, a page that sums up, and a file per student.

The table holds nothing that differs between two runs of the same grader, so its bytes
are the same.  A student's file names properties and says whether they hold; messages
stay with staff, because a submission could put what it has read into one.
"""

import csv
import html
import io
import json
import statistics
import sys

from utils.staff.rubric import maximum
from utils.whole_files import whole_file

WORDS = {
    "failed": "Not right yet: run this check in your workbook, it says why.",
    "todo": "Not written yet.",
    "missing": "The file is not part of the submission.",
    "late": "Not checked: what was checked before took all the time.",
    "stopped": "Could not be checked; please tell the staff.",
    "unread": "Your file could not be read; please tell the staff.",
}
UNDECIDED = ("late", "stopped", "unread")
DIED = (
    "Your code did not return in time (a check may use {:g} s), or it ended Python: "
    "the rest was not tried."
)
STYLE = "body{font:15px sans-serif;margin:2em}td,th{padding:2px 10px;text-align:left}"


def latest(records, names=None):
    """Return the last record of each submission, sorted by name."""
    found = {record["submission"]: record for record in records}
    return [found[name] for name in sorted(found) if names is None or name in names]


def undecided(record, states=UNDECIDED):
    """Tell whether some part of a submission has no verdict."""
    return any(part["state"] in states for part in record["parts"].values())


def out_of_time(record):
    """Tell whether points were lost to the clock, and a busy machine is slow."""
    return any(part.get("slow") for part in record["parts"].values())


def tell(records):
    """Name on stderr whom a person has to look at; return the exit status.

    Parameters
    ----------
    records : list of dict
        From `latest`.

    Returns
    -------
    int
        1 if somebody has no verdict: this is nobody's 0 points.
    """
    unread = [r for r in records if undecided(r, ("unread",))]
    stopped = [r for r in records if undecided(r) and r not in unread]
    slow = [r for r in records if out_of_time(r)]
    for found, what in (
        (
            slow,
            "ran out of time; if the machine was busy, grade again with a larger "
            "--seconds and fewer --workers, which tries only these",
        ),
        (
            stopped,
            "could not be checked to the end, no fault of theirs; summary.html "
            "says why, and the same command tries again",
        ),
        (unread, "could not be graded, because files cannot be read"),
    ):
        if found:
            names = ", ".join(record["submission"] for record in found)
            print(f"{len(found)} {what}: {names}.", file=sys.stderr)
    return 1 if unread or stopped else 0


def points(record):
    """Return the sum of automatic points."""
    return sum(part["points"] for part in record["parts"].values())


def write(folder, records, rubric):
    """Write table, page and the files of students.

    Parameters
    ----------
    folder : Path
    records : list of dict
        From `latest`.
    rubric : list of Part
    """
    pages = {"results.csv": table(records, rubric), "summary.html": page(records)}
    for record in records:
        text = json.dumps(for_student(record, rubric), indent=1) + "\n"
        pages[f"students/{record['submission']}/results.json"] = text
    for name, text in pages.items():
        with whole_file(folder / name) as file:
            file.write(text.encode())


def table(records, rubric):
    """Return the CSV: automatic points, and empty cells for those of a person.

    Cells without a verdict are empty, too, and so is then the sum: it would be wrong.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    head = ["submission", "sha256", "handout", "isolation", "automatic", "of"]
    writer.writerow([*head, *(part.id for part in rubric), "notes"])
    most = maximum(part for part in rubric if part.auto)
    for record in records:
        cells = [_cell(record["parts"].get(part.id)) for part in rubric]
        total = "" if undecided(record) else points(record)
        row = [record["submission"], record["digest"][:12], record["handout"]]
        row += [record["level"], total, most, *cells]
        writer.writerow([_harmless(cell) for cell in (*row, len(record["notes"]))])
    return text.getvalue()


def _cell(found):
    decided = found and found["state"] not in UNDECIDED
    return found["points"] if decided else ""


def _harmless(cell):
    """Keep a spreadsheet from taking a student's text for a formula."""
    return f"'{cell}" if str(cell).startswith(tuple("=+-@\t")) else cell


def for_student(record, rubric, finished=True):
    """Return what a student may see, in the fields of Gradescope.

    Parameters
    ----------
    record : dict
    rubric : list of Part
    finished : bool
        Whether all parts were graded.
    """
    graded = [part for part in rubric if part.id in record["parts"]]
    by_hand = maximum(part for part in rubric if not part.auto)
    lines = [f"{by_hand} further points are given by a person, who reads your PDF."]
    lines += record["notes"]
    if not finished:
        lines.append("The grader was stopped before all parts were checked.")
    return {
        "score": points(record),
        "output": "\n".join(lines),
        "output_format": "text",
        "visibility": "visible",
        "tests": [
            _test(part, record["parts"][part.id], record["limit"]) for part in graded
        ],
        "extra_data": {
            "isolation": record["level"],
            "handout": record["handout"],
            "sha256": record["digest"],
            "seconds": record["limit"],  # for a student's code in a check
        },
    }


def _test(part, found, limit):
    died = found["died"] and DIED.format(limit)
    lines = [died or WORDS.get(found["state"], "All is right.")]
    if found["state"] in ("passed", "failed"):
        words = {True: "ok", False: "FAIL", None: "todo"}
        lines += [f"{words[ok]:4}  {name}" for name, ok, _ in found["results"]]
    if found.get("given"):
        lines.append("(Checked behind a forward pass of ours, as yours is not right.)")
    return {
        "name": part.id,
        "score": found["points"],
        "max_score": part.points,
        "status": "passed" if found["state"] == "passed" else "failed",
        "output": "\n".join(lines),
        "output_format": "text",
        "visibility": "visible",
    }


def page(records):
    """Return an HTML page that sums up a batch; only staff may see it."""
    seconds = [record["seconds"] for record in records]
    levels = sorted({record["level"] for record in records})
    blocks = [
        f"<p>{len(records)} submissions, isolation {', '.join(levels)}; "
        f"{statistics.median(seconds or [0]):.1f} s each (median), "
        f"{max(seconds, default=0):.1f} s at most.</p>",
        "<h2>Parts</h2>",
        _rows(["part", "passed", "failed", "todo", "other", "died"], _parts(records)),
        "<h2>What fails most often</h2>",
        _rows(["part", "property", "submissions", "message"], _failures(records)),
        "<h2>Slowest</h2>",
        _rows(
            ["submission", "seconds"],
            [
                (record["submission"], record["seconds"])
                for record in sorted(records, key=lambda r: -r["seconds"])[:20]
            ],
        ),
        "<h2>Submissions</h2>",
        _rows(
            ["submission", "automatic", "handout", "notes"],
            [
                (r["submission"], points(r), r["handout"], " ".join(r["notes"]))
                for r in records
            ],
        ),
    ]
    head = f"<!doctype html><meta charset=utf-8><title>Grades</title><style>{STYLE}"
    return f"{head}</style><h1>Grades</h1>\n" + "\n".join(blocks) + "\n"


def _parts(records):
    counts = {}
    for record in records:
        for name, found in record["parts"].items():
            row = counts.setdefault(
                name, dict.fromkeys(("passed", "failed", "todo"), 0)
            )
            key = found["state"] if found["state"] in row else "other"
            row[key] = row.get(key, 0) + 1
            row["died"] = row.get("died", 0) + found["died"]
    for name, row in counts.items():
        rate = f"{row['passed']} ({100 * row['passed'] / len(records):.0f} %)"
        rest = (row.get(key, 0) for key in ("failed", "todo", "other", "died"))
        yield name, rate, *rest


def _failures(records):
    """Count, for each part, which property failed first, with one of its messages."""
    found = {}
    for record in records:
        for name, part in record["parts"].items():
            first = next((row for row in part["results"] if row[1] is False), None)
            if first:
                found.setdefault((name, first[0]), []).append(first[2])
    ranked = sorted(found.items(), key=lambda item: -len(item[1]))
    return [(*key, len(texts), texts[0]) for key, texts in ranked[:40]]


def _rows(head, rows):
    cells = "".join(f"<th>{html.escape(str(cell))}" for cell in head)
    lines = [f"<tr>{cells}"]
    for row in rows:
        cells = "".join(f"<td>{html.escape(str(cell))}" for cell in row)
        lines.append(f"<tr>{cells}")
    return "<table>\n" + "\n".join(lines) + "\n</table>"
