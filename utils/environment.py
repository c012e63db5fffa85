"""Make `.venv`, the folder that holds the workbook's Python packages.

`export_pdf.sh`, `export_pdf.cmd` and `test.sh` call this module; by hand it is
``python -m utils.environment``.  It needs nothing but the standard library, and it
avoids new syntax, so that an old Python can read it and say what is missing.

The rule behind every step: a finished `.venv` is never lost, an unfinished one is
never left.  A new environment is built under its final name (environments cannot be
moved) while the old one waits beside it as `.venv-old`, and comes back if the build
fails.  A small file inside, `workbook.json`, tells finished from unfinished.  What is
to be deleted is first renamed to `.venv-trash`: half deleted, it could pass for good.
"""

import argparse
import contextlib
import errno
import hashlib
import json
import os
import shutil
import signal
import sys
import sysconfig
import time
from pathlib import Path

from utils.console import accept_all_letters
from utils.installer import NO_SPACE, CommandError, SetupError, install, run, say

OLDEST, NEWEST = (3, 11), (3, 14)
SPACE_MB = 1000
STAMP = "workbook.json"
# Requests to end besides Ctrl-C; Windows has only the first.
ENDINGS = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
]

IN_USE = (
    "a program still uses it; close JupyterLab and other Python windows, leave the "
    "environment (deactivate)"
)


class Environment:
    """The environment of one copy of the workbook.

    Parameters
    ----------
    root : Path
        The folder of the workbook.
    """

    def __init__(self, root):
        self.root = root
        self.requirements = root / "requirements.txt"
        self.folder = root / ".venv"
        self.aside = root / ".venv-old"
        self.trash = root / ".venv-trash"
        inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
        self.python = self.folder / inside

    def set_up(self):
        """Make `.venv`, or make it anew if it no longer fits.

        Raises
        ------
        SetupError
            If that fails; whatever was there before is there again.
        """
        check_version()
        with self.lock():
            self.tidy()
            if self.ask_venv():
                return
            self.check_space()
            start = time.monotonic()
            with self.replacing():
                install(self.folder, self.python, self.root, clear=self.begin)
            say(f"Installed in {time.monotonic() - start:.0f} s.")

    def fingerprint(self):
        """Return what a finished environment must match: packages, Python, system."""
        return {
            "ready": True,
            "requirements": hashlib.sha256(self.requirements.read_bytes()).hexdigest(),
            "python": sys.implementation.cache_tag,
            "platform": sysconfig.get_platform(),
        }

    def is_ready(self):
        """Tell whether the running Python is that of a finished, current `.venv`."""
        return (
            Path(sys.prefix).resolve() == self.folder.resolve()
            and read_stamp(self.folder) == self.fingerprint()
            and not exists(self.aside)
            and not exists(self.trash)
        )

    def ask_venv(self):
        """Start the Python of `.venv`, which alone can tell whether it is ready."""
        if self.python.exists():
            with contextlib.suppress(CommandError, OSError):
                run([str(self.python), "-m", "utils.environment", "--check"], self.root)
                return True
        return False

    @contextlib.contextmanager
    def lock(self):
        """Let one set-up run at a time in this folder; a second one waits.

        The lock is held on `requirements.txt` itself, so that no lock file can be
        left behind, and the system releases it even if the process is killed.
        """
        with open(str(self.requirements), "r+b") as file:
            if not try_lock(file):
                say("Another set-up is at work in this folder; waiting for it.")
                while not try_lock(file):
                    time.sleep(0.3)
            yield

    def tidy(self):
        """Repair what a set-up left: remove half-made, bring back finished."""
        remove(self.trash)
        for folder in (self.folder, self.aside):
            if is_unfinished(folder):
                self.retire(folder)
        if exists(self.aside) and not is_finished(self.folder):
            self.retire(self.folder)
            rename(self.aside, self.folder)
        self.retire(self.aside)

    @contextlib.contextmanager
    def replacing(self):
        """Put the old `.venv` aside for the block; bring it back if the block fails."""
        try:
            if exists(self.folder):
                rename(self.folder, self.aside)
            self.begin()
            yield
            write_stamp(self.folder, self.fingerprint())
        finally:
            with ignoring_interrupts():
                self.tidy()

    def begin(self):
        """Make an empty `.venv` that is marked as unfinished."""
        self.retire(self.folder)
        self.folder.mkdir()
        write_stamp(self.folder, {"ready": False})

    def retire(self, folder):
        """Delete a folder, if there is one and it is ours; else keep it elsewhere."""
        if not exists(folder):
            return
        if read_stamp(folder) is not None:
            rename(folder, self.trash)
            remove(self.trash)
            return
        number = 1
        while exists(self.root / f".venv-kept-{number}"):
            number += 1
        kept = self.root / f".venv-kept-{number}"
        rename(folder, kept)
        say(f"A .venv made by something else was here; it is kept as {kept.name}.")

    def check_space(self):
        """Refuse to start what cannot fit on the disk."""
        free = shutil.disk_usage(str(self.root)).free // 10**6
        if free < SPACE_MB:
            raise SetupError(
                f"the packages need about {SPACE_MB} MB in this folder and {free} MB "
                "are free; free some space"
            )


