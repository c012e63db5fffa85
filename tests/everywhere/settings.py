"""The workbook under the settings of other people's computers.

    python -m tests.everywhere.settings [NAME...]

copies the workbook for each setting, makes the PDF of one notebook (which starts a
kernel) and runs a check, and prints a line.  The packages are those of the running
Python.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from pathlib import Path

from tests.copies import copy_files
from utils.environment import Environment, write_stamp

NOTEBOOK = "Receptive-Fields"
LETTERS = 'Ünïcode\'s "Größe" & ($HOME) '  # what shells and paths stumble over
LONG = 200  # letters of a path

# What is different: variables (None: unset), and how the folder is.
SETTINGS = {
    "path": {},
    "umask": {},
    "read-only": {},
    "locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": None},
    "ascii": {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    "cp1252": {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
    "no-home": {"HOME": None, "XDG_CACHE_HOME": None},
    "lost-home": {"HOME": "/nonexistent", "XDG_CACHE_HOME": None},
    "tmpdir": {"TMPDIR": "temporary"},
}


def run(names, folder):
    """Run the workbook with these settings at once, from a copy in `folder`.

    Returns
    -------
    list of str
        What went wrong; empty if nothing did.
    """
    top = copy(folder / (long_name(folder) if "path" in names else "workbook"))
    env = environment(names, folder)
    mask = 0o077 if "umask" in names else 0o022
    before = _locked(top) if "read-only" in names else []
    pdf = folder / "out" / "one.pdf"
    pdf.parent.mkdir()
    commands = [
        ["./export_pdf.sh", "--only", NOTEBOOK, "-o", str(pdf)],
        [".venv/bin/python", "-m", "utils.checks", "receptive-field", "conv-forward"],
    ]
    problems = []
    for command in commands:
        done = subprocess.run(
            [*before, *command],
            cwd=top,
            env=env,
            umask=mask,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=900,
        )
        said = done.stdout.decode("utf-8", "replace")
        if done.returncode or "Traceback" in said:
            problems.append(f"{command[:3]} ended with {done.returncode}:\n{said}")
    if not problems and not pdf.read_bytes().startswith(b"%PDF"):
        problems.append("there is no PDF")
    if "read-only" in names and os.name == "posix" and not before:
        subprocess.run(["chmod", "-R", "u+w", str(top)], check=True)  # to be deleted
    return problems


def copy(top):
    """Copy the workbook, with an environment that finds our packages."""
    copy_files(top)
    copied = Environment(top)
    venv.create(copied.folder, symlinks=True)
    packages = sysconfig.get_path("purelib")
    (site,) = copied.folder.glob("lib/python*/site-packages")
    (site / "packages.pth").write_text(f"{packages}\n")
    write_stamp(copied.folder, copied.fingerprint())
    return top


def long_name(folder):
    """Return a path below `folder` of `LONG` letters in all."""
    missing = LONG - len(str(folder)) - 1
    name = (LETTERS * 5)[: max(missing, len(LETTERS))].strip()
    half = len(name) // 2
    return f"{name[:half].strip()}/{name[half:].strip()}"


def environment(names, folder):
    """Return the variables of this process, changed as the settings say."""
    env = dict(os.environ)
    for name in names:
        for key, value in SETTINGS[name].items():
            env.pop(key, None)
            if value is not None:
                env[key] = value
    if "TMPDIR" in env and not os.path.isabs(env["TMPDIR"]):
        env["TMPDIR"] = str(folder / env["TMPDIR"])
        Path(env["TMPDIR"]).mkdir()
    return env


def can_lock():
    """Tell whether a folder can be made read-only: by root only with a mount."""
    if os.geteuid() != 0:
        return True
    tried = ["unshare", "--mount", "true"]
    return bool(shutil.which("unshare")) and not subprocess.call(
        tried, stderr=subprocess.DEVNULL
    )


def _locked(top):
    """Make a folder read-only; root, who may write everywhere, needs a mount."""
    if os.geteuid() != 0:
        subprocess.run(["chmod", "-R", "a-w", str(top)], check=True)
        return []
    mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0"'
    return ["unshare", "--mount", "sh", "-c", mount + ' && exec "$@"', str(top)]


def main(names):
    """Run each setting alone, and print a line about it."""
    failed = False
    for name in names or SETTINGS:
        if name == "read-only" and not can_lock():
            print(f"{name:10} skipped: root cannot mount here")
            continue
        begin = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="everywhere-") as folder:
            problems = run([name], Path(folder))
        failed |= bool(problems)
        result = "FAILED" if problems else "ok"
        print(f"{name:10} {result:7} {time.monotonic() - begin:4.0f} s", flush=True)
        for problem in problems:
            print(problem)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
