"""Running a notebook: all its cells, from top to bottom, in a kernel of its own."""

import asyncio
import logging
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor, wait

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from traitlets import default

from utils.pdf.progress import Progress

_QUIET = logging.Logger("notebook execution")
_QUIET.addHandler(logging.NullHandler())


class _ThisPython(KernelSpecManager):
    """Knows one kernel: the running interpreter.

    A kernel that the student has installed under the same name, for another
    project, would not find our packages.
    """

    def get_kernel_spec(self, kernel_name):
        return KernelSpec(resource_dir="", **get_kernel_dict())


class _Manager(AsyncKernelManager):
    @default("kernel_spec_manager")
    def _this_python(self):
        return _ThisPython()


def execute(notebook, path, timeout, environment=None):
    """Run a notebook in place; cells that raise do not stop it.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Gets the outputs.
    path : Path
        The notebook's file; its folder becomes the kernel's working folder.
    timeout : int
        Seconds that one cell may take.
    environment : dict, optional
        Variables for the kernel, beside those of this process.

    Returns
    -------
    str or None
        What ended the run early, a sentence that names the cell.

    Raises
    ------
    KeyboardInterrupt
        At Ctrl-C, once the kernel has ended.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    # What the kernel process itself says (that it uses TCP, for one) is not for
    # students; its last words are, should it die.
    with (
        tempfile.TemporaryFile() as words,
        Progress(path.name, len(notebook.cells)) as progress,
    ):
        try:
            client = _client(notebook, path, timeout, progress)
            _run(client, stderr=words, env={**os.environ, **(environment or {})})
        except CellTimeoutError:
            return (
                f"cell {progress.cell} took longer than {timeout} seconds; the cells "
                "after it were not run (--timeout SECONDS allows more)"
            )
        except (DeadKernelError, RuntimeError, OSError, UnicodeError) as error:
            return f"{_death(progress.cell)} ({_last_line(words) or error})"
    return None


def _client(notebook, path, timeout, progress):
    def note_cell(cell, cell_index):
        progress.cell = cell_index + 1

    return NotebookClient(
        notebook,
        kernel_manager_class=_Manager,
        resources={"metadata": {"path": str(path.parent)}},
        timeout=timeout,
        allow_errors=True,
        record_timing=False,
        on_cell_start=note_cell,
        log=_QUIET,
    )


def _run(client, **options):
    """Run the client in a thread of its own, so that Ctrl-C arrives here.

    In the main thread nbclient takes SIGINT for itself and ends in tracebacks.
    """
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(asyncio.run, client.async_execute(**options))
        try:
            future.result()
        except KeyboardInterrupt:
            while not future.done():
                _kill(client)
                wait([future], timeout=0.2)
            raise


def _kill(client):
    """End the kernel's process, if it has one yet."""
    provisioner = getattr(client.km, "provisioner", None)
    process = getattr(provisioner, "process", None)
    if process is not None:
        process.kill()


def _death(cell):
    if not cell:
        return "Python did not start"
    return f"Python died in cell {cell}; the cells after it were not run"


def _last_line(words):
    words.seek(0)
    lines = words.read().decode(errors="replace").splitlines()
    lines = [line.strip() for line in lines if "IPKernelApp" not in line]
    return next((line[:200] for line in reversed(lines) if line), "")
