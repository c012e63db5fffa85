"""The doctor's lines on processor, memory, disk, folder and clock.

Each function returns what it has found, or raises `Fault`.
"""

import contextlib
import errno
import os
import shutil
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from utils.doctor import remedies
from utils.doctor.remedies import WINDOWS, Fault
from utils.environment import SPACE_MB, Environment, exists

MEMORY_MB = 1500  # CNN.ipynb with data and batches
DISK_MB = 500  # data and PDF, once the packages are there
LONGEST_PATH = 259  # on Windows
LONGEST_INSIDE = 165  # the longest path in .venv, from the workbook's folder on
FIRST_DAY = datetime(2026, 11, 1)  # no clock of a user showed an earlier day
YEARS = 20  # for which nobody will use this edition
DAY = 24 * 3600.0


def folder():
    """Look whether the place of the workbook is one where programs can work."""
    root = str(remedies.ROOT)
    if os.pathsep in root or "\n" in root:
        raise Fault(
            f"environments cannot be made in {root!r} because of the "
            f"{os.pathsep if os.pathsep in root else 'line break'!r} in its name",
            "rename the folder",
        )
    parts = remedies.ROOT.parts
    if WINDOWS and any(part.lower().endswith(".zip") for part in parts):
        raise Fault(f"{root} lies inside of an archive", "unpack the zip file first")
    if WINDOWS and len(root) + LONGEST_INSIDE > LONGEST_PATH:
        raise Fault(
            f"the name of {root} has {len(root)} characters, expected at most "
            f"{LONGEST_PATH - LONGEST_INSIDE}",
            "move the workbook to a folder such as C:\\cnn",
        )
    return root


def writing():
    """Look whether files can be written where the workbook writes them."""
    root = remedies.ROOT
    for place in (root, root / "build", root / "utils" / "exercises"):
        if not place.is_dir():
            continue
        try:
            tempfile.TemporaryFile(dir=str(place)).close()
        except OSError as error:
            what = f"{place} cannot be written to ({error.strerror})"
            raise Fault(what, _make_writable(root, error.errno)) from None
    files = [*root.glob("*.ipynb"), *(root / "utils" / "exercises").glob("*.py")]
    for file in files:
        if file.is_file() and not os.access(str(file), os.W_OK):
            what = f"{file.relative_to(root)} cannot be written to"
            raise Fault(what, _make_writable(root))
    return "notebooks, exercises and build/ can be written"


def _make_writable(root, reason=errno.EACCES):
    """Give the command that lets this user write, be it into a copy."""
    if WINDOWS:
        return f'icacls "{root}" /grant "%USERNAME%":F /t'
    if reason == errno.EROFS or root.stat().st_uid != os.geteuid():
        return f'cp -R "{root}" ~/cnn-workbook'
    return "chmod -R u+w ."


def disk():
    """Look whether packages, data and PDF have room."""
    needed = DISK_MB if exists(Environment(remedies.ROOT).folder) else SPACE_MB
    free = shutil.disk_usage(str(remedies.ROOT)).free // 10**6
    if free < needed:
        raise Fault(
            f"{free} MB are free, about {needed} are needed",
            f"free some space on the disk of {remedies.ROOT}",
        )
    return f"{free / 1000:,.1f} GB free"


def clock():
    """Look whether the date can be right: TLS and the times of files need it."""
    now, newest = time.time(), max(_times(remedies.ROOT))
    day = time.strftime("%Y-%m-%d %H:%M", time.localtime(now))
    first = FIRST_DAY.timestamp()
    if now < first or now > first + YEARS * 365 * DAY:
        raise Fault(f"it says {day}", _set_clock())
    if newest > now + DAY:
        ahead = time.strftime("%Y-%m-%d", time.localtime(newest))
        raise Fault(f"it says {day}, but a file here is of {ahead}", _set_clock())
    return day


def _times(root):
    """Give the times of the workbook's own files."""
    for pattern in ("*.*", "utils/*.py", "utils/exercises/*.py"):
        for file in root.glob(pattern):
            # Editors leave links to nowhere; other files may just have been deleted.
            with contextlib.suppress(OSError):
                yield file.stat().st_mtime


def _set_clock():
    if WINDOWS:
        return "w32tm /resync"
    if sys.platform == "darwin":
        return "sudo sntp -sS time.apple.com"
    return "sudo timedatectl set-ntp true"


def memory():
    """Look whether the largest notebook has room."""
    from utils.memory import available

    free = available() // 10**6
    if free < MEMORY_MB:
        raise Fault(
            f"{free} MB are free, CNN.ipynb needs about {MEMORY_MB}",
            "close other programs and other notebooks' kernels",
        )
    return f"{free / 1000:,.1f} GB free"


def processor():
    """Look for which instructions kernels are compiled."""
    from utils import kernels

    if not kernels.compiles():
        raise Fault(
            "NUMBA_DISABLE_JIT is set, so kernels run as slow Python or not at all",
            remedies.unset("NUMBA_DISABLE_JIT"),
        )
    machine = kernels.machine
    return f"{machine.processor()}; kernels use {machine.instructions()}"


def threads():
    """Look how many threads kernels run in."""
    from utils import kernels

    processors = os.cpu_count() or 1
    try:
        count = kernels.threads.count()
    except ValueError as error:
        raise Fault(str(error), remedies.unset("UTILS_THREADS")) from None
    if count > processors:
        raise Fault(
            f"UTILS_THREADS asks for {count} on {processors} processors",
            remedies.unset("UTILS_THREADS"),
        )
    return f"{count} on {processors} processor{'s' * (processors > 1)}"


def cache():
    """Look where compiled kernels are kept."""
    from utils import kernels

    if os.environ.get("UTILS_CHECK_MEMORY", "0") not in ("", "0"):
        raise Fault(
            "UTILS_CHECK_MEMORY is set, so kernels are slow and compiled each time",
            remedies.unset("UTILS_CHECK_MEMORY"),
        )
    place = kernels.machine.cache_folder()
    if place is None:
        keep = Path("build", "kernels")
        raise Fault(
            "no folder for compiled kernels can be written, so that each start takes "
            "a minute longer",
            remedies.with_variable("NUMBA_CACHE_DIR", keep, remedies.LAB),
        )
    return str(place)
