"""How far a student's process is shut off, and starting one that is.

Four levels, each with what the ones before it have:

none     a process with the rights of whoever grades
rlimit   limits on time, memory, files and processes; on Linux no sockets
uid      a user of its own, who owns nothing
netns    an empty machine: no network, no other process, and of all files only
         Python, the packages and the workbook, read-only

The best level that works is found by trying.  It is written into the results, because
it says how far they can be trusted.
"""

import contextlib
import functools
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from utils.checks import process

LEVELS = ("none", "rlimit", "uid", "netns")
TRUSTED = LEVELS[2:]  # a process has other rights than the grader
FIRST_USER, USERS = 61_000, 4_000  # numbers that no system gives to anybody
PREFIX = "grade-"  # of the rooms' folders
CONFINE = Path(__file__).with_name("confine.py")
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives")
LIMITS = {
    "CPU": 90,  # seconds; the clock on the wall is stopped earlier
    "FSIZE": 16 << 20,  # bytes of a file
    "NPROC": 16,  # processes and threads
    "NOFILE": 128,
    "CORE": 0,
}
SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # where any user may leave something
PROBE = "import numpy, os, sys; os._exit(42)"


class Room:
    """A place in which students' processes run one after the other.

    Parameters
    ----------
    level : str
        One of `LEVELS`.
    memory : int
        Bytes of address space of a process.
    cache : Path, optional
        Compiled kernels, an absolute path; each process gets a copy.

    Attributes
    ----------
    stage : Path
        The folder that processes see, and cannot change.

    Raises
    ------
    ValueError
        If the path of the kernels is relative: processes start in another folder.
    """

    def __init__(self, level, memory=3 << 30, cache=None):
        if cache and not cache.is_absolute():
            raise ValueError(f"cache is {str(cache)!r}; expected an absolute path.")
        self.level, self.memory, self.cache = level, memory, cache
        self.uid = free_user() if is_root() and level in TRUSTED else None
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        if self.uid is not None:  # not for the users of other rooms
            os.chown(self.folder, 0, self.uid)
        self.folder.chmod(0o710)
        self.stage = self.folder / "stage"
        self.root, self.scratch = self.folder / "root", self.folder / "scratch"
        tools = self.folder / "tools"
        for folder in (self.stage, self.root, tools):
            folder.mkdir()
            folder.chmod(0o755)  # whatever the mask of this process is
        for name in ("child.py", "wire.py"):
            shutil.copy(process.CHILD.with_name(name), tools)
            (tools / name).chmod(0o644)
        self.child = tools / "child.py"

    def __enter__(self):
        """Give the room."""
        return self

    def __exit__(self, *error):
        """Remove it with all that was left in it."""
        remove(self.folder)

    def launch(self, command, env=None, **options):
        """Start Python like `subprocess.Popen`, but confined.

        Parameters
        ----------
        command : list of str
            The interpreter, options, and `utils.checks.child`; only the first and the
            last are of interest here.
        env : dict, optional
            Of it only what concerns threads is kept.
        **options
            For `subprocess.Popen`.
        """
        program = (
            [str(self.child)] if command[-1] == str(process.CHILD) else command[1:]
        )
        python = [command[0], "-I", "-B", "-X", "utf8", *program]
        home = "/tmp" if self.level == "netns" else str(self._new_scratch())
        options |= {"env": self._environment(env or {}, home), "cwd": "/"}
        if self.level == "none":
            return subprocess.Popen(python, **options)
        confine = [sys.executable, "-I", "-S", str(CONFINE), json.dumps(self.spec())]
        return Confined([*confine, *python], self.uid, self.level, options)

    def spec(self):
        """Return what `confine` is told."""
        limits = LIMITS | {"AS": self.memory}
        if self.uid is None and self.level != "netns":
            del limits["NPROC"]  # it would count all processes of this user
        spec = {"level": self.level, "uid": self.uid, "limits": limits}
        if self.level == "netns":
            spec |= {"visible": visible(self.stage, self.child.parent)}
            spec |= {"root": str(self.root)}
            if self.cache:
                spec["visible"].append(str(self.cache))
                spec["copies"] = {str(self.cache): "/tmp/" + self.cache.name}
        return spec

    def _new_scratch(self):
        """Make the one folder that a process may write to, where it is not in /tmp."""
        remove(self.scratch)
        if self.cache and self.cache.is_dir():
            shutil.copytree(self.cache, self.scratch / self.cache.name)
        self.scratch.mkdir(mode=0o700, exist_ok=True)
        if self.uid is not None:
            for where, _, names in os.walk(self.scratch):
                for name in ("", *names):
                    os.chown(os.path.join(where, name), self.uid, self.uid)
        return self.scratch

    def _environment(self, env, home):
        kept = {k: v for k, v in env.items() if k.endswith("_NUM_THREADS")}
        kept |= {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": "Agg"}
        for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "MPLCONFIGDIR"):
            kept[name] = home
        return kept | {"UTILS_THREADS": "1", "SYSTEMROOT": os.getenv("SYSTEMROOT", "")}


