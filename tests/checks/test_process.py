"""A process by itself: what it says when it cannot answer, and what it leaves."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from utils.checks import process as module
from utils.checks import runner, wire
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
        process.start()
        what, found = process.ask("open", process.file, "mine", str(tmp_path), ("f",))
        assert what == "opened"
        process.allow()
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
    assert process.popen.returncode == 0
    assert process.log.closed and not os.path.exists(process.path)
    with pytest.raises(Dead, match="has been closed"):
        call(process, f, 4)


def test_the_limit_is_on_the_sum_of_all_waits(started):
    process, f = started("import time\ndef f(): time.sleep(0.2)\n", seconds=0.5)
    text = r"f took more than 0.5 seconds in all: .* very slow one\? \(mine.py:2\)"
    with pytest.raises(Dead, match=text):
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


@pytest.mark.parametrize("shown", [4096, 100])
def test_some_whole_lines_of_prints_are_shown_from_the_beginning(shown, started):
    process, f = started(
        "def f(n): [print('line', k) for k in range(n)]\n", shown=shown
    )
    call(process, f, 1000)
    process.close()
    lines = process.printed().splitlines()
    count = len(lines) - 1
    assert lines[:-1] == [f"line {k}" for k in range(count)]
    assert lines[-1] == f"... {1000 - count} more lines"
    assert count == (20 if shown == 4096 else 13)


def test_one_endless_line_is_cut(started):
    process, f = started("def f(n): print(n * 'x')\n", shown=100)
    call(process, f, 10_000)
    process.close()
    assert process.printed().startswith(100 * "x" + "\n...")


def test_encoding_problems_are_ours(started):
    process, f = started("def f(x): return x\n")
    with pytest.raises(TypeError, match="generator cannot be sent"):
        call(process, f, (k for k in "ab"))
    assert call(process, f, wire.opaque(f.handle, "f"))[0] == "returned"


def test_an_answer_has_a_size(started):
    process, f = started("def f(n): return 'x' * n\n", largest=1 << 16)
    assert len(call(process, f, 1 << 15)[1]) == 1 << 15
    with pytest.raises(Dead, match="closed the pipe|unreadable|ended"):
        call(process, f, 1 << 17)


def test_an_answer_holds_few_things_that_cannot_travel(started):
    process, f = started("def f(n): return [object()] * n\n", things=10)
    assert len(call(process, f, 10)[1]) == 10
    assert len(call(process, f, 10)[1]) == 10
    with pytest.raises(Dead, match="too many of its values cannot be sent"):
        call(process, f, 11)


def test_nobody_says_more_than_was_asked(started):
    text = "import os\ndef f():\n  for k in range(3, 20):\n    for _ in range(50):\n"
    text += (
        "      try: os.write(k, b'\\1' + bytes(7) + b'T')\n      except OSError: 0\n"
    )
    process, f = started(text)
    assert call(process, f) is True  # forged, and worth no more than any value
    time.sleep(0.2)
    assert process.inbox.qsize() == 0


def test_it_can_be_started_by_others_and_notes_where_it_is_all_the_same(tmp_path):
    commands = []

    def launch(command, **options):
        commands.append(command)
        return subprocess.Popen(command, **options)

    if os.name == "nt":
        pytest.skip("open files are not handed on by number")
    (tmp_path / "mine.py").write_text("def f():\n    while True: pass\n")
    process = Process(Limits(launch=launch, seconds=0.3))
    try:
        process.start()
        process.file, process.now = str(tmp_path / "mine.py"), "f"
        _, found = process.ask("open", process.file, "mine", str(tmp_path), ("f",))
        process.allow()
        with pytest.raises(Dead, match=r"within 0.3 seconds: .* \(mine.py:2\)"):
            call(process, found[0][0])
    finally:
        process.close()
    assert len(commands) == 1


def test_one_call_has_a_limit_of_its_own(started):
    process, f = started("def f():\n  while True: pass\n", seconds=60, call=0.3)
    with pytest.raises(Dead, match=r"^f did not return within 0.3 .* \(mine.py:2\)"):
        call(process, f)


def test_compilers_get_more_time(started):
    text = "exec(compile({!r}, '/lib/numba/core.py', 'exec'), globals())\n"
    text = text.format("import time\ndef f(n): time.sleep(n)\n")
    process, f = started(text, seconds=0.3, call=0.2, compiling=1)
    assert call(process, f, 0.7)[0] == "returned"
    with pytest.raises(Dead, match="^f did not return within 1.[3-9]"):
        call(process, f, 99)


def test_running_code_is_watched_only_when_somebody_asks(started):
    process, f = started("import time\ndef f(n): time.sleep(n)\n")
    call(process, f, 1.2)
    assert process._noted() == b""


def test_asking_where_it_is_disturbs_nothing(started):
    # The watchdog of faulthandler brings such code down: it asks no lock.
    process, f = started(
        "import numpy as np\n"
        "def step(k): return sum(np.ones(3)[i] * k for i in range(3))\n"
        "def f(n): return sum(step(k) for k in range(n))\n"
    )
    process.outbox.put(wire.encode(("call", (), f, "", (20_000,), {}, ())))
    process.asked.release()
    for _ in range(300):
        process.outbox.put(wire.encode("where"))
        time.sleep(0.002)
    assert wire.decode(process.inbox.get(timeout=60))[1] == 3.0 * 19_999 * 10_000
    assert process._noted().count(b"mine.py") > 50


def test_a_whole_check_does_not_mind_being_watched(monkeypatch, capsys):
    asked = []
    following = Process._next

    def ask_again_and_again(process):
        process.outbox.put(wire.encode("where"))
        asked.append(1)
        return following(process)

    monkeypatch.setattr(Process, "_next", ask_again_and_again)
    monkeypatch.setattr(module, "SLICE", 0.002)
    results = runner.run_exercise("cnn-loss")
    assert all(result.passed for result in results), capsys.readouterr().out
    assert len(asked) > 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no sessions")
@pytest.mark.parametrize("then", ["return", "os._exit(5)"])
def test_who_has_left_the_session_holds_up_nothing(then, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import os, time\n"
        "def f():\n"
        "  if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    time.sleep(15)\n"
        "    os._exit(0)\n"
        f"  {then}\n"
    )
    (tmp_path / "run.py").write_text(
        "import sys\n"
        "from utils.checks.remote import separate\n"
        "from utils.checks.subject import Source, Subject\n"
        "source = Source(sys.argv[1] + '/mine.py', 'mine', sys.argv[1], 'f')\n"
        "with separate(Subject(source)) as ((f,), _):\n"
        "  try: print(f())\n"
        "  except Exception as error: print(error)\n"
    )
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(tmp_path / "run.py"), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert time.monotonic() - begin < 12
    expected = "None" if then == "return" else "f ended the process with exit status 5"
    assert done.stdout.startswith(expected) and done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows needs the file's name")
def test_nothing_is_left_behind_by_who_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    process = Process(Limits())
    try:
        process.start()
        assert list(tmp_path.iterdir()) == []
    finally:
        process.close()
