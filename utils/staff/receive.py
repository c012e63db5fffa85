"""Take out of hostile submissions what counts, and nothing else.

Nothing is unpacked by the names that an archive gives: files are looked for by the
names of ours, read into memory up to a limit, and all others are left where they are.
So there is no path to slip through, no link to follow, no module to shadow ours and no
compiled file to believe.
"""

import hashlib
import json
import os
import re
import stat
import struct
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

from utils.staff import StaffError
from utils.whole_files import whole_file

EXERCISES = ("receptive_field", "conv_layers", "spatial_batchnorm", "cnn")
NOTEBOOKS = ("Receptive-Fields", "CNN-Layers", "CNN-BatchNorm", "CNN")
MANIFEST = "handout.json"
LARGEST = {".py": 1 << 20, ".ipynb": 20 << 20, ".json": 1 << 20}  # bytes
LARGEST_ARCHIVE = 50 << 20  # bytes, packed
LARGEST_DIRECTORY = 2 << 20  # bytes of an archive's table of contents
MOST_FILES = 20_000
DEEPEST = 50  # folders within folders
PACKED = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".rar", ".7z")
ELSEWHERE = ("__MACOSX", "__pycache__", "node_modules", "site-packages")
# What Windows reserves, and what `safe_name` itself makes of another name.
UNSAFE = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|-[0-9a-f]{8}$")


class Submission(NamedTuple):
    """What a student has handed in, as far as it counts.

    Attributes
    ----------
    name : str
        Harmless as the name of a file, and no other's.
    files : dict
        Path in the workbook -> bytes.
    notes : tuple of str
        What was wrong with it, in sentences.
    unread : tuple of str
        Paths that nobody can tell the content of; for a damaged archive, all.
    """

    name: str
    files: dict
    notes: tuple = ()
    unread: tuple = ()

    @property
    def digest(self):
        """The SHA-256 of what is graded: the files of the exercises."""
        digest = hashlib.sha256()
        for path, data in sorted(self.files.items()):
            if path.endswith(".py"):
                digest.update(f"{path} {len(data)}\n".encode() + data)
        return digest.hexdigest()


class Entry(NamedTuple):
    """A file of a submission that has not been read yet."""

    parts: tuple
    size: int
    open: object


class Refused(Exception):
    """Why a whole submission cannot be read; a sentence."""


def add_arguments(parser):
    """Add the arguments of the command."""
    parser.add_argument("submissions", type=Path, metavar="SUBMISSIONS")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where files go"
    )


def run(arguments):
    """Write what counts of each submission into a folder; return the exit status."""
    require_outside(arguments.out, arguments.submissions)
    troubled = 0
    for path in find(arguments.submissions):
        submission = take(path)
        for name, data in submission.files.items():
            with whole_file(arguments.out / submission.name / name) as file:
                file.write(data)
        print(f"{submission.name}: {len(submission.files)} files")
        for note in submission.notes:
            print(f"  {note}")
        troubled += bool(submission.notes)
    return 1 if troubled else 0


def require_outside(out, submissions):
    """Raise StaffError if results would lie among the submissions."""
    if out.resolve().is_relative_to(submissions.resolve()):
        raise StaffError(
            f"--out {out} lies in {submissions}, where it would be taken for a "
            "submission: choose a folder outside of it."
        )


def find(folder):
    """List the submissions in a folder: folders and archives, sorted.

    Archives of other kinds than zip are among them, to be named as unread.  What else
    is there is named on stderr: nobody's work shall be overlooked.

    Raises
    ------
    StaffError
        If there is no such folder, or nothing in it.
    """
    if not folder.is_dir():
        raise StaffError(f"{folder} is no folder of submissions.")
    paths = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
    found = [p for p in paths if p.is_dir() or p.suffix.lower() in PACKED]
    if not found:
        raise StaffError(f"{folder} holds neither folders nor zip archives.")
    if others := [plain(path.name, 80) for path in paths if path not in found]:
        names = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        print(
            f"Not looked at, being neither folders nor zip archives: {names}",
            file=sys.stderr,
        )
    return found


def take(path):
    """Return what counts of a submission; whatever is wrong with it is a note.

    Parameters
    ----------
    path : Path
        A folder or a zip archive.

    Returns
    -------
    Submission
    """
    name, notes = safe_name(path.name), []
    try:
        if path.is_symlink():
            raise Refused("It is a link, which is not followed.")
        if path.is_dir():
            return _submission(name, _of_folder(path), notes)
        with open(path, "rb") as file:
            _require_small(file)
            with zipfile.ZipFile(file) as archive:
                return _submission(name, list(_of_archive(archive, notes)), notes)
    except Refused as refused:
        notes.append(str(refused))
    except (
        *(OSError, ValueError, MemoryError, NotImplementedError, struct.error),
        zipfile.BadZipFile,
    ) as error:
        why = getattr(error, "strerror", None) or error  # without a path of ours
        notes.append(f"It cannot be read: {plain(why)}.")
    return Submission(name, {}, tuple(notes), tuple(PATHS))


def _submission(name, entries, notes):
    files = _chosen(entries, notes)
    unread = tuple(path for path, data in files.items() if data is None)
    files = {path: data for path, data in files.items() if data is not None}
    return Submission(name, files, tuple(notes), unread)