def free_user():
    """Choose a user that has no room here: all processes of one are ended together.

    By chance, because other containers are not seen from here, and the kernel counts a
    user's processes in all of them.
    """
    taken = set()
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # just removed
            taken.add(folder.stat().st_gid)
    return secrets.choice([*{*range(FIRST_USER, FIRST_USER + USERS)} - taken])


class Confined(subprocess.Popen):
    """A process that is ended together with all others of its user, and their files."""

    def __init__(self, command, uid, level, options):
        self.others = uid if level == "uid" else None
        super().__init__(command, **options)

    def kill(self):
        """End it, and what it has started."""
        super().kill()
        if self.others is not None:
            others, self.others = self.others, None
            end_all_of(others)
            sweep(others)


def sweep(uid):
    """Remove what a user has left in folders that are open to all."""
    for folder in filter(os.path.isdir, SHARED):
        for path in map(Path(folder).joinpath, os.listdir(folder)):
            with contextlib.suppress(OSError):
                if path.lstat().st_uid == uid:
                    remove(path)


def remove(path):
    """Remove a file or folder, however deep, and whatever it is."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    except RecursionError:  # made by a student: Python goes down folder by folder
        subprocess.run(["rm", "-rf", "--", str(path)], stderr=subprocess.DEVNULL)
    except OSError:
        pass


def end_all_of(uid):
    """End all processes of a user, also those that hide in sessions of their own."""
    code = (
        f"import os; os.setgroups([]); os.setresgid({uid}, {uid}, {uid}); "
        f"os.setresuid({uid}, {uid}, {uid}); os.kill(-1, 9)"
    )
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        command = [sys.executable, "-I", "-S", "-c", code]
        subprocess.run(command, timeout=30, stderr=subprocess.DEVNULL)


def visible(*folders):
    """List what an empty machine needs to run our Python."""
    own = {sys.prefix, sys.base_prefix, sys.executable}
    own = {sys.prefix, sys.base_prefix, *map(os.path.realpath, own)}
    paths = [*SYSTEM, *sorted(own), *map(str, folders)]
    return [path for path in paths if os.path.lexists(path)]


def reaches(level, path):
    """Tell whether a process at a level of `TRUSTED` could read a file or folder."""
    path = path.resolve()
    if level == "netns":
        return any(path.is_relative_to(os.path.realpath(one)) for one in visible())
    return is_open(path)


def is_open(path):
    """Tell whether any user can read a file, or something in a folder."""
    path = path.resolve()
    if not path.exists() or not path.stat().st_mode & (0o005 if path.is_dir() else 4):
        return False
    return all(folder.stat().st_mode & 0o001 for folder in path.parents)


def is_root():
    """Tell whether this process may become any user."""
    return getattr(os, "geteuid", lambda: 1)() == 0


@functools.cache
def best_level():
    """Return the best of `LEVELS` that works here."""
    return next((level for level in reversed(LEVELS[1:]) if works(level)), "none")


def works(level):
    """Tell whether a process can be started at a level."""
    if level != "none" and not sys.platform.startswith("linux"):
        return False
    if level == "uid" and not is_root():
        return False
    with Room(level) as room:
        command = [sys.executable, "-c", PROBE]
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
        tried = room.launch(command, stderr=subprocess.DEVNULL, **options)
        try:
            return tried.wait(60) == 42
        except subprocess.TimeoutExpired:
            return False
        finally:
            tried.kill()
            tried.wait()
