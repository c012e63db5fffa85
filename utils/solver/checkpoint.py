"""Checkpoints: files from which a training goes on as if it had never ended.

``build/run-000123.npz`` holds all that training depends on after 123 updates: weights,
statistics, the optimiser's memory, averages, histories, the state of the random
numbers, the best weights, and the settings of the training as text.  It is an ordinary
``.npz`` without pickles: arrays by name, and one text in JSON for the rest.  A file
takes its name only when it is complete, and the newest two are kept.
"""

import contextlib
import json
import re
import time
import zipfile
from pathlib import Path

import numpy as np

from utils.whole_files import require_numbers, whole_file

KEPT = 2
LEFT = 60  # seconds; a file that nobody has written to for so long is nobody's
RESERVED = "", "tree", "file", "allow_pickle"  # by us, and by numpy.savez


def write(path, tree):
    """Write nested dicts and lists of arrays, numbers and texts into one ``.npz``.

    Parameters
    ----------
    path : Path
        Where to.
    tree : dict
        Its keys are texts; its leaves arrays, numpy's or Python's numbers, texts, None.

    Raises
    ------
    OSError
        If the disk does not take it; a file that was there before is as it was.
    TypeError
        If a leaf is something else.
    """
    arrays = {}
    text = json.dumps(_pack(tree, "", arrays))
    arrays["tree"] = np.frombuffer(text.encode(), np.uint8)
    with whole_file(path) as file:
        np.savez(file, **arrays)


def read(path):
    """Read what `write` wrote; tuples come back as lists.

    Raises
    ------
    Exception
        Of many kinds, if the file is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:  # compares check sums
            raise zipfile.BadZipFile("a check sum is wrong")
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return _unpack(json.loads(arrays["tree"].tobytes()), arrays)


def _pack(tree, path, arrays):
    """Put arrays aside; leave ``{"array": name}`` in their places."""
    if isinstance(tree, dict):
        packed = {}
        for key, value in tree.items():
            if not isinstance(key, str):
                raise TypeError(f"{path} has a key {key!r}, expected a text.")
            packed[key] = _pack(value, f"{path}/{key}", arrays)
        return ["dict", packed]
    if isinstance(tree, list | tuple):
        return ["list", [_pack(x, f"{path}/{k}", arrays) for k, x in enumerate(tree)]]
    if isinstance(tree, np.ndarray | np.generic):
        array, name = np.asarray(tree), re.sub(r"[^\w.*/-]", "_", path.lstrip("/"))
        require_numbers({name: array})
        if name in arrays or name in RESERVED or name.endswith(".npy"):
            name += f"~{len(arrays)}"
        arrays[name] = array
        return ["array" if isinstance(tree, np.ndarray) else "number", name]
    return tree


def _unpack(tree, arrays):
    if not isinstance(tree, list):
        return tree
    kind, value = tree
    if kind == "dict":
        return {key: _unpack(one, arrays) for key, one in value.items()}
    if kind == "list":
        return [_unpack(one, arrays) for one in value]
    # A number of numpy's decides, unlike Python's, in which precision is computed.
    return arrays[value] if kind == "array" else arrays[value][()]


def readable(value):
    """Describe an object for comparison with another run: without its address."""
    if callable(getattr(value, "describe", None)):
        value = value.describe()
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


class Checkpoints:
    """The checkpoints of one training.

    Parameters
    ----------
    prefix : str or Path
        Files are called ``<prefix>-<updates>.npz``.
    settings : dict
        What must be the same for a training to go on: name -> text.
    say : callable
        Tells a person one sentence.
    """

    def __init__(self, prefix, settings, say):
        self.prefix, self.settings, self.say = Path(prefix), settings, say
        self._mine, self._old, self._is_first = [], set(), True
        self._failed = self._is_shared = False

    def latest(self):
        """Read the newest file that is whole.

        Returns
        -------
        tree : dict or None
            What was saved; None if there is nothing to go on from.

        Raises
        ------
        ValueError
            If it belongs to a training with other settings.
        """
        for path in reversed(self._files()):
            try:
                saved = read(path)
                settings, tree = saved["settings"], saved["tree"]
            except Exception as error:  # damage has many faces
                self.say(f"{path} is damaged ({error}); looking for the one before it.")
                continue
            self._compare(path, settings)
            self._mine = [path]
            return tree
        return None

    def save(self, step, tree):
        """Write a new file; keep the one before it, and no others of our own.

        The first one also takes the place of what an earlier program left.  If the
        disk is full or must not be written, say so once and go on.
        """
        path = self.prefix.with_name(f"{self.prefix.name}-{step:06d}.npz")
        try:
            write(path, {"settings": self.settings, "tree": tree})
        except OSError as error:
            if not self._failed:
                why = error.strerror or error
                self.say(
                    f"The checkpoint {path} was not written ({why}); going on, and "
                    f"older ones stay: make room there, or let checkpoint= name a "
                    f"folder that can be written."
                )
            self._failed = True
            return
        self._failed = False
        mine = [old for old in self._mine if old != path] + [path]
        self._mine, others = mine[-KEPT:], set(self._files()) - {*mine, *self._old}
        self._old |= {*mine[:-KEPT], *self._leftovers()}
        if self._is_first:
            self._old |= others
        elif others and not self._is_shared:
            self._is_shared = True
            self.say(
                f"Another program writes {min(others)} at the same time; going on, but "
                f"give the checkpoint of one of the two another name."
            )
        self._is_first = False
        for old in self._old:
            with contextlib.suppress(OSError):
                old.unlink()
        self._old = {old for old in self._old if old.exists()}  # in use, on Windows

    def _leftovers(self):
        """Give files that were being written when a program was killed."""
        found = []
        for path in self.prefix.parent.glob(f".{self.prefix.name}-*.npz.*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > LEFT:
                    found.append(path)
        return found

    def _files(self):
        """Give all files of this name, the newest last."""
        pattern = re.compile(re.escape(self.prefix.name) + r"-(\d{6,})\.npz")
        found = {}
        with contextlib.suppress(OSError):
            for path in self.prefix.parent.iterdir():
                match = pattern.fullmatch(path.name)
                if match:
                    found[path] = int(match[1])
        return sorted(found, key=found.get)

    def _compare(self, path, settings):
        """Refuse to go on with other settings; name what differs."""
        now = self.settings
        differ = [
            f"{name} was {settings.get(name, 'not there')} and is "
            f"{now.get(name, 'not there')}"
            for name in now | settings
            if now.get(name) != settings.get(name)
        ]
        if differ:
            some = "; ".join(differ[:3]) + ("; and more" if len(differ) > 3 else "")
            raise ValueError(
                f"{path} is from another training: {some}. Give the checkpoint another "
                "name, or start anew with resume=False."
            )