def safe_name(name):
    """Return a name that is harmless everywhere; different names stay different."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)[:60].strip("._")
    if safe and safe == name and not UNSAFE.search(safe):
        return safe
    mark = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"_{safe}-{mark}"


def plain(text, longest=200):
    """Return text of a stranger as one line of ASCII."""
    text = " ".join(str(text)[: 4 * longest].split())
    text = text.encode("ascii", "backslashreplace").decode()
    return text if len(text) <= longest else text[: longest - 4] + " ..."


def _require_small(file):
    """Refuse an archive before `zipfile` spends memory on its table of contents."""
    size = os.fstat(file.fileno()).st_size
    if size > LARGEST_ARCHIVE:
        raise Refused(f"It has {size >> 20} MB, more than {LARGEST_ARCHIVE >> 20}.")
    file.seek(max(0, size - 65557 - 20))  # as far as a comment can reach
    tail = file.read()
    # zipfile takes an end without a comment first, and else the last one.
    at = len(tail) - 22
    if tail[at : at + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + 22:
        raise Refused("It is no zip archive.")
    count, directory = struct.unpack("<HL", tail[at + 10 : at + 16])
    if b"PK\6\7" in tail or count > MOST_FILES or directory > LARGEST_DIRECTORY:
        raise Refused(f"It holds more than {MOST_FILES:,} files.")


def _of_archive(archive, notes):
    """Give the regular files of an archive."""
    for info in archive.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        name = info.filename.replace("\\", "/")
        parts = tuple(name.split("/"))
        if info.is_dir():
            continue
        if name.startswith("/") or ".." in parts or ":" in name or "\0" in name:
            notes.append(f"Not taken, its name leads elsewhere: {plain(name, 80)}.")
        elif kind not in (0, stat.S_IFREG):
            notes.append(f"Not taken, it is a link or device: {plain(name, 80)}.")
        elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            notes.append(f"Not taken, it is packed unusually: {plain(name, 80)}.")
        elif info.flag_bits & 1:
            notes.append(f"Not taken, it has a password: {plain(name, 80)}.")
        else:
            yield Entry(parts, info.file_size, lambda info=info: archive.open(info))
        if len(notes) > 20:
            raise Refused("Too many of its files cannot be taken.")


def _of_folder(folder):
    """Give the regular files of a folder; links are not followed."""
    count = 0
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(
            name
            for name in folders
            if name not in ELSEWHERE and not name.startswith(".")
        )
        parts = Path(where).relative_to(folder).parts
        if len(parts) == DEEPEST:  # os.walk has its limit, too
            folders.clear()
        count += len(folders)
        for name in sorted(names):
            count += 1
            if count > MOST_FILES:
                raise Refused(f"It holds more than {MOST_FILES:,} files.")
            path = os.path.join(where, name)
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode):
                read = lambda path=path: _open_regular(path)  # noqa: E731
                yield Entry((*parts, name), status.st_size, read)


def _open_regular(path):
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    return open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb")


def _chosen(entries, notes):
    """Read the files that count; what cannot be read is None.

    A workbook may lie in a folder of the submission, whatever its name; if there are
    several, the one nearest to the top counts.  Files of exercises that lie about by
    themselves count only if there is none in its place.
    """
    whole, loose = {}, {}
    for entry in entries:
        if set(ELSEWHERE) & set(entry.parts):
            continue
        for path in PATHS:
            known = path.split("/")
            rank = (len(entry.parts), entry.parts)
            if list(entry.parts[-len(known) :]) == known:
                whole.setdefault(path, []).append((rank, entry))
            elif _is_loose(entry.parts, path):
                loose.setdefault(path, []).append((rank, entry))
    files = {}
    for path, candidates in (loose | whole).items():
        best = min(rank for rank, _ in candidates)
        same = [entry for rank, entry in candidates if rank == best]
        if len(candidates) > 1:
            place = plain("/".join(same[-1].parts), 80)
            notes.append(f"There are {len(candidates)} of {path}; {place} counts.")
        files[path] = _read(same[-1], path, notes)  # what unpacking would leave
    for name in EXERCISES:
        if f"utils/exercises/{name}.py" not in files:
            notes.append(f"There is no utils/exercises/{name}.py.")
    return dict(sorted(files.items()))


def _is_loose(parts, path):
    """Tell whether a file could be an exercise that lies about by itself.

    The checks have the same names, and are ours.
    """
    named = path.endswith(".py") and parts[-1] == path.split("/")[-1]
    return named and "checks" not in parts[-2:-1]


PATHS = [f"utils/exercises/{name}.py" for name in EXERCISES]
PATHS += [f"{name}.ipynb" for name in NOTEBOOKS] + [MANIFEST]


def _read(entry, path, notes):
    """Return the content of a file, or None."""
    most = LARGEST[Path(path).suffix]
    data = b""
    if entry.size <= most:
        try:
            with entry.open() as file:
                data = file.read(most + 1)
        except Exception as error:  # damaged in one of the many ways of zlib and co.
            notes.append(f"{path} cannot be read: {plain(error)}.")
            return None
    if entry.size > most or len(data) > most:
        notes.append(f"{path} is not taken: it has more than {most >> 20} MB.")
        return None
    if path.endswith(".ipynb"):
        return _sources_only(data, path, notes)
    return data


def _sources_only(data, path, notes):
    """Return a notebook of which only the sources are left: nothing in it can act."""
    try:
        cells = [
            _cell(cell["cell_type"], cell["source"])
            for cell in json.loads(data)["cells"]
        ]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        notes.append(f"{path} is no notebook: {plain(repr(error), 80)}.")
        return None
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return (json.dumps(notebook, indent=1) + "\n").encode()


def _cell(kind, source):
    if kind not in ("code", "markdown", "raw"):
        raise ValueError("a cell of an unknown kind")
    source = source if isinstance(source, str) else "".join(source)
    more = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": {}, "source": source, **more}


def handout_version(files):
    """Return which handout a submission was made from, or ""."""
    try:
        return plain(json.loads(files[MANIFEST])["version"], 40)
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
