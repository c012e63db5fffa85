"""The grammar of marked regions, on plain text.

    # BEGIN SOLUTION            <!-- BEGIN SOLUTION -->
    ...                         ...
    # END SOLUTION              <!-- END SOLUTION -->

A marker stands alone on its line, markers come in pairs, and regions are never nested.
A SOLUTION is what a student will write; something else stands in its place in a
handout.  A STAFF region (same grammar) is left out of it.
"""

import hashlib
import io
import re
import tokenize
from typing import NamedTuple

from utils.staff import StaffError

_MARKER = r"(BEGIN|END) (SOLUTION|STAFF)"
_EXACT = {
    "#": re.compile(rf"( *)# {_MARKER}"),
    "<!--": re.compile(rf"( *)<!-- {_MARKER} -->"),
}
# What somebody may have meant as a marker; it must not pass as ordinary text.
_ALIKE = re.compile(
    r"(BEGIN|END)[\s_-]*(SOLUTION|STAFF)|"
    r"^\s*(#+|<!--|//)[\s#]*(?i:(begin|end)[\s_-]*(solution|staff))\b",
    re.MULTILINE,
)


class Region(NamedTuple):
    """A marked region.

    ``begin`` and ``end`` are the numbers of the markers' lines, from 1; ``lines`` is
    what stands between them, ``place`` says where that is.
    """

    kind: str
    begin: int
    end: int
    indent: str
    lines: list
    place: str

    @property
    def canary(self):
        """A word that belongs to this region and occurs nowhere else."""
        text = "\n".join([self.place, *self.lines])
        return f"canary-{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def find(text, name, comment="#"):
    """Return the marked regions of a text.

    Parameters
    ----------
    text : str
    name : str
        What errors call the text.
    comment : str
        "#" or "<!--", how a marker begins; "" if the text must have none.

    Returns
    -------
    list of Region

    Raises
    ------
    StaffError
        If a marker is malformed, nested, unclosed or alone; with name and line.
    """
    if not _ALIKE.search(text):
        return []
    lines, regions, opened = text.split("\n"), [], None
    for number, line in enumerate(lines, start=1):
        if not _ALIKE.search(line):
            continue
        match = comment and _EXACT[comment].fullmatch(line)
        if not match:
            raise StaffError(
                f"{name}, line {number}: {line.strip()!r} is no marker, but looks like "
                "one. A marker stands alone on its line, for example "
                f"{_example(comment)!r}."
            )
        word, kind = match[2], match[3]
        if word == "BEGIN":
            if opened:
                raise StaffError(
                    f"{name}, line {number}: BEGIN {kind} inside of the region that "
                    f"line {opened[0]} begins; regions are never nested."
                )
            opened = number, kind, match[1]
        elif not opened or opened[1] != kind:
            raise StaffError(
                f"{name}, line {number}: END {kind} ends nothing; it needs a "
                f"BEGIN {kind} above it."
            )
        else:
            begin, _, indent = opened
            place = f"{name}, lines {begin + 1} to {number - 1}"
            inside = lines[begin : number - 1]
            regions.append(Region(kind, begin, number, indent, inside, place))
            opened = None
    if opened:
        number, kind, _ = opened
        raise StaffError(f"{name}, line {number}: BEGIN {kind} without END {kind}.")
    return regions


def _example(comment):
    return "<!-- BEGIN SOLUTION -->" if comment == "<!--" else "# BEGIN SOLUTION"


def comments(text, name):
    """Return Python source of which only the comments are left, line by line.

    Raises
    ------
    StaffError
        If this is no Python; with name and line.
    """
    if not _ALIKE.search(text):
        return ""  # the usual case, and reading Python takes its time
    lines = [""] * (text.count("\n") + 1)
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                before = token.line[:column]
                lines[row - 1] = (before.strip() and "... ") or before
                lines[row - 1] += token.string
    except tokenize.TokenError as error:
        message, (row, _) = error.args
        raise StaffError(f"{name}, line {row}: {message}.") from None
    except SyntaxError as error:
        raise StaffError(f"{name}, line {error.lineno}: {error.msg}.") from None
    return "\n".join(lines)


def replace(text, regions, stub):
    """Put something else in the place of regions.

    Parameters
    ----------
    text : str
    regions : list of Region
        From `find`.
    stub : callable
        Gives the lines that stand for a solution, without their indentation.

    Returns
    -------
    str
        STAFF regions are gone, together with one of the blank lines around them.
    """
    lines, out, at = text.split("\n"), [], 0
    for region in regions:
        out += lines[at : region.begin - 1]
        at = region.end
        if region.kind == "SOLUTION":
            out += [region.indent + line for line in stub(region)]
        elif not any(out[-1:]) and not any(lines[at : at + 1]):
            at += 1
    return "\n".join(out + lines[at:])


def plant(text, regions, comment="#"):
    """Put a canary into each region, as a comment behind its BEGIN."""
    lines, close = text.split("\n"), " -->" if comment == "<!--" else ""
    for region in reversed(regions):
        line = f"{region.indent}{comment} {region.canary}{close}"
        lines.insert(region.begin, line)
    return "\n".join(lines)
