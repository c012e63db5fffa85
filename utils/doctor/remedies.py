"""The commands that mend things, as they are written on this system."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WINDOWS = os.name == "nt"

# With a path in front, PowerShell finds it, too.
SET_UP = ".\\export_pdf --setup" if WINDOWS else "./export_pdf.sh --setup"
PYTHON = ".venv\\Scripts\\python" if WINDOWS else ".venv/bin/python"
LAB = PYTHON + " -m jupyterlab"


class Fault(Exception):
    """Something that is not as it should be.

    Parameters
    ----------
    what : str
        What was found, and what was expected.
    remedy : str
        The command that mends it, to be run in the workbook's folder; or what to do.
    """

    def __init__(self, what, remedy):
        super().__init__(what)
        self.what, self.remedy = what, remedy


def listed(faults):
    """Name the first three of some faults, and say how many there are beside them."""
    more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
    return ", ".join(faults[:3]) + more


def reinstall(python=PYTHON):
    """Give the command that brings all packages back to the workbook's versions."""
    return python + " -m pip install -r requirements.txt"


def after(error):
    """Say what mends a failed import: of a library, or of a part of our own."""
    if (error.name or "").partition(".")[0] == "utils":
        return "get the workbook anew: a file of utils is missing or damaged"
    return reinstall()


def unset(name):
    """Give the command that removes a variable from a terminal."""
    if WINDOWS:
        return f"set {name}= (in PowerShell: Remove-Item Env:{name})"
    return "unset " + name


def with_variable(name, value, command):
    """Give the line that runs a command with a variable."""
    if WINDOWS:
        return f'cmd /c "set {name}={value}&& {command}"'  # in PowerShell, too
    return f"{name}={value} {command}"
