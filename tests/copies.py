"""Copies of the workbook, for tests that use it from outside as its readers do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from tests.test_notebooks import QUICK, make_quick

ROOT = Path(__file__).resolve().parent.parent


def copy_files(folder):
    """Copy the files of the workbook, but for those that git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, files.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def copy_workbook(folder):
    """Copy the workbook to a new folder, with small numbers in its notebooks."""
    copy_files(folder)
    for name, numbers in QUICK.items():
        notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
        make_quick(notebook, numbers)
        nbformat.write(notebook, folder / f"{name}.ipynb")
    lend_packages(folder)
    for command in (
        "init -q",
        "add .",
        "-c user.name=A -c user.email=a@b commit -qm A",
    ):
        subprocess.run(["git", *command.split()], cwd=folder, check=True)


def lend_packages(folder):
    """Let the running Python pass for the one that the set-up would install.

    The set-up has tests of its own (`tests.test_setup`).
    """
    scripts = folder / ".venv" / "bin"
    scripts.mkdir(parents=True)
    ready = '[ "$*" = "-m utils.environment --check" ] && exit\n'
    for name, arguments in {"python": "", "jupyter": "-m jupyter "}.items():
        script = scripts / name
        script.write_text(
            f'#!/bin/sh\n{ready}exec "{sys.executable}" {arguments}"$@"\n'
        )
        script.chmod(0o755)


def run(folder, command, **variables):
    """Run a command of the shell in a copy, on the synthetic stand-in for CIFAR-10."""
    variables = {"CIFAR10_SOURCE": "synthetic", **variables}
    # This Python's own kernel, which draws as in a notebook.
    variables |= {"JUPYTER_PREFER_ENV_PATH": "1"}
    variables["PATH"] = f"{folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    dropped = ("MPLBACKEND", "PYTHONPATH")
    inherited = {k: v for k, v in os.environ.items() if k not in dropped}
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=inherited | variables,
        capture_output=True,
        text=True,
        timeout=900,
    )
