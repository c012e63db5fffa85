"""Download one file from the first of several mirrors that can deliver it.

What has arrived is kept in ``<name>.part`` and continued from there, after a cut
connection, by the next mirror, or in the next run; ``<name>.part.json`` remembers
where it came from.  A mirror that is dead, stalls, is slower than `SPEED_FLOOR`
or delivers something else makes room for the next one.  The file gets its name
only when it is whole.

References
----------
RFC 9110, sections 13.1.5 (If-Range) and 14 (Range).
"""

import contextlib
import hashlib
import http.client
import json
import threading
import time
import urllib.error
import urllib.request

from tqdm import tqdm

from utils.whole_files import WINDOWS, replace

USER_AGENT = "cnn-workbook"
CONNECT_TIMEOUT = 6.0  # seconds until a mirror must have answered
STALL_TIMEOUT = 10.0  # seconds without a single byte
SPEED_FLOOR = 200_000  # bytes per second ...
SPEED_WINDOW = 20.0  # ... over as many seconds
ROUNDS = 3  # visits to a mirror that delivers, but slowly or not to the end ...
PROGRESS = 2**20  # ... and more, as long as a round brings so many bytes
SIZE_CAP = 2**30  # bytes
CHUNK = 2**18  # bytes
LOCK_WAIT = 3600.0  # seconds


class DownloadError(Exception):
    """A file could not be downloaded; the message says why."""


class _Interrupted(Exception):
    """A mirror stopped delivering before the end; another visit may help."""


def fetch(urls, target, md5=None):
    """Download a file, from the first mirror that can deliver it.

    Mirrors that deliver too slowly are visited again, without a speed floor, when
    no other one could do better.

    Parameters
    ----------
    urls : sequence of str
        The same file at each of them, best first.
    target : Path
        Where to put it; the folder must exist.
    md5 : str, optional
        Expected MD5 as hex digits.  Without it, a part that came from one mirror is
        never continued by another.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    DownloadError
        If no mirror delivered the file; what arrived stays in ``<name>.part``.
    """
    part = _Part(target, md5)
    # Errors of the network are handled below, so an OSError comes from the disk.
    with _local_errors(part.path):
        if not part.is_whole():  # else an earlier run ended just before the last step
            _try_mirrors(urls, part)
        return part.finish()


def _try_mirrors(urls, part):
    """Visit mirrors until the part is whole and verified."""
    reasons, waiting, visits, progress = {}, list(urls), 0, 0
    while waiting and (visits < ROUNDS or progress >= PROGRESS):
        floor, before = 0 if visits else SPEED_FLOOR, part.size()
        again = []
        for url in waiting:
            try:
                return _deliver(url, part, floor)
            except _Interrupted as error:
                reasons[url] = str(error)
                again.append(url)
            except DownloadError as error:
                reasons[url] = str(error)
        waiting, progress, visits = again, part.size() - before, visits + 1
    raise DownloadError("; ".join(f"{url}: {why}" for url, why in reasons.items()))


def _deliver(url, part, floor):
    """Get the rest of the file from one mirror, and judge the whole."""
    continued = _receive(url, part, floor)
    if part.matches():
        return
    part.discard()
    if continued:  # the parts may not have belonged together: once more, afresh
        _receive(url, part, floor)
        if part.matches():
            return
        part.discard()
    raise DownloadError("it delivers a file with another MD5 than the expected one")


class _Part:
    """The file while it grows, and the note about where it comes from."""

    def __init__(self, target, md5):
        self.target, self.md5 = target, md5
        self.path = target.with_name(target.name + ".part")
        self.note_path = target.with_name(target.name + ".part.json")

    def size(self):
        return self.path.stat().st_size if self.path.exists() else 0

    def note(self):
        """Read the note: url, validator, total; empty if there is none."""
        try:
            note = json.loads(self.note_path.read_text(encoding="utf-8"))
            return note if isinstance(note, dict) else {}
        except (OSError, ValueError):
            return {}

    def write_note(self, **note):
        self.note_path.write_text(json.dumps(note), encoding="utf-8")

    def is_whole(self):
        return self.md5 is not None and self.size() > 0 and self.matches()

    def matches(self):
        if self.md5 is None:
            return True
        with open(self.path, "rb") as file:
            digest = hashlib.file_digest(
                file, lambda: hashlib.md5(usedforsecurity=False)
            )
        return digest.hexdigest() == self.md5

    def discard(self):
        self.path.unlink(missing_ok=True)
        self.note_path.unlink(missing_ok=True)

    def finish(self):
        """Give the file its name."""
        replace(self.path, self.target)
        self.note_path.unlink(missing_ok=True)
        return self.target


def _range_headers(url, part):
    """Choose the headers that ask for the rest of the part, if it may be continued.

    From the same mirror, If-Range makes sure that the file has not changed.  From
    another mirror only the final MD5 can tell, so there must be one.
    """
    note = part.note()
    if not part.size() or not note:
        return {}
    headers = {"Range": f"bytes={part.size()}-"}
    if note.get("url") == url and note.get("validator"):
        return headers | {"If-Range": note["validator"]}
    return headers if part.md5 else {}


def _validator(headers):
    """Choose the response header that identifies this version of the file."""
    etag = headers.get("ETag")
    if etag and not etag.startswith("W/"):  # weak ones are not allowed in If-Range
        return etag
    return headers.get("Last-Modified")


