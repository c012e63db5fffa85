"""What a confined process can still do; `test_attacks` tries more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from utils.staff import isolation

SHUT = {
    "network": "import socket; socket.socket()",
    "unix socket": "import socket; socket.socket(socket.AF_UNIX)",
    "new user": "import ctypes; assert not ctypes.CDLL(None).unshare(1 << 28)",
    "new user by clone": "import ctypes, os\npid = ctypes.CDLL(None).syscall(CLONE, "
    "17 | 1 << 28, 0, 0, 0, 0)\npid > 0 or os._exit(1)\nos.wait()",
    "file in memory": "os.memfd_create('x')",
    "shared memory": "import ctypes\n"
    "assert ctypes.CDLL(None).shmget(0, 4096, 0o1600) >= 0",
    "new process": "import os\nfor k in range(99): os.fork() or os._exit(0)",
    "large file": "open(os.environ['HOME'] + '/f', 'wb').write(bytes(20 << 20))",
    "memory": "bytearray(4 << 30)",
    "more rights": "import resource as r\nr.setrlimit(r.RLIMIT_AS, (-1, -1))",
}
HEAD = "import os, resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
HEAD += "CLONE = {'x86_64': 56}.get(os.uname().machine, 220)\n"

levels = [level for level in isolation.LEVELS[1:] if isolation.works(level)]
pytestmark = pytest.mark.skipif(not levels, reason="nothing to confine with")


def run(level, code):
    """Return the exit status of some code at a level."""
    with isolation.Room(level) as room:
        command = [sys.executable, "-c", HEAD + code]
        tried = room.launch(command, stderr=subprocess.DEVNULL)
        try:
            return tried.wait(60)
        finally:
            tried.kill()


@pytest.mark.parametrize("level", levels)
@pytest.mark.parametrize("name", SHUT)
def test_doors_are_shut(level, name):
    code = SHUT[name]
    shut_by_others = name == "new process" and "NPROC" not in limits(level)
    assert shut_by_others or run(level, code) != 0
    assert run(level, "pass") == 0


def limits(level):
    with isolation.Room(level) as room:
        return room.spec()["limits"]


@pytest.mark.skipif("netns" not in levels, reason="nothing is shown or hidden")
def test_what_cannot_be_shown_stops_it(tmp_path):
    """A process without kernels would compile them, and lose points by its slowness."""
    for path in (tmp_path / "kernels", Path("/nowhere/kernels")):
        with isolation.Room("netns", cache=path) as room:
            command = [sys.executable, "-c", "pass"]
            for _ in range(2):  # neither the first process nor a later one
                tried = room.launch(command, stderr=subprocess.PIPE)
                assert (
                    f"{path} is to be shown" in tried.communicate(None, 60)[1].decode()
                )
                assert tried.returncode == 1


@pytest.mark.parametrize("level", levels)
def test_threads_and_processes_can_be_started(level):
    code = "import threading, subprocess, sys\n"
    code += "t = threading.Thread(target=int)\nt.start()\nt.join()\n"
    code += "subprocess.run([sys.executable, '-I', '-c', ''], check=True)"
    assert run(level, code) == 0


@pytest.mark.parametrize("level", levels)
def test_where_memory_ends_it_goes_first(level):
    code = "open('/proc/self/oom_score_adj').read() == '1000\\n' or os._exit(3)"
    assert run(level, code) == 0


@pytest.mark.parametrize("level", levels)
def test_the_end_of_a_process_is_told(level):
    assert run(level, "os._exit(7)") == 7
    assert run(level, "os.kill(os.getpid(), 9); os._exit(0)") in (-9, 0)
    assert run(level, "import ctypes; ctypes.string_at(0)") == -11


@pytest.mark.skipif("netns" not in levels, reason="no namespaces here")
def test_an_empty_machine(tmp_path):
    (tmp_path / "secret").write_text("x")
    # Nobody else's files; the workbook itself may lie there.
    other = tmp_path.parts[2] if tmp_path.is_relative_to("/tmp") else "other"
    tests = {
        f"open({str(tmp_path / 'secret')!r})": 1,
        "os.listdir('/home')": 1,
        f"open('/tmp/new', 'w'); {other!r} in os.listdir('/tmp') and os._exit(3)": 0,
        "open(os.sys.prefix + '/new', 'w')": 1,
        "os.getpid() == 1 or os._exit(3)": 0,
        "os.kill(2, 9)": 1,
        "open('/dev/null', 'w').write('x'); open('/dev/urandom', 'rb').read(1)": 0,
        "import numpy, json; json.dumps([float(numpy.ones(3).sum())])": 0,
    }
    found = {code: run("netns", "import os\n" + code) for code in tests}
    assert found == tests


def test_its_spec_can_be_sent():
    for level in levels:
        with isolation.Room(level) as room:
            assert json.loads(json.dumps(room.spec()))["level"] == level
