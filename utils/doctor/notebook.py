"""The quick part of the doctor: what can be wrong in a running notebook.

It runs in the first cell of each notebook, so it takes milliseconds and needs nothing
but the standard library: on the wrong Python, there is nothing else.
"""

import contextlib
import os
import re
import sys
from importlib import metadata
from pathlib import Path

from utils.doctor.remedies import LAB, ROOT, SET_UP, reinstall
from utils.environment import Environment, check_version, is_finished
from utils.installer import SetupError

# What the notebooks import; the other packages are for JupyterLab and the PDF.
IMPORTED = ("numpy", "matplotlib", "numba", "threadpoolctl", "tqdm")


def look():
    """Print a sentence if something is wrong with this notebook; else nothing."""
    sentence = problem()
    if sentence is not None:
        print(sentence)


def problem():
    """Say what is wrong with the running notebook, and what to do.

    Returns
    -------
    str or None
        One sentence about the first thing that is wrong; None if nothing is.
    """
    for find in (_wrong_python, _stranger, _wrong_packages, _elsewhere):
        sentence = find()
        if sentence is not None:
            return sentence
    return None


def is_own(environment):
    """Tell whether the running Python is that of an environment, ready or not."""
    return Path(sys.prefix).resolve() == environment.folder.resolve()


def on_colab():
    """Tell whether this is Google Colab, whose notebooks have only Colab's Python."""
    # Its notebooks have the module; commands that they start have the variable.
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def _wrong_python():
    environment = Environment(ROOT)
    if is_own(environment):
        if is_finished(environment.folder) and not environment.is_ready():
            return (
                "The packages in .venv are not those that this workbook needs: run "
                f"{SET_UP} in {ROOT}, and restart the kernel."
            )
    elif is_finished(environment.folder) and not on_colab():
        return (
            f"This notebook runs on {sys.executable}, not on the workbook's Python: "
            "choose the kernel of .venv (Kernel > Change Kernel), or start JupyterLab "
            f"by {LAB} in {ROOT}."
        )
    try:
        check_version()
    except SetupError as error:
        return f"The notebook cannot run here: {error}, then run {SET_UP} in {ROOT}."
    return None


def _stranger():
    other = other_package()
    if other is None:
        return None
    return (
        f"Another package called utils is found first, {other}: start Jupyter in the "
        f"workbook's own folder, {ROOT}, and restart the kernel."
    )


def other_package():
    """Find the `utils` that an import would find before ours.

    Returns
    -------
    Path or None
        Its file.
    """
    ours = ROOT / "utils"
    for entry in sys.path:
        found = Path(entry or ".").resolve() / "utils"
        if found == ours:
            return None
        for candidate in (found / "__init__.py", found.with_suffix(".py")):
            if candidate.is_file():
                return candidate
    return None


def _wrong_packages():
    wrong = outdated(IMPORTED)
    if not wrong:
        return None
    if on_colab():
        needs = " ".join(f'"{need}"' for need in wrong.values())
        remedy = f"run %pip install {needs} in a cell, then restart the kernel"
    elif is_own(Environment(ROOT)):
        remedy = f"run {reinstall()} in {ROOT}, then restart the kernel"
    else:
        remedy = f"run {SET_UP} in {ROOT}, then start JupyterLab by {LAB}"
    return f"The notebook cannot run here ({' and '.join(wrong)}): {remedy}."


def outdated(names=None):
    """Compare installed packages with the least versions in pyproject.toml.

    Parameters
    ----------
    names : sequence of str, optional
        Which packages; by default all that the workbook imports.

    Returns
    -------
    dict
        What is wrong, for example "numpy is missing" -> what is needed, "numpy>=2.0".
    """
    import tomllib  # Python 3.11

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wrong = {}
    for need in project["dependencies"]:
        name, least = re.match(r"([\w-]+)[>~]=([\d.]+)", need).groups()
        if names is not None and name not in names:
            continue
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            wrong[f"{name} is missing"] = need
            continue
        if _numbers(version) < _numbers(least):
            wrong[f"{name} {version} is older than {least}"] = need
    return wrong


def _numbers(version):
    """Turn "2.4.6rc1" into (2, 4, 6), to compare it."""
    return tuple(map(int, re.findall(r"\d+", version)[:3]))


def _elsewhere():
    with contextlib.suppress(OSError):  # a folder that was deleted
        if os.path.samefile(os.getcwd(), str(ROOT)):
            return None
        return (
            f"This notebook runs in {os.getcwd()}, and the workbook is in {ROOT}, "
            "whose notebooks are what the PDF is made of: open the one there."
        )
    return "The folder of this notebook is gone: open the notebook anew."
