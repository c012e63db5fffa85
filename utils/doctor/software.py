"""The doctor's lines on Python, packages, JupyterLab, data and PDF.

Each function returns what it has found, or raises `Fault`.
"""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from utils.doctor import notebook, remedies
from utils.doctor.remedies import LAB, PYTHON, SET_UP, Fault
from utils.environment import Environment, check_version, is_finished
from utils.installer import FOREIGN_VARIABLES, SetupError

# These two are set by environments themselves.
HARMLESS = ("VIRTUAL_ENV", "__PYVENV_LAUNCHER__")


def python():
    """Look at the running Python: version, 64 bits, built for this processor."""
    version = platform.python_version()
    try:
        check_version()
    except SetupError as error:
        raise Fault(str(error).split(";")[0], "install Python 3.13 (64 bit)") from None
    if sys.maxsize < 2**32:
        raise Fault(f"{version} has 32 bit", "install Python 3.13 (64 bit)")
    if _is_translated():
        raise Fault(
            f"{version} is built for Intel processors, and this Mac has another",
            "install Python 3.13 for Apple silicon",
        )
    return f"{version}, 64 bit, {sys.executable}"


def _is_translated():
    """Tell whether a Mac translates this Python while it runs (Rosetta)."""
    if sys.platform != "darwin" or platform.machine() != "x86_64":
        return False
    command = ["sysctl", "-n", "sysctl.proc_translated"]
    return subprocess.run(command, capture_output=True).stdout.strip() == b"1"


def environment():
    """Look whether the running Python has the workbook's packages."""
    home = Environment(remedies.ROOT)
    if notebook.is_own(home) and is_finished(home.folder):
        if not home.is_ready():
            raise Fault("requirements.txt has changed since .venv was made", SET_UP)
        return ".venv of this workbook"
    if is_finished(home.folder) and not notebook.on_colab():
        raise Fault(
            f"this is {sys.executable}, not the workbook's Python",
            f"{PYTHON} -m utils.doctor",
        )
    wrong = list(notebook.outdated())
    if wrong and not notebook.is_own(home):
        found = "not made yet" if len(wrong) > 3 else ", ".join(wrong)
        raise Fault(found, SET_UP)
    if wrong:
        raise Fault(", ".join(wrong), remedies.reinstall())
    return f"{sys.prefix}, which has what is needed"


def variables():
    """Look for variables that lead Python to packages of other places."""
    for name in FOREIGN_VARIABLES:
        value = os.environ.get(name)
        if value and name not in HARMLESS and not _is_ours(value):
            raise Fault(
                f"{name} is {value!r}, which mixes other packages with ours",
                remedies.unset(name),
            )
    return "none leads Python elsewhere"


def _is_ours(value):
    root = str(remedies.ROOT)
    return all(not part or part == root for part in value.split(os.pathsep))


def utils():
    """Look for another package of the same name."""
    other = notebook.other_package()
    if other is not None:
        raise Fault(
            f"another package of this name is found first, {other}",
            f"rename it, or work in {remedies.ROOT}",
        )
    return str(remedies.ROOT / "utils")


def packages():
    """Compare all installed packages with requirements.txt."""
    if not notebook.is_own(Environment(remedies.ROOT)):
        return "new enough"  # `environment` has looked
    from packaging.requirements import Requirement

    lines = (remedies.ROOT / "requirements.txt").read_text("utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and line[0] != "#"]
    pins = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    wrong = [text for text in map(_differs, pins) if text]
    if wrong:
        raise Fault(remedies.listed(wrong), remedies.reinstall())
    main = ", ".join(f"{name} {metadata.version(name)}" for name in ("numpy", "numba"))
    return f"{len(pins)} as in requirements.txt ({main})"


def _differs(pin):
    try:
        version = metadata.version(pin.name)
    except metadata.PackageNotFoundError:
        return f"{pin.name} is missing"
    if pin.specifier.contains(version, prereleases=True):
        return None
    return f"{pin.name} is {version}, not {str(pin.specifier)[2:]}"


def kernel():
    """Look which Python JupyterLab starts for our notebooks, which ask for python3."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    manager = KernelSpecManager()
    install = f"{sys.executable} -m ipykernel install --sys-prefix"
    try:
        spec = manager.get_kernel_spec("python3")
        program = spec.argv[0]
    except NoSuchKernel:
        raise Fault("JupyterLab has no kernel python3", install) from None
    except Exception as error:  # no JSON, or JSON of anything
        place = Path(manager.find_kernel_specs()["python3"])
        raise Fault(
            f"kernel.json in {place} cannot be read ({error})",
            _other_kernel(place, install),
        ) from None
    names = ("python", "python3", "python{}.{}".format(*sys.version_info))
    # The program is a link to the Python that it was made with: compare its folder.
    mine = Path(sys.executable).parent.resolve()
    if program not in names and Path(program).parent.resolve() != mine:
        place = Path(spec.resource_dir)
        raise Fault(
            f"JupyterLab's kernel python3, in {place}, starts {program}",
            _other_kernel(place, install),
        )
    return "JupyterLab starts this Python"


def _other_kernel(place, install):
    """Give the command that puts the kernel of the environment before another one."""
    if place.is_relative_to(sys.prefix):
        return install
    listed = os.environ.get("JUPYTER_PATH", "").split(os.pathsep)
    if any(entry and place.is_relative_to(entry) for entry in listed):
        return remedies.unset("JUPYTER_PATH")
    return remedies.with_variable("JUPYTER_PREFER_ENV_PATH", "1", LAB)


def data():
    """Look where the notebooks will find CIFAR-10; read and download nothing."""
    from utils.cifar10 import CIFAR10Error, locate

    fetch = f"{sys.executable} -m utils.cifar10"
    try:
        found = locate()
    except CIFAR10Error as error:
        if os.environ.get("CIFAR10_SOURCE"):
            fetch = remedies.unset("CIFAR10_SOURCE")
        raise Fault(str(error), fetch) from None
    if found is None:
        raise Fault("CIFAR-10 is not here yet (a download of 170 MB)", fetch)
    return found


def pdf():
    """Look what makes the PDF: Typst, or else a browser."""
    try:
        from utils.pdf import exporter  # noqa: F401 - all that printing needs
        from utils.pdf.engine import VERSION
    except ImportError as error:
        raise Fault(f"{error}; {_way_out()}", remedies.after(error)) from None
    return VERSION


def _way_out():
    if importlib.util.find_spec("nbconvert") is None:
        return "without nbconvert there is no PDF"
    from utils.pdf.fallback import BROWSERS

    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return "there is no browser either, so it would be a page of HTML"
    return f"{browser} would print the PDF, without the pages of questions"
