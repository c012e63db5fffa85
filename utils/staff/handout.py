"""Make the workbook that students get: without solutions, and from a list of files.

It is made of tracked files on a list, in memory, from sources with a canary in each
solution; it is searched for leaks there; and only then it is moved into place, so that
nothing half-made is ever left.  The same commit gives the same bytes.
"""

import contextlib
import datetime
import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from pathlib import Path

from utils.staff import StaffError, editions
from utils.staff.given import File, git, given_files, is_yours, uncommitted
from utils.staff.leaks import ROOT, fingerprints, leaks
from utils.whole_files import whole_file

MANIFEST = "handout.json"


def add_arguments(parser):
    """Add the arguments of the command."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder to make"
    )
    parser.add_argument("--zip", type=Path, metavar="FILE", help="the same as archive")
    parser.add_argument(
        "--dirty",
        action="store_true",
        help="take files as they are, even if they differ from the last commit",
    )


def run(arguments):
    """Make the handout, and return the exit status."""
    out, packed = arguments.out.resolve(), arguments.zip and arguments.zip.resolve()
    check_target(arguments.out)
    if packed and packed.is_relative_to(out):
        raise StaffError(
            f"{arguments.zip} is inside of {arguments.out}; put it beside."
        )
    files = build(ROOT, arguments.dirty)
    manifest = json.loads(files[MANIFEST].data)
    put(files, arguments.out)
    if packed:
        with whole_file(packed) as file:
            file.write(archive(files, out.name, manifest["date"]))
    print(f"{arguments.out}: {len(files)} files, version {manifest['version']}.")
    return 0


def build(root, dirty=False):
    """Return the files of a handout.

    Parameters
    ----------
    root : Path
        The solved workbook.
    dirty : bool
        Whether files may differ from the last commit.

    Returns
    -------
    dict
        Path with slashes -> `File`, sorted.

    Raises
    ------
    StaffError
        If a marker is wrong, a file is not committed, or something leaks.
    """
    sources = given_files(root)
    changed = uncommitted(root, sources)
    if changed and not dirty:
        names = ", ".join(changed[:3]) + (", ..." if len(changed) > 3 else "")
        raise StaffError(
            f"Not committed: {names}. A handout says which commit it is made from; "
            "commit first, or use --dirty."
        )
    files = {path: student_file(path, file) for path, file in sources.items()}
    files[MANIFEST] = File(manifest(files, *version(root, bool(changed))))
    found = leaks(
        {path: file.data for path, file in files.items()}, fingerprints(sources)
    )
    if found:
        lines = "\n".join(f"  {leak}" for leak in found)
        raise StaffError(f"The handout would give solutions away:\n{lines}")
    return dict(sorted(files.items()))


def student_file(path, file):
    """Return a file as students get it, made from a source with canaries."""
    if not editions.is_text(path):
        return file
    try:
        text = file.data.decode("utf-8")
    except UnicodeDecodeError:
        raise StaffError(f"{path} is not UTF-8 text.") from None
    planted = editions.with_canaries(text, path)
    return file._replace(data=editions.student_edition(planted, path).encode())


def version(root, changed):
    """Return the name of the last commit and its date.

    Parameters
    ----------
    root : Path
    changed : bool
        Whether the handout differs from it.
    """
    name = git(root, "describe", "--always", "--abbrev=12").strip()
    seconds = int(git(root, "log", "-1", "--format=%ct"))
    date = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return name + "-changed" * changed, date.strftime("%Y-%m-%dT%H:%M:%SZ")


def manifest(files, name, date):
    """Return what a handout says about itself: version, and each file's SHA-256.

    ``given`` is what a grader takes from its own copy, ``yours`` what students change.
    """
    digests = {
        path: hashlib.sha256(file.data).hexdigest()
        for path, file in sorted(files.items())
    }
    content = {
        "version": name,
        "date": date,
        "given": {p: d for p, d in digests.items() if not is_yours(p)},
        "yours": {p: d for p, d in digests.items() if is_yours(p)},
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def archive(files, name, date):
    """Return a zip archive of a handout.

    Order, times and permissions are fixed; nothing is compressed, because libraries
    differ in how, and staff on two machines shall get the same bytes.

    Parameters
    ----------
    files : dict
        From `build`.
    name : str
        The folder in it that holds everything.
    date : str
        The time of all files, as in the manifest.
    """
    time = datetime.datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").timetuple()[:6]
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_STORED) as packed:
        for path, file in sorted(files.items()):
            info = zipfile.ZipInfo(f"{name}/{path}", time)
            info.create_system = 3  # Unix: the system whose permissions these are
            info.external_attr = (0o100755 if file.executable else 0o100644) << 16
            packed.writestr(info, file.data)
    return memory.getvalue()


def check_target(out):
    """Refuse to replace a folder that holds anything but a handout."""
    if out.is_symlink() or out.exists() and not out.is_dir():
        raise StaffError(f"{out} is no folder; choose another place for the handout.")
    if out.is_dir() and any(out.iterdir()) and not (out / MANIFEST).is_file():
        raise StaffError(
            f"{out} holds something else than a handout (it has no {MANIFEST}); "
            "choose another place."
        )


def put(files, out):
    """Write a handout beside its place and move it there.

    Parameters
    ----------
    files : dict
        From `build`.
    out : Path
        Its folder; a handout that is there is replaced as a whole.
    """
    check_target(out)
    parent = out.resolve().parent
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=".handout-") as beside:
        new, old = Path(beside, "new"), Path(beside, "old")
        for path, file in files.items():
            target = new / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.data)
            target.chmod(0o755 if file.executable else 0o644)
        with contextlib.suppress(FileNotFoundError):
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                shutil.move(old, out)
            raise
