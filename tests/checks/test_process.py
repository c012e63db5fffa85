"""A process by itself: what it says when it cannot answer, and what it leaves."""

import os
import time

import pytest

from utils.checks import wire
from utils.checks.process import Dead, Limits, Process


@pytest.fixture
def started(tmp_path):
    """Start a process in which a file with this text is open."""
    processes = []

    def start(text, **limits):
        (tmp_path / "mine.py").write_text(text)
        process = Process(Limits(**limits))
        processes.append(process)
        process.file = str(tmp_path / "mine.py")
        process.now = "f"
        assert process.ask("start", 4 << 30, 0.05, process.log) == ("started",)
        what, found = process.ask("open", process.file, "mine", str(tmp_path), ("f",))
        assert what == "opened"
        process.patience = process.limits.seconds
        return process, found[0][0]

    yield start
    for process in processes:
        process.close()


def call(process, function, *args):
    return process.ask("call", function, "", args, {}, ())


def test_it_answers(started):
    process, f = started("def f(x): return 2 * x\n")
    assert call(process, f, 4) == ("returned", 8, [], [])
    assert call(process, f)[:3] == ("raised", False, "TypeError")
    process.close()
    assert process.popen.returncode == 0 and not os.path.exists(process.log)
    with pytest.raises(Dead, match="has been closed"):
        call(process, f, 4)


def test_the_limit_is_on_the_sum_of_all_waits(started):
    process, f = started("import time\ndef f(): time.sleep(0.2)\n", seconds=0.5)
    with pytest.raises(Dead, match=r"within 0.5 seconds: .* \(mine.py:2\)"):
        for _ in range(9):
            call(process, f)
    assert process.popen.wait(5) != 0


ENDS = {
    "exit": ("import os\ndef f(): os._exit(4)\n", "exit status 4"),
    "crash": ("import ctypes\ndef f(): ctypes.string_at(0)\n", r"crashed.*mine.py:2"),
    "shut": (
        "import os\ndef f(): os.closerange(3, 99)\n",
        "(closed the pipe|ended the process)",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_ends_are_told_apart(name, started):
    process, f = started(ENDS[name][0])
    with pytest.raises(Dead, match=f"^f .*{ENDS[name][1]}"):
        call(process, f)


def test_what_is_no_answer_ends_it(started):
    process, f = started("def f(): ...\n")
    process.inbox.put(b"?")
    with pytest.raises(Dead, match="unreadable: there is no tag"):
        call(process, f)
    assert process.popen.wait(5) != 0


def test_a_frame_without_end_ends_it(started):
    process, f = started(
        "import os\n"
        "def f():\n"
        "  for k in range(3, 20):\n"
        "    try: os.write(k, b'\\xff' * 99)\n"
        "    except OSError: pass\n"
    )
    with pytest.raises(Dead):
        call(process, f)


def test_its_own_processes_end_with_it(started):
    if os.name == "nt":
        pytest.skip("Windows has no groups of processes")
    process, f = started(
        "import subprocess, sys\n"
        "def f():\n"
        "  command = [sys.executable, '-c', 'import time; time.sleep(99)']\n"
        "  return subprocess.Popen(command).pid\n"
    )
    child = call(process, f)[1]
    os.kill(child, 0)
    begin = time.monotonic()
    process.close()
    for _ in range(100):
        try:
            with open(f"/proc/{child}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    break
        except FileNotFoundError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("it lives on")
    assert time.monotonic() - begin < 60


def test_no_more_is_kept_of_prints_than_allowed(started):
    process, f = started("def f(n): print('line\\n' * n)\n", shown=10)
    call(process, f, 100_000)
    process.close()
    assert process.printed().startswith("line\nline\n... 99999 more lines")
    assert len(process.output) == 10


def test_encoding_problems_are_ours(started):
    process, f = started("def f(x): return x\n")
    with pytest.raises(TypeError, match="generator cannot be sent"):
        call(process, f, (k for k in "ab"))
    assert call(process, f, wire.opaque(f.handle, "f"))[0] == "returned"
