"""Look for solutions in a folder, an archive or any other file.

What is looked for comes from the workbook that this module belongs to: everything
that exists only inside its marked regions (`utils.staff.fingerprints`), and each
region's canary.  Exit status 1 if there is a leak.
"""

from pathlib import Path
from typing import NamedTuple

from utils.staff import StaffError, editions, views
from utils.staff.fingerprints import Fingerprints
from utils.staff.given import given_files

ROOT = Path(__file__).resolve().parents[2]


class Leak(NamedTuple):
    """Something that students must not get: where, and what it is."""

    place: str
    what: str

    def __str__(self):
        """Return a line for a report."""
        return f"{self.place}: {self.what}"


def add_arguments(parser):
    """Add the arguments of the command."""
    parser.add_argument(
        "target", type=Path, metavar="DIR|ZIP", help="a handout, or any other files"
    )


def run(arguments):
    """Look, tell, and return the exit status."""
    files = read(arguments.target)
    known = fingerprints(given_files(ROOT))
    found = leaks(files, known)
    for leak in found:
        print(leak)
    if found:
        print(f"{count(found, 'leak')} in {arguments.target}.")
        return 1
    print(
        f"No leak in {count(files, 'file')}: {len(known)} fingerprints of "
        f"{count(known.canaries, 'region')} were looked for."
    )
    return 0


def count(things, name):
    """Say how many there are: "1 leak", "2 leaks"."""
    return f"{len(things)} {name}" + "s" * (len(things) != 1)


def read(target):
    """Read all files of a folder, or one file.

    Parameters
    ----------
    target : Path

    Returns
    -------
    dict
        Path, as seen from the folder -> bytes.

    Raises
    ------
    StaffError
        If there is nothing of that name, or a link in the folder.
    """
    if target.is_file():
        return {target.name: target.read_bytes()}
    if not target.is_dir():
        raise StaffError(f"{target} is neither a folder nor a file.")
    paths = sorted(
        path for path in target.rglob("*") if path.is_symlink() or path.is_file()
    )
    links = [path for path in paths if path.is_symlink()]
    if links:
        raise StaffError(f"{links[0]} is a link, and is not followed: remove it.")
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in paths}


def fingerprints(files):
    """Return what exists only inside of the marked regions of a workbook.

    Parameters
    ----------
    files : dict
        Path -> `utils.staff.given.File`, solved.
    """
    texts = {
        path: file.data.decode()
        for path, file in files.items()
        if editions.is_text(path)
    }
    regions = [
        region
        for path, text in texts.items()
        for region in editions.regions(text, path)
    ]
    outside = (editions.outside(text, path) for path, text in texts.items())
    return Fingerprints(regions, outside)


def leaks(files, known):
    """Look for solutions.

    Parameters
    ----------
    files : dict
        Path -> bytes.
    known : Fingerprints

    Returns
    -------
    list of Leak
        One for each place and region.
    """
    found = {}
    for path, data in files.items():
        try:
            for place, inner in views.contents(data, path):
                for leak in _leaks_in(place, inner, known):
                    found.setdefault(leak[:2], Leak(*leak[2:]))
        except StaffError as error:
            found[path, "unread"] = Leak(path, str(error))
    return list(found.values())


def _leaks_in(place, data, known):
    if views.is_compiled(data):
        yield place, "compiled", place, "compiled code; a handout has none"
    for k, text in enumerate(views.texts(data)):
        for line, region, what in known.find(text):
            # Only of the bytes as they are is a line a line of the file.
            where = place if k else f"{place}, line {line}"
            yield place, region.place, where, f"{what!r} is from {region.place}"
