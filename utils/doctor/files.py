"""The doctor's lines on the workbook's own files: given ones, notebooks, exercises.

Each function returns what it has found, or raises `Fault`.
"""

import hashlib
import json
import warnings

from utils.doctor import remedies
from utils.doctor.remedies import Fault

MANIFEST = "handout.json"
NOTEBOOKS = ("Receptive-Fields", "CNN-Layers", "CNN-BatchNorm", "CNN")
EXERCISES = ("receptive_field", "conv_layers", "spatial_batchnorm", "cnn")
MEND = "mend that line, and save the file"
ANEW = "take {} anew from the archive that you were given"


def given():
    """Compare what is not the student's work with what was handed out."""
    manifest = remedies.ROOT / MANIFEST
    if not manifest.is_file():
        return f"not compared, because there is no {MANIFEST}"
    try:
        digests = json.loads(manifest.read_text("utf-8"))["given"].items()
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Fault(f"{MANIFEST} is damaged", ANEW.format(MANIFEST)) from None
    found = [(name, _state(name, digest)) for name, digest in digests]
    wrong = [f"{name} {state}" for name, state in found if state]
    if wrong:
        remedy = ANEW.format("it" if len(wrong) == 1 else "them")
        raise Fault(remedies.listed(wrong), f"{remedy}: graders use theirs, too")
    return f"{len(found)} as they were handed out"


def _state(name, digest):
    """Say what is wrong with a file, or nothing."""
    path = remedies.ROOT / name
    if not path.is_file():
        return "is missing"
    data = path.read_bytes()
    # Some programs change line ends when they unpack: that is no change.
    texts = (data, data.replace(b"\r\n", b"\n"))
    same = any(hashlib.sha256(text).hexdigest() == digest for text in texts)
    return "" if same else "was changed"


def notebooks():
    """Look whether all notebooks are there and can be opened."""
    for name in NOTEBOOKS:
        path = remedies.ROOT / f"{name}.ipynb"
        if not path.is_file():
            raise Fault(f"{path.name} is missing", _former(path))
        try:
            whole = isinstance(json.loads(path.read_text("utf-8"))["cells"], list)
        except (ValueError, LookupError, TypeError):
            whole = False
        if not whole:
            size = path.stat().st_size
            what = f"{path.name} ({size:,} bytes) is damaged: it is no whole notebook"
            raise Fault(what, _former(path))
    return f"{len(NOTEBOOKS)} that can be opened"


def _former(path):
    """Say where a notebook may come from: JupyterLab keeps what was saved last."""
    kept = path.with_name(".ipynb_checkpoints") / f"{path.stem}-checkpoint.ipynb"
    if kept.is_file():
        kept = kept.relative_to(remedies.ROOT)
        return f"copy {kept} to {path.name}; if it is damaged, too, take the given one"
    return ANEW.format(path.name)


def exercises():
    """Look whether all exercise files are there and are Python."""
    for exercise in EXERCISES:
        name = f"utils/exercises/{exercise}.py"
        path = remedies.ROOT / name
        if not path.is_file():
            raise Fault(f"{name} is missing", ANEW.format(name))
        source = path.read_bytes()
        if not source.strip():
            raise Fault(f"{name} is empty", ANEW.format(name))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they are no faults
                compile(source, name, "exec", dont_inherit=True)
        except SyntaxError as error:
            where = f"{name}, line {error.lineno}" if error.lineno else name
            raise Fault(f"{where}: {error.msg}", MEND) from None
        except ValueError as error:
            raise Fault(f"{name}: {error}", MEND) from None
    return f"{len(EXERCISES)} files of Python"
