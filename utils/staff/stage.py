"""What a student's process finds of the workbook: ours, but for the one file it wrote.

An exercise gets the modules that it may build on, in our version.  All others are
there by name only, so that a forgotten import does no harm, and using one of them
(a fast layer in the place of one's own, say) stops with a sentence.
"""

import compileall
import contextlib
import os
import shutil
import tempfile
from pathlib import Path

UTILS = Path(__file__).resolve().parents[1]
GIVEN = {
    "receptive_field": (),
    "conv_layers": ("shapes.py",),
    "spatial_batchnorm": ("batchnorm.py", "shapes.py"),
    "cnn": (
        *("shapes.py", "layers.py", "batchnorm.py", "blocks.py"),
        *("fast_layers.py", "fast_blocks.py", "kernels", "memory.py"),
    ),
}
ABSENT = '''\
"""Not here while this exercise is graded."""


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def absent(*args, **kwargs):
        raise RuntimeError(f"utils.{module}.{{name}} is no part of this exercise")

    return absent
'''


def prepare(folder):
    """Write what is given for each exercise file into folders of that name.

    Parameters
    ----------
    folder : Path
        Where; if it is there already, it is left as it is.

    Returns
    -------
    Path
        The folder.
    """
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=folder.parent))
        _fill(beside)
        with contextlib.suppress(OSError):  # another grader was faster
            beside.rename(folder)
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _fill(folder):
    for module, given in GIVEN.items():
        utils = folder / module / "utils"
        (utils / "exercises").mkdir(parents=True)
        for package in (utils, utils / "exercises"):
            (package / "__init__.py").write_text("")
        for name in given:
            source = UTILS / name
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, utils / name, **_no_caches(source))
        for path in UTILS.iterdir():
            name = path.name.removesuffix(".py")
            known = (utils / f"{name}.py").exists() or (utils / name).exists()
            if name.isidentifier() and not known and not name.startswith("_"):
                (utils / f"{name}.py").write_text(ABSENT.format(module=name))
        compileall.compile_dir(folder / module, quiet=2)


def _no_caches(source):
    if source.is_dir():
        return {"ignore": shutil.ignore_patterns("__pycache__")}
    return {}


def put(prepared, stage, module, data, extra=()):
    """Replace what a stage holds by one exercise.

    Parameters
    ----------
    prepared : Path
        What `prepare` wrote.
    stage : Path
        The folder that a process sees.
    module : str
        The exercise file, without its suffix.
    data : bytes
        Its content, as submitted.
    extra : iterable of Path
        Further files of ours, put beside it.

    Returns
    -------
    Path
        The exercise file in the stage.
    """
    shutil.rmtree(stage, ignore_errors=True)
    shutil.copytree(prepared / module, stage, dirs_exist_ok=True)
    exercises = stage / "utils" / "exercises"
    for path in extra:
        shutil.copy(path, exercises)
    file = exercises / f"{module}.py"
    file.write_bytes(data)
    for where, _, names in os.walk(stage):
        os.chmod(where, 0o755)
        for name in names:
            os.chmod(os.path.join(where, name), 0o644)
    return file
