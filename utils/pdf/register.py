"""Tell nbconvert about the exporter: ``jupyter nbconvert --to typstpdf X.ipynb``.

nbconvert finds exporters in what installed packages say about themselves.  The
workbook is no package, so that its set-up works offline and without a build tool; it
says the same in the form that an editable installation has: a line with the
workbook's folder, and a folder of facts.  Both lie in its own `.venv` only.
"""

import os
import sys
import sysconfig
import tomllib
from pathlib import Path

from utils.whole_files import whole_file

ROOT = Path(__file__).resolve().parents[2]


def register(root=ROOT, site=None):
    """Write what nbconvert looks for, unless it is there.

    Parameters
    ----------
    root : Path
        The workbook's folder.
    site : Path, optional
        The folder of installed packages; by default that of the running Python,
        and nothing is written if this is not the workbook's own `.venv`.

    Returns
    -------
    bool
        Whether anything was written.
    """
    if site is None:
        if Path(sys.prefix).resolve() != (root / ".venv").resolve():
            return False
        site = Path(sysconfig.get_path("purelib"))
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    name = project["name"].replace("-", "_")
    folder = os.fsencode(root)
    facts = f"{name}-{project['version']}.dist-info"
    files = {
        # Python reads the file in the encoding of the system, so ASCII it has to be:
        # where other bytes mean nothing there, Python would not start any more.
        f"{name}.pth": f"import os, sys; sys.path.append(os.fsdecode({folder!r}))\n",
        f"{facts}/METADATA": "Metadata-Version: 2.1\n"
        f"Name: {project['name']}\nVersion: {project['version']}\n",
        f"{facts}/INSTALLER": "workbook\n",
        f"{facts}/entry_points.txt": _entry_points(project["entry-points"]),
    }
    # With a list of its files, pip can show it and remove it.
    listed = [*files, f"{facts}/RECORD"]
    files[listed[-1]] = "".join(f"{path},,\n" for path in listed)
    written = False
    for path, text in files.items():
        path = site / path
        if not path.is_file() or path.read_text("utf-8") != text:
            with whole_file(path) as file:
                file.write(text.encode())
            written = True
    return written


def _entry_points(groups):
    lines = []
    for group, entries in groups.items():
        lines.append(f"[{group}]")
        lines += [f"{name} = {target}" for name, target in entries.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    register()
