"""Which tracked files a handout is made of, and why; nothing else gets into one.

A tracked file that is on neither list stops the handout: somebody has to decide.
A name with a slash at its end stands for a folder and all that is in it.
"""

import subprocess
from pathlib import Path
from typing import NamedTuple

from utils.staff import StaffError

GIVEN = {
    "README.md": "how to begin; staff sections are left out",
    "LICENSE": "what may be done with all this",
    "CITATION.cff": "how to cite it, which README points to",
    "Receptive-Fields.ipynb": "a notebook of the workbook",
    "CNN-Layers.ipynb": "a notebook of the workbook",
    "CNN-BatchNorm.ipynb": "a notebook of the workbook",
    "CNN.ipynb": "a notebook of the workbook",
    "export_pdf.sh": "sets up; makes the PDF to hand in",
    "export_pdf.cmd": "the same on Windows",
    "test.sh": "runs the checks; what tests the workbook itself is left out",
    "requirements.txt": "the packages that the set-up installs",
    ".devcontainer/": "the same in a container, for VS Code and others",
    "binder/": "the same on Binder",
    "pyproject.toml": "name and version, which the PDF's set-up reads",
    ".gitignore": "keeps data and environments out of a student's own repository",
    ".gitattributes": "keeps the line ends of scripts there",
    "cifar-10-batches-py/README.md": "where the data goes",
    "docs/ladder.png": "a picture in README, which CNN-Layers.ipynb points to",
    "docs/cnn-frontier.png": "a picture in README",
    "docs/workbook.png": "a picture in README; shows no solution",
    "docs/pdf-pages.png": "a picture in README; shows no solution",
    "utils/__init__.py": "the map",
    "utils/exercises/": "what students write, without solutions",
    "utils/checks/": "what tells them how far they are",
    "utils/shapes.py": "exercises use it",
    "utils/layers.py": "exercises use it",
    "utils/batchnorm.py": "exercises use it",
    "utils/blocks.py": "exercises use it",
    "utils/fast_layers.py": "the given twins of the exercises",
    "utils/fast_blocks.py": "blocks.py uses it",
    "utils/gradient_check.py": "checks use it",
    "utils/kernels/": "fast layers use it, and it is to be read",
    "utils/network/": "CNN.ipynb uses it",
    "utils/optim/": "CNN.ipynb uses it",
    "utils/solver/": "CNN.ipynb uses it",
    "utils/augment/": "CNN.ipynb uses it",
    "utils/cifar10/": "notebooks load data with it",
    "utils/recipes/": "CNN.ipynb uses it",
    "utils/sweep/": "a search for better settings is part of the last question",
    "utils/experiments/": "CNN.ipynb uses it, and draws what is in its results/",
    "utils/studies.py": "notebooks train small nets with it",
    "utils/ladder.py": "CNN-Layers.ipynb uses it",
    "utils/receptive_field/": "Receptive-Fields.ipynb uses it",
    "utils/receptive_field_probe.py": "Receptive-Fields.ipynb uses it",
    "utils/receptive_field_nets.py": "Receptive-Fields.ipynb uses it",
    "utils/explorer.py": "for who reads Receptive-Fields.ipynb with sliders",
    "utils/effective_field.py": "Receptive-Fields.ipynb uses it",
    "utils/plots/": "notebooks draw with it",
    "utils/workbook.py": "every notebook begins with it",
    "utils/workbook.mplstyle": "the look of all figures",
    "utils/pdf/": "makes the PDF to hand in",
    "utils/run_log.py": "the PDF asks it what was run",
    "utils/doctor/": "notebooks begin with it; says what is wrong with a machine",
    "utils/environment.py": "the set-up",
    "utils/installer.py": "the set-up",
    "utils/setup.sh": "the set-up",
    "utils/memory.py": "layers ask it before they take much",
    "utils/whole_files.py": "files are written with it",
    "utils/console.py": "commands print with it",
}

KEPT = {
    "CONTRIBUTING.md": "for who changes the workbook",
    "DESIGN.md": "for who changes the workbook",
    ".ci/": "for who changes the workbook",
    "tests/": "hold implementations of the exercises, right and wrong ones",
    "benchmarks/": "need PyTorch, and measure what students do not change",
    "runs/": "logs and weights: whoever has them need not train; what figures need of "
    "them is in utils/experiments/results/",
    "docs/": "pictures of our own runs, but for those of README",
    "utils/staff/": "makes handouts and grades them",
}


class File(NamedTuple):
    """A file of a handout: its content, and whether it can be run as a command."""

    data: bytes
    executable: bool = False


def is_given(path):
    """Tell whether a tracked file is part of a handout.

    Raises
    ------
    StaffError
        If neither list knows it.
    """
    if _listed(path, GIVEN):
        return True
    if _listed(path, KEPT):
        return False
    raise StaffError(
        f"{path} is tracked by git, but neither given nor kept: put it on one of the "
        "lists of utils/staff/given.py, with a reason."
    )


def is_yours(path):
    """Tell whether a student changes a file."""
    name = path.rsplit("/", 1)[-1]
    mine = path.startswith("utils/exercises/") and name != "__init__.py"
    return mine or path.endswith(".ipynb")


def _listed(path, names):
    folders = [path[: k + 1] for k, letter in enumerate(path) if letter == "/"]
    return path in names or any(folder in names for folder in folders)


def git(root, *arguments):
    """Return what a git command prints.

    Raises
    ------
    StaffError
        If there is no git, or the folder is no repository.
    """
    command = ["git", "-C", str(root), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise StaffError("A handout is made with git, which is not here.") from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.strip().split("\n")[0] or f"status {error.returncode}"
        raise StaffError(f"git {arguments[0]} in {root}: {reason}.") from None
    return result.stdout


def given_files(root):
    """Read the files of a handout from the working tree.

    Parameters
    ----------
    root : Path
        The folder of the workbook, a git repository.

    Returns
    -------
    dict
        Path with slashes -> `File`, sorted.

    Raises
    ------
    StaffError
        If a tracked file is on no list, is a link, or is missing.
    """
    files = {}
    for entry in git(root, "ls-files", "--stage", "-z").split("\0"):
        if not entry:
            continue
        mode, path = entry.split(" ", 1)[0], entry.split("\t", 1)[1]
        if not is_given(path):
            continue
        file = Path(root, path)
        if mode not in ("100644", "100755") or file.is_symlink():
            raise StaffError(f"{path} is no ordinary file; a handout has no other.")
        if not file.is_file():
            raise StaffError(f"{path} is tracked by git, but missing.")
        files[path] = File(file.read_bytes(), mode == "100755")
    return dict(sorted(files.items()))


def uncommitted(root, paths):
    """Return those of the paths that differ from the last commit."""
    changed = git(root, "diff", "HEAD", "--name-only", "-z").split("\0")
    return sorted(set(changed) & set(paths))
