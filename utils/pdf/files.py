"""Reading notebooks and writing files, so that nothing good is ever half replaced."""

import contextlib
import errno
import os
import sys
import warnings
from pathlib import Path

import nbformat
from nbformat.reader import reads

from utils.whole_files import temporary_beside, whole_file

ON_WINDOWS = sys.platform == "win32"


class ExportError(Exception):
    """No PDF can be made; the message is a sentence for the student."""


def read_notebook(path):
    """Read a notebook of any format, as version 4.

    Parameters
    ----------
    path : Path

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    ExportError
        If the file is missing, unreadable or no notebook.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        with warnings.catch_warnings():
            # About cells without ids, or with equal ones; students need not know.
            warnings.simplefilter("ignore")
            # Not nbformat's own reads, which validates once more, and stricter.
            notebook = nbformat.convert(reads(text), 4)
            # What other programs have added may stay.
            nbformat.validate(notebook, relax_add_props=True)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}") from error
    except Exception as error:
        # nbformat raises a dozen kinds for broken files; they mean the same to us.
        raise ExportError(
            f"{path} is not a notebook ({_reason(error)}). "
            "Open it in Jupyter and save it, or fetch it again."
        ) from error
    if not isinstance(notebook.get("cells"), list):
        raise ExportError(f"{path} is not a notebook: it has no cells.")
    return notebook


def _reason(error):
    """Return the first line of a message, behind the number of the damaged cell."""
    message = (str(error).splitlines() or [type(error).__name__])[0][:100]
    field = list(getattr(error, "absolute_path", []))
    return f"cell {field[1] + 1}: {message}" if field[:1] == ["cells"] else message


def write_notebook(notebook, path):
    """Write a notebook; an existing file is replaced only by a whole one."""
    # Some characters that a cell can print (lone surrogates) no file can hold.
    write_whole(path, (nbformat.writes(notebook) + "\n").encode(errors="replace"))


def write_whole(path, data):
    """Write bytes; an existing file is replaced only by a whole one."""
    with whole_file(path) as file:
        file.write(data)


@contextlib.contextmanager
def room_in(folder):
    """Name the folder that is full: Python names none, or what was to be copied.

    Parameters
    ----------
    folder : Path or str
        Where files are written.

    Raises
    ------
    ExportError
        If there is no room, or no more room for this user.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ExportError(
            f"there is no room left in {folder} ({os.strerror(error.errno)}). "
            "Delete what you no longer need there."
        ) from error


def check_output(path, inputs):
    """Refuse a name for the PDF under which another file could be lost.

    Parameters
    ----------
    path : Path
        Where the PDF is to go.
    inputs : iterable of Path
        The files that are to be printed.

    Raises
    ------
    ExportError
        If ``path`` does not end in ``.pdf``, or leads to one of the inputs.
    """
    if path.suffix.lower() != ".pdf":
        raise ExportError(f"-o {path}: the name of the PDF has to end in .pdf.")
    if os.path.realpath(path) in map(os.path.realpath, inputs):
        raise ExportError(f"-o {path}: this is one of the files to be printed.")


def clear_output(path):
    """Remove the PDF of an earlier run and return where the new one goes.

    An old file that stayed after a failed run would be handed in by mistake.  On
    Windows a file that a viewer shows cannot be removed: the new one then gets
    the next free name, as in ``submission-2.pdf``.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Path

    Raises
    ------
    ExportError
        If ``path`` is a folder, or lies in one that cannot be written.
    """
    if path.is_dir():
        raise ExportError(f"-o {path}: this is a folder; give the name of a file.")
    _try_folder_of(path)
    number = 1
    candidate = path
    while True:
        try:
            candidate.unlink(missing_ok=True)
            return candidate
        except PermissionError:
            number += 1
            if not ON_WINDOWS or number > 9:
                raise
            candidate = path.with_stem(f"{path.stem}-{number}")


def _try_folder_of(path):
    """Find out before the notebooks run, not after, that no file can be written."""
    trial = temporary_beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"{path.parent} cannot be written ({reason}).") from error
