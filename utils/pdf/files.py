"""Reading notebooks and writing files, so that nothing good is ever half replaced."""

import os
import warnings
from pathlib import Path

import nbformat
from nbformat.warnings import MissingIDFieldWarning

from utils.pdf.engine import ExportError


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
            # Old notebooks have no cell ids; students need not know.
            warnings.simplefilter("ignore", MissingIDFieldWarning)
            notebook = nbformat.reads(text, as_version=4)
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror or error}") from error
    except Exception as error:
        # nbformat raises a dozen kinds for broken files; they mean the same to us.
        raise ExportError(
            f"{path} is not a notebook ({_first_line(error)}). "
            "Open it in Jupyter, or fetch it again."
        ) from error
    if not isinstance(notebook.get("cells"), list):
        raise ExportError(f"{path} is not a notebook: it has no cells.")
    return notebook


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0][:100]


def write_notebook(notebook, path):
    """Write a notebook; an existing file is replaced only by a whole one."""
    write_whole(path, (nbformat.writes(notebook) + "\n").encode())


def write_whole(path, data):
    """Write bytes to a temporary name beside ``path``, then move them there."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


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
        If ``path`` is a folder.
    """
    if path.is_dir():
        raise ExportError(f"-o {path}: this is a folder; give the name of a file.")
    number = 1
    candidate = path
    while True:
        try:
            candidate.unlink(missing_ok=True)
            return candidate
        except PermissionError:
            number += 1
            if number > 9:
                raise
            candidate = path.with_stem(f"{path.stem}-{number}")
