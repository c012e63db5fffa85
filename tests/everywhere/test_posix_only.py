"""What only Linux and macOS have, and where we use it all the same.

The table says where a guard stands beside such a name; the test fails wherever a new
one appears.  Then these names are taken away, and the package has to work.
"""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from utils.checks import process

ROOT = Path(__file__).resolve().parents[2]
UTILS = ROOT / "utils"

MODULES = "fcntl resource pwd grp termios tty pty posix readline curses syslog".split()
NAMES = {
    "os": "fork forkpty getuid geteuid getgid getegid setuid setgid setgroups "
    "setresuid setresgid chown lchown fchown killpg getpgid setpgid setsid nice "
    "getloadavg uname sched_getaffinity sched_setaffinity register_at_fork mkfifo "
    "statvfs sysconf wait WNOHANG O_NOFOLLOW O_DIRECTORY O_CLOEXEC pread pwrite "
    "posix_fallocate posix_spawn getpriority setpriority openpty sync chroot unshare",
    "signal": "SIGKILL SIGHUP SIGALRM SIGUSR1 SIGUSR2 SIGSTOP SIGCONT SIGPIPE SIGQUIT "
    "SIGCHLD SIGTSTP alarm setitimer pthread_kill sigwait pthread_sigmask",
    "mmap": "MAP_PRIVATE MAP_SHARED MAP_ANONYMOUS PROT_READ PROT_WRITE MADV_HUGEPAGE",
    "time": "tzset clock_gettime pthread_getcpuclockid",
    "socket": "AF_UNIX socketpair",
    "select": "poll epoll kqueue",
}
NAMES = {module: names.split() for module, names in NAMES.items()}
KEYWORDS = ("preexec_fn", "pass_fds")  # of subprocess.Popen

# module -> what it uses, and what stands around it there.
GUARDED = {
    "environment": "fcntl",  # msvcrt on Windows
    "cifar10.download": "fcntl",  # msvcrt on Windows
    "checks.child": "resource",  # without it, memory is not limited
    "checks.process": "os.killpg signal.SIGKILL",  # suppressed; Popen.kill comes first
    "kernels.threads": "os.sched_getaffinity os.sched_setaffinity "
    "os.register_at_fork mmap.MADV_HUGEPAGE mmap.MAP_PRIVATE mmap.MAP_ANONYMOUS",
    "kernels.compiler": "os.getuid",
    "doctor.machine": "os.geteuid",
    # Staff: judges are limited where that is possible; a self-test runs a shell.
    "staff.crew": "resource",
    "staff.journal": "fcntl",
    "staff.isolation": "os.chown",
    "staff.gradescope": "os.killpg signal.SIGKILL",
}
LINUX = "staff.confine"  # a program that nothing else imports, or starts elsewhere


def posix_only(source):
    """Return the names that Windows does not have, wherever they are used."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names} & set(MODULES)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {node.module} & set(MODULES)
            names = NAMES.get(node.module, ())
            found |= {f"{node.module}.{a.name}" for a in node.names if a.name in names}
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in NAMES.get(node.value.id, ()):
                found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Call):
            found |= {k.arg for k in node.keywords} & set(KEYWORDS)
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import fcntl", {"fcntl"}),
        ("def f():\n    from resource import getrlimit", {"resource"}),
        ("from os import fork, path", {"os.fork"}),
        ("os.killpg(3, signal.SIGKILL)", {"os.killpg", "signal.SIGKILL"}),
        ("Popen(x, preexec_fn=f)", {"preexec_fn"}),
        ("getattr(os, 'getuid', None); os.replace(a, b)", set()),
    ],
)
def test_every_use_is_seen(source, expected):
    assert posix_only(source) == expected


@pytest.mark.parametrize("path", sorted(UTILS.rglob("*.py")), ids=lambda p: p.stem)
def test_what_only_posix_has_stands_behind_a_guard(path):
    module = ".".join(path.relative_to(UTILS).with_suffix("").parts)
    if module == LINUX:
        return
    found = posix_only(path.read_text("utf-8"))
    assert found == set(GUARDED.get(module, "").split())


# Taken away when all libraries are loaded: they have their own ways on Windows.
TAKE_AWAY = f"""
import mmap, os, signal, sys, time
import IPython, jupyter_client, matplotlib.pyplot, nbconvert, numba, tqdm
kept = dict.fromkeys(("SIGKILL", "WNOHANG"))  # Linux's own subprocess needs them
for module in {MODULES}:
    sys.modules[module] = None
