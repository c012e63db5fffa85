"""The seven files of CIFAR-10: find them, read them, put them in place.

A copy is read from a folder, or from a ``.tar.gz`` / ``.tar.xz`` archive, in the
python or the binary layout (`utils.cifar10.format`).  Archives are read into
memory by exact member name and never extracted; every size has a cap.
``utils.cifar10`` decides which copy is used.
"""

import gzip
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from utils.cifar10.format import (
    BINARY_MD5,
    OFFICIAL_MD5,
    OFFICIAL_SIZES,
    PYTHON_MD5,
    CIFAR10Error,
    hash_problem,
    parse_batch,
    parse_classes,
)
from utils.whole_files import whole_file

FILE_CAP = 64 * 2**20  # bytes; the official batches have 31 million
ARCHIVE_CAP = 512 * 2**20  # bytes, unpacked; the official archives have 186 million


class IncompleteError(CIFAR10Error):
    """Some of the seven files are not there."""


@dataclass(frozen=True)
class FileSet:
    """The seven files of one layout, found but neither read nor judged.

    Attributes
    ----------
    where : str
        The folder or archive, for messages.
    names : tuple of str
        The seven names, training batches first, list of classes last.
    sizes : dict
        Size in bytes of each file.
    read : callable
        ``read(name)`` gives the content as bytes.
    """

    where: str
    names: tuple
    sizes: dict
    read: Callable[[str], bytes]

    def has_official_size(self):
        """Tell whether any batch has the size of the official one.

        Such a set is meant to be CIFAR-10, so that a wrong hash in it is damage;
        a set without any is somebody's own data.
        """
        return any(self.sizes[name] == OFFICIAL_SIZES[name] for name in self.names[:6])

    def check_sizes(self):
        """Refuse what is meant to be CIFAR-10 but was cut short, say by a copy.

        Raises
        ------
        CIFAR10Error
            If some batches have the official size, and some have not.
        """
        for name in self.names[:6] if self.has_official_size() else ():
            if self.sizes[name] != OFFICIAL_SIZES[name]:
                raise CIFAR10Error(
                    f"{name} in {self.where} has {self.sizes[name]:,} bytes, expected "
                    f"{OFFICIAL_SIZES[name]:,}: the copy is damaged"
                )


@dataclass(frozen=True)
class Batches:
    """All pictures and labels of one source.

    Attributes
    ----------
    where : str
        What was read, for messages.
    X_train, X_test : ndarray of shape (N, 3, 32, 32)
        Pictures, uint8, red, green and blue planes.
    y_train, y_test : ndarray of shape (N,)
        Labels 0..9, int64.
    classes : tuple of str
        Ten names, in the order of the labels.
    wrong : tuple of str
        Names of the files that differ from the official ones.
    synthetic : bool
        Whether this is the stand-in and not CIFAR-10.
    """

    where: str
    X_train: np.ndarray
    y_train: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    classes: tuple
    wrong: tuple = ()
    synthetic: bool = False

    @property
    def official(self):
        """Whether every file is the official one."""
        return not (self.wrong or self.synthetic)


def open_folder(folder):
    """Find the seven files in a folder, in either layout.

    Parameters
    ----------
    folder : Path
        The folder itself, or the one that holds ``cifar-10-batches-py/`` or
        ``cifar-10-batches-bin/``.

    Returns
    -------
    FileSet
        The files; each is read from the disk when asked for.

    Raises
    ------
    IncompleteError
        If the files are not all there.
    CIFAR10Error
        If one is too large to be a batch.
    """
    for inside in ("cifar-10-batches-py", "cifar-10-batches-bin"):
        if not present(folder) and (folder / inside).is_dir():
            folder = folder / inside
    names = _layout(present(folder), folder)

    def read(name):
        try:
            return (folder / name).read_bytes()
        except OSError as error:
            raise CIFAR10Error(
                f"{name} in {folder} cannot be read: {error.strerror or error}"
            ) from error

    sizes = {name: (folder / name).stat().st_size for name in names}
    for name, size in sizes.items():
        _check_size(name, size, folder)
    return FileSet(str(folder), names, sizes, read)


def present(folder):
    """List which of the CIFAR-10 files, of either layout, are in a folder."""
    return [name for name in OFFICIAL_MD5 if (folder / name).is_file()]


def _layout(names, where):
    """Choose the layout of which all seven files are there."""
    layouts = [tuple(PYTHON_MD5), tuple(BINARY_MD5)]
    missing = min(([n for n in lay if n not in names] for lay in layouts), key=len)
    if not missing:
        return next(lay for lay in layouts if set(lay) <= set(names))
    if len(missing) == 7:
        raise IncompleteError(
            f"{where} holds no CIFAR-10: expected data_batch_1 to data_batch_5, "
            "test_batch and batches.meta, or the same in the binary layout"
        )
    raise IncompleteError(
        f"{where} is incomplete: {', '.join(missing)} of the seven CIFAR-10 files "
        f"{'is' if len(missing) == 1 else 'are'} missing"
    )


def _check_size(name, size, where):
    if size > FILE_CAP:
        raise CIFAR10Error(
            f"{name} in {where} has {size:,} bytes, too large for a CIFAR-10 file "
            f"(at most {FILE_CAP:,})"
        )


