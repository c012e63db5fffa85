"""Look for solutions in a folder, an archive or any other file.

What is looked for comes from the workbook that this module belongs to: everything
that exists only inside its marked regions (`utils.staff.fingerprints`), and each
region's canary.  Exit status 1 if there is a leak.
"""

import io
import os
import zipfile
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
    files, left = read(arguments.target)
    if left:
        more = ", ..." if len(left) > 3 else ""
        print(
            f"Not looked at, being links or environments of Python: {len(left)} "
            f"({', '.join(left[:3])}{more})."
        )
    known = fingerprints(given_files(ROOT))
    found = leaks(files, known)
    for leak in found:
        print(leak)
    if found:
        print(f"{count(found, 'leak')} in {arguments.target}.")
        return 1
    print(
        f"No leak in {count(files, 'file')}{_inside(files)}: {len(known)} fingerprints "
        f"of {count(known.canaries, 'region')} were looked for."
    )
    return 0


def _inside(files):
    """Say how many files are in a target that is an archive."""
    for data in files.values() if len(files) == 1 else ():
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                inside = [info for info in archive.infolist() if not info.is_dir()]
            return f" with {count(inside, 'file')} inside"
    return ""


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
    files : dict
        Path, as seen from the folder -> bytes.
    left : list of str
        Links, which are not followed, and environments of Python; both are no part of
        what is published.

    Raises
    ------
    StaffError
        If there is nothing of that name.
    """
    if target.is_file():
        return {target.name: target.read_bytes()}, []
    if not target.is_dir():
        raise StaffError(f"{target} is neither a folder nor a file.")
    files, left = {}, []
    for where, folders, names in os.walk(target):
        here = Path(where)
        out = [n for n in (*folders, *names) if (here / n).is_symlink()]
        out += [n for n in folders if (here / n / "pyvenv.cfg").is_file()]
        left += [(here / name).relative_to(target).as_posix() for name in out]
        folders[:] = [name for name in folders if name not in out]
        for path in (here / name for name in names if name not in out):
            if path.is_file():
                files[path.relative_to(target).as_posix()] = path.read_bytes()
    return dict(sorted(files.items())), sorted(set(left))


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