for module, names in {NAMES}.items():
    for name in names:
        if name not in kept and module in ("os", "signal", "mmap", "time"):
            vars(sys.modules[module]).pop(name, None)
"""
USE = """
import importlib, pathlib
import numpy as np
for path in sorted(pathlib.Path("utils").rglob("*.py")):
    parts = path.with_suffix("").parts
    if parts[-1] == "__main__" or parts[:2] == ("utils", "staff"):
        continue
    if parts[1] == "sweep" or path.stem == "explorer":  # optional packages
        continue
    importlib.import_module(".".join(parts).removesuffix(".__init__"))
from utils.environment import Environment
from utils.fast_layers import conv_forward_fast
from utils.kernels import compiler, threads
assert threads.count() == (os.cpu_count() or 1)
assert threads.aligned(1 << 20).sum() == 0  # large enough for huge pages
x, w = np.ones((2, 3, 4, 4), np.float32), np.ones((5, 3, 3, 3), np.float32)
out, _ = conv_forward_fast(x, w, np.zeros(5, np.float32), {"stride": 1, "pad": 1})
assert out[0, 0, 1, 1] == 27
assert any(compiler._roots())
print("all is there")
"""


@pytest.mark.skipif(os.name == "nt", reason="takes away what Windows never had")
def test_the_package_works_without_what_only_posix_has():
    env = {k: v for k, v in os.environ.items() if k != "UTILS_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", TAKE_AWAY + USE],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "all is there\n", done.stderr


class Nt:
    """The module `os` as Windows has it, for one module of ours."""

    name = "nt"

    def __getattr__(self, name):
        if name in NAMES["os"]:
            raise AttributeError(name)
        return getattr(os, name)


def launch(command, **options):
    """Start a child that finds none of the modules of POSIX."""
    code = (
        f"import runpy, sys; sys.modules.update(dict.fromkeys({MODULES}))\n"
        f"runpy.run_path({command[-1]!r}, run_name='__main__')"
    )
    options.pop("start_new_session")
    return subprocess.Popen([*command[:-1], "-c", code], **options)


@pytest.fixture
def student(tmp_path, monkeypatch):
    """Start functions of a file as on Windows."""
    monkeypatch.setattr(process, "os", Nt())
    running = []

    def start(source):
        (tmp_path / "mine.py").write_text(source)
        one = process.Process(process.Limits(launch=launch, seconds=0.3))
        running.append(one)
        one.start()
        one.file, one.now = str(tmp_path / "mine.py"), "f"
        _, found = one.ask("open", one.file, "mine", str(tmp_path), ("f",))
        one.allow()
        return one, found[0][0]

    yield start
    for one in running:
        one.close()
        assert not os.path.exists(one.path)  # the file that crashes are noted in


def test_a_check_calls_a_function_as_on_windows(student):
    one, f = student("import os, sys\ndef f():\n    print('said')\n    return 42\n")
    assert one.path
    assert one.ask("call", f, "", (), {}, ())[1] == 42
    one.close()
    assert one.printed() == "said"


def test_an_endless_loop_ends_as_on_windows(student):
    one, f = student("def f():\n    while True: pass\n")
    with pytest.raises(process.Dead, match=r"within 0.3 seconds: .* \(mine.py:2\)"):
        one.ask("call", f, "", (), {}, ())
    assert one.popen.wait(5)