class _Capped:
    """An unpacking stream that stops at ARCHIVE_CAP, against archive bombs."""

    def __init__(self, stream, where):
        self._stream, self._where, self._left = stream, where, ARCHIVE_CAP

    def read(self, size=-1):
        piece = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise _too_large(self._where)
        return piece


def _too_large(where):
    return CIFAR10Error(
        f"{where} unpacks to more than {ARCHIVE_CAP:,} bytes, too large for CIFAR-10"
    )


def read_archive(path):
    """Read the seven files of an archive into memory, in either layout.

    Members are taken by exact name, at the top or in one folder, and only if they
    are ordinary files; links, files with holes and everything else are passed over.
    The archive is read to its end, so that its own checksum is verified too.

    Parameters
    ----------
    path : Path
        A ``.tar.gz`` or ``.tar.xz`` archive, told apart by content, not by name.

    Returns
    -------
    FileSet
        The files, held in memory.

    Raises
    ------
    IncompleteError
        If it lacks a file.
    CIFAR10Error
        If it is no such archive, is truncated or damaged, or too large.
    """
    found = {}
    try:
        with open(path, "rb") as packed, _unpack(packed, path) as opened:
            unpacked = _Capped(opened, path)
            with tarfile.open(fileobj=unpacked, mode="r|") as tar:
                _collect(tar, found, path)
            while unpacked.read(2**20):  # the checksum stands at the end
                pass
    except CIFAR10Error:
        raise
    except Exception as error:  # a crafted archive can raise nearly anything
        raise CIFAR10Error(
            f"{path} cannot be read to its end ({error}): it is truncated or damaged"
        ) from error
    sizes = {name: len(content) for name, content in found.items()}
    names = _layout(list(found), path)
    return FileSet(str(path), names, sizes, found.__getitem__)


def _unpack(packed, where):
    """Open a packed file with what unpacks it, told by its first bytes."""
    start = packed.read(6)
    packed.seek(0)
    if start[:2] == b"\x1f\x8b":
        return gzip.open(packed)
    if start != b"\xfd7zXZ\x00":
        raise CIFAR10Error(
            f"{where} is not a .tar.gz or .tar.xz archive; it may be an error page "
            "saved under that name"
        )
    try:
        import lzma  # here, because some Pythons are built without it
    except ImportError as error:
        raise CIFAR10Error(
            f"{where} is packed with xz, which this Python was built without; expected "
            "a .tar.gz archive"
        ) from error
    return lzma.open(packed)


def _collect(tar, found, where):
    """Put the wanted members of an open archive into the dict `found`."""
    for member in tar:
        if member.size > ARCHIVE_CAP:  # tarfile would look for its end for ever
            raise _too_large(where)
        parts = PurePosixPath(member.name).parts
        wanted = parts and len(parts) <= 2 and parts[-1] in OFFICIAL_MD5
        ordinary = member.isfile() and not member.issparse()
        if not wanted or not ordinary or parts[0] in ("..", "/"):
            continue
        if parts[-1] in found:
            raise CIFAR10Error(f"{where} holds {parts[-1]} twice")
        _check_size(parts[-1], member.size, where)
        found[parts[-1]] = tar.extractfile(member).read()


def read_batches(files, strict):
    """Read and verify all seven files.

    Each file is hashed while it is in memory anyway: 0.3 s for the 180 MB.

    Parameters
    ----------
    files : FileSet
        From `open_folder` or `read_archive`.
    strict : bool
        If True, a file that is not the official one is an error, and is not even
        parsed.  If False, its name is listed in ``wrong``.

    Returns
    -------
    Batches
        Pictures as uint8.

    Raises
    ------
    CIFAR10Error
        If a file is damaged, malicious or has the wrong shape or labels.
    """
    wrong, parts = [], []
    for name in files.names:
        content = files.read(name)
        problem = hash_problem(name, content, files.where)
        if problem and strict:
            raise CIFAR10Error(problem)
        if problem:
            wrong.append(name)
        parse = parse_classes if name.startswith("batches.meta") else parse_batch
        parts.append(parse(name, content, files.where))
    *train, (X_test, y_test), classes = parts
    return Batches(
        where=files.where,
        X_train=np.concatenate([X for X, _ in train]),
        y_train=np.concatenate([y for _, y in train]),
        X_test=X_test.copy(),
        y_test=y_test,
        classes=classes,
        wrong=tuple(wrong),
    )


def install(files, folder):
    """Copy verified files into a folder, each one whole or not at all.

    A file is written under a temporary name in the same folder, flushed to the
    disk, and moved over its final name.  If that fails midway (a full disk), the
    files that were not there before are taken away again.

    Parameters
    ----------
    files : FileSet
        Files whose hashes have been verified by `read_batches`.
    folder : Path
        Where to put them; made if needed.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    added = []
    try:
        for name in files.names:
            content, target = files.read(name), folder / name
            if not target.exists():
                added.append(target)
            elif target.read_bytes() == content:
                continue
            with whole_file(target) as file:
                file.write(content)
    except BaseException:  # Ctrl-C too
        for target in added:
            target.unlink(missing_ok=True)
        raise