def _receive(url, part, floor):
    """Write what one mirror sends to the part; return whether it was continued."""
    headers = _range_headers(url, part)
    try:
        response = _open(url, headers)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != 416 or not headers:
            raise DownloadError(f"it answers {error.code} {error.reason}") from error
        part.discard()  # our part is longer than its file
        return _receive(url, part, floor)
    with response:
        length = response.headers.get("Content-Length", "")
        length = int(length) if length.isdecimal() else None
        start = part.size() if headers and response.status == 206 else 0
        total = None if length is None else start + length
        if start and not _continues(response.headers, start, part.note().get("total")):
            part.discard()
            return _receive(url, part, floor)
        if total is not None and total > SIZE_CAP:
            raise DownloadError(f"its file has {total:,} bytes, too large")
        if not start:
            part.discard()
            part.write_note(
                url=url, validator=_validator(response.headers), total=total
            )
        _copy(response, part, start, total, floor)
    return start > 0


def _continues(headers, start, total):
    """Tell whether a partial answer begins where the part ends, in the same file."""
    kind, _, content_range = headers.get("Content-Range", "").partition(" ")
    span, _, whole = content_range.partition("/")
    same = total is None or whole == "*" or whole == str(total)
    return kind == "bytes" and span.startswith(f"{start}-") and same


def _open(url, headers):
    """Open a URL; name look-up, connection and answer within CONNECT_TIMEOUT.

    The time limit of urllib does not cover the look-up of the name, which can take
    a minute on a machine that is half offline; so a thread does it.
    """
    answer, late, turn = [], threading.Event(), threading.Lock()
    headers = {"User-Agent": USER_AGENT} | headers

    def connect():
        try:
            request = urllib.request.Request(url, headers=headers)
            result = urllib.request.urlopen(request, timeout=STALL_TIMEOUT)
        except Exception as error:
            result = error
        with turn:  # either in time and used, or late and closed
            if not late.is_set():
                answer.append(result)
            elif hasattr(result, "close"):
                result.close()

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT_TIMEOUT)
    with turn:
        late.set()
    if not answer:
        raise DownloadError(f"no answer within {CONNECT_TIMEOUT:g} s")
    if isinstance(answer[0], urllib.error.HTTPError):
        raise answer[0]
    if isinstance(answer[0], Exception):
        reason = getattr(answer[0], "reason", answer[0])
        raise DownloadError(f"no connection ({reason})") from answer[0]
    return answer[0]


def _copy(response, part, start, total, floor):
    """Append the body of a response to the part, watching its speed."""
    name = part.target.name
    window_start, window_bytes = time.monotonic(), 0
    with (
        open(part.path, "ab" if start else "wb") as file,
        tqdm(desc=name, initial=start, total=total, unit="B", unit_scale=True) as bar,
    ):
        while piece := _read(response):
            file.write(piece)
            bar.update(len(piece))
            window_bytes += len(piece)
            if file.tell() > SIZE_CAP:
                raise DownloadError(f"it sends more than {SIZE_CAP:,} bytes")
            seconds = time.monotonic() - window_start
            if seconds >= SPEED_WINDOW:
                if window_bytes < floor * seconds:
                    speed = window_bytes / seconds / 1000
                    raise _Interrupted(f"it delivers only {speed:.0f} kB/s")
                window_start, window_bytes = time.monotonic(), 0
        size = file.tell()
    if total is not None and size < total:
        raise _Interrupted(f"the connection ended after {size:,} of {total:,} bytes")


def _read(response):
    """Read what has arrived; a stall or a cut is an interruption."""
    try:
        return response.read1(CHUNK)
    except TimeoutError as error:
        raise _Interrupted(f"no byte came for {STALL_TIMEOUT:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise _Interrupted(f"the connection broke ({error})") from error


@contextlib.contextmanager
def _local_errors(path):
    """Turn an error of the disk into a sentence."""
    try:
        yield
    except OSError as error:
        raise DownloadError(
            f"{path} cannot be written ({error.strerror or error})"
        ) from error


@contextlib.contextmanager
def lock(path, on_wait=None, poll=0.2):
    """Hold an advisory lock, so that two processes do not download the same file.

    The lock ends with the process, however it ends.  Where the file system knows no
    locks, there is none.

    Parameters
    ----------
    path : Path
        The lock file; it stays there, empty.
    on_wait : callable, optional
        Called once, without arguments, when another process holds the lock.
    poll : float, optional
        Seconds between two attempts.

    Raises
    ------
    DownloadError
        If the other process holds it for longer than LOCK_WAIT.
    """
    waited, give_up = False, time.monotonic() + LOCK_WAIT
    with _local_errors(path):
        file = open(path, "ab")
    with file:
        while not _try_lock(file):
            if not waited and on_wait:
                on_wait()
            waited = True
            if time.monotonic() > give_up:
                raise DownloadError(
                    f"another process has held {path} for {LOCK_WAIT:g} s"
                )
            time.sleep(poll)
        yield


def _try_lock(file):
    """Take the lock if it is free; closing the file gives it back."""
    try:
        if WINDOWS:
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a network disk without locks: better unlocked than stuck
        return True
    return True