def check_version():
    """Refuse a Python for which the packages do not exist."""
    version = sys.version_info[:2]
    if not OLDEST <= version <= NEWEST:
        raise SetupError(
            "this is Python {}.{} and the workbook needs {}.{} to {}.{}; install one "
            "of those".format(*version, *OLDEST, *NEWEST)
        )


def exists(path):
    """Tell whether there is anything of that name, be it a broken link."""
    return os.path.lexists(str(path))


def read_stamp(folder):
    """Return what the stamp of an environment says.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict or None
        Empty if the stamp is damaged or its writing was cut short; None if there is
        none, so that the folder is missing or not ours.
    """
    try:
        stamp = json.loads((folder / STAMP).read_text("utf-8"))
    except ValueError:
        return {}
    except OSError:
        ours = folder.is_dir() and not set(os.listdir(str(folder))) - {STAMP + ".new"}
        return {} if ours else None
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(folder, content):
    """Write the stamp of an environment, all of it or nothing."""
    new = folder / (STAMP + ".new")
    new.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    os.replace(str(new), str(folder / STAMP))


def is_unfinished(folder):
    """Tell whether a folder is an environment of ours whose making was cut short."""
    stamp = read_stamp(folder)
    return stamp is not None and not stamp.get("ready")


def is_finished(folder):
    """Tell whether a folder is an environment of ours, made to the end."""
    return bool((read_stamp(folder) or {}).get("ready"))


def remove(folder):
    """Delete a folder, or the link to one."""
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(str(folder), ignore_errors=True)
    if exists(folder):
        raise SetupError(f"{folder.name} cannot be deleted: {IN_USE}")


def rename(old, new):
    """Rename a folder; Windows refuses that while a program runs from it."""
    try:
        os.rename(str(old), str(new))
    except PermissionError:
        raise SetupError(f"{old.name} cannot be renamed: {IN_USE}") from None


def try_lock(file):
    """Take a lock on an open file without waiting; tell whether that worked."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(2**30)  # far behind the text, which others must still read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Any other error: a file system without locks, where we do without.
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


@contextlib.contextmanager
def ignoring_interrupts():
    """Finish tidying up even if Ctrl-C is pressed, or the end asked for, once more."""
    numbers = [signal.SIGINT, *ENDINGS]
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def stop(number, frame):
    """Treat a request to end like Ctrl-C, so that everything is tidied up."""
    raise KeyboardInterrupt


def describe(error):
    """Turn an error of the operating system into a sentence."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        return NO_SPACE
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "this folder cannot be written to; copy the workbook to one of your own"
    return f"the system says '{error.strerror}' about {error.filename}; mend that"


def main(arguments=None):
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional

    Returns
    -------
    int
        Exit status: 0 if `.venv` is ready, 1 if not, 130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="python -m utils.environment",
        description="Make .venv and install the packages of the workbook into it.",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="only tell, by the exit status, whether this Python is a ready .venv",
    )
    options = parser.parse_args(arguments)
    accept_all_letters()
    environment = Environment(Path(__file__).resolve().parent.parent)
    if options.check:
        return 0 if environment.is_ready() else 1
    for number in ENDINGS:
        signal.signal(number, stop)
    try:
        environment.set_up()
        return 0
    except KeyboardInterrupt:
        print("Stopped; nothing half-made is left.", file=sys.stderr)
        return 130
    except SetupError as error:
        reason = str(error)
    except OSError as error:
        reason = describe(error)
    print(f"Set-up failed: {reason}, then run this again.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
