"""Say how much memory is wanted before it is taken.

An operating system promises more memory than it has.  A program that uses all it was
promised makes the machine crawl, or is ended without a word: a notebook's kernel just
dies.  So whoever is about to take much asks here first.
"""

import math
from pathlib import Path, PurePosixPath

MUCH = 2**28  # bytes; nobody is asked for less, because asking takes time, too
SPARE = 2**27  # bytes for everybody else


def require(wanted, what, remedy):
    """Refuse to take more memory than there is.

    Parameters
    ----------
    wanted : int
        Bytes that are about to be taken.
    what : str
        Who wants them, for example ``"conv_forward_fast on x of shape ..."``.
    remedy : str
        What a person can do.

    Raises
    ------
    MemoryError
        If that would leave less than a little for everybody else.
    """
    if wanted < MUCH:
        return
    free = available()
    if wanted + SPARE > free:
        raise MemoryError(
            f"{what} wants {wanted:,} bytes of memory and {max(0, free):,} are "
            f"available: {remedy}."
        )


def for_layer(x, *numbers):
    """Refuse a layer that does not fit; float32 counts 4 bytes, all else 8.

    Parameters
    ----------
    x : ndarray
        Its input.  A copy of it counts if the layer computes in another dtype or order.
    *numbers : int
        How many numbers the layer is about to make.

    Raises
    ------
    MemoryError
        See `require`.
    """
    count = sum(numbers)
    if 8 * (count + x.size) < MUCH:
        return
    is_float32 = x.dtype.kind == "f" and x.dtype.itemsize == 4
    each = 4 if is_float32 else 8
    taken = x.dtype.kind == "f" and x.dtype.itemsize == each and x.flags.c_contiguous
    require(
        each * (count + (0 if taken else x.size)),
        f"A layer on x of shape {x.shape} and dtype {x.dtype}",
        "take fewer images at a time",
    )


def available():
    """Say how many bytes can be taken without slowing the machine down.

    Returns
    -------
    int
        What the system has to give, or what the limits of a container leave of it.
    """
    import psutil  # not before it is needed: most processes never ask

    return min(psutil.virtual_memory().available, _limit_left())


def _limit_left():
    """Say how many bytes are left of a container's limits (Linux, cgroup 2)."""
    left = math.inf
    mine = PurePosixPath(_read("/proc/self/cgroup").removeprefix("0::"))
    for group in (mine, *mine.parents):  # a limit holds for all groups inside
        home = f"/sys/fs/cgroup/{group}"
        limit, used = _read(f"{home}/memory.max"), _read(f"{home}/memory.current")
        if limit.isdecimal() and used.isdecimal():
            # Files that were read lately count as used, and give way.
            words = _read(f"{home}/memory.stat").split()
            files = dict(zip(words[::2], words[1::2], strict=False))
            cached = int(files.get("inactive_file", 0))
            left = min(left, int(limit) - int(used) + cached)
    return left


def _read(path):
    try:
        return Path(path).read_text().strip()
    except (OSError, ValueError):
        return ""
