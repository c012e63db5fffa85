"""RemoteSubject and Subject are twins; what a process can do to us, and what not."""

import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from utils.checks import check_receptive_field, process, report
from utils.checks.compare import Wrong, require_array
from utils.checks.process import Dead, Limits
from utils.checks.remote import _sources as sources_of
from utils.checks.remote import separate
from utils.checks.subject import NotWritten, Source, Subject

TEXT = """
import os, sys, time
import numpy as np


def forward(x, param):
    return param["factor"] * x, (x, param)


def backward(dout, cache):
    x, param = cache
    return param["factor"] * dout


def spoil(dout, cache):
    cache[0][0] = -1
    return dout


def view(x, param):
    return x[::-1], None


def add_key(x, param):
    param["done"] = np.ones(2)
    x += 1
    return x.copy(), None


def reshape(x, param):
    x.shape = (3, 1)
    return x, None


def unwritten(*args):
    raise NotImplementedError("unwritten is not written yet (mine.py)")


def broken(*args):
    return np.zeros(3).reshape(2)


def order(x):
    return x.strides


def huge():
    return np.broadcast_to(0.0, (30_000, 50_000))


def long():
    return np.array([0.5], np.longdouble)


def dates():
    return np.array(["2026-11-26"], "datetime64[D]")


def pid():
    return os.getpid()


def where():
    return sorted(sys.modules)


def sleep():
    time.sleep(999)


def say(n):
    print("caf\\u00e9 \\033[1mx")
    for k in range(n):
        print("line", k, file=sys.stderr if k % 2 else sys.stdout)


def leave(code):
    os._exit(code)


class Net:
    def __init__(self, size=2):
        self.params = {"W": np.zeros(size)}

    def loss(self, X, y=None):
        return self.params["W"].sum() + X, {"W": self.params["W"]}


number = 3
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "mine.py").write_text(TEXT)
    return lambda name: Source(str(tmp_path / "mine.py"), "mine", str(tmp_path), name)


@pytest.fixture
def remote(source):
    """Open names of the file above; all in one process, which ends with the test."""
    contexts = []

    def opened(*names, **limits):
        subjects = [Subject(source(name)) for name in names]
        contexts.append(separate(*subjects, limits=Limits(**limits)))
        found, opened.printed = contexts[-1].__enter__()
        return found

    yield opened
    for context in contexts:
        context.__exit__(None, None, None)


def test_values_come_back_and_caches_stay(remote):
    forward, backward = remote("forward", "backward")
    x = np.arange(3.0)
    out, cache = forward.pair(x, {"factor": 2})
    np.testing.assert_array_equal(out, 2 * x, strict=True)
    assert type(cache).__name__ == "tuple" and not isinstance(cache, tuple)
    np.testing.assert_array_equal(backward(np.ones(3), cache), 2 * np.ones(3))
    assert forward(x, {"factor": 2})[1][1] == {"factor": 2}
    assert forward.name == "forward" and not forward.dead


def test_changes_reach_the_arguments_also_through_a_cache(remote):
    forward, spoil, add_key = remote("forward", "spoil", "add_key")
    x, param = np.arange(3.0), {"factor": 1}
    _, cache = forward.pair(x, param)
    spoil(np.ones(3), cache)
    assert list(x) == [-1, 1, 2]
    add_key.pair(x, param)
    assert list(x) == [0, 2, 3] and list(param["done"]) == [1, 1]


def test_an_argument_that_gets_another_shape(remote):
    (reshape,) = remote("reshape")
    for x in (np.zeros(3), np.arange(3), np.array([np.nan, np.inf, 0])):
        before = x.copy()
        reshape.pair(x, {})
        assert x.shape == (3,) and (x != before).all()


def test_strange_arrays_say_what_they_are(remote):
    huge, long, dates = remote("huge", "long", "dates")
    with pytest.raises(Wrong, match=r"^huge hands back an array of shape \(30000, 50"):
        huge()
    assert long().dtype == np.longdouble and long()[0] == 0.5
    with pytest.raises(Wrong, match=r"^out has dtype datetime64\[D\], expected real"):
        require_array("out", dates())


def test_views_are_told(remote):
    view, forward = remote("view", "forward")
    x = np.arange(3.0)
    out, _ = view.pair(x, {})
    assert view.shares_memory(out, x) and not view.shares_memory(out, np.ones(3))
    out, _ = forward.pair(x, {"factor": 1})
    assert not forward.shares_memory(out, x)


def test_memory_order_arrives(remote):
    (order,) = remote("order")
    x = np.flip(np.asfortranarray(np.zeros((2, 3))))
    assert order(x) == x.strides


def test_instances_and_their_methods(remote):
    (Net,) = remote("Net")
    model = Net(size=3)
    assert type(model).__name__ == "Net"
    assert list(Net.read(model, "params")["W"]) == [0, 0, 0]
    assert Net.read(model, "no", 7) == 7
    Net.write(model, "params", {"W": np.ones(2)})
    loss, grads = Net.method(model, "loss").pair(1.0, names=("loss", "grads"))
    assert loss == 3 and list(grads["W"]) == [1, 1]
    for instance, name in ((model, "train"), (3, "loss")):
        with pytest.raises(Wrong, match=f"Net has no {name}"):
            Net.method(instance, name)


def test_what_is_no_longer_needed_is_dropped(remote):
    (forward,) = remote("forward")
    for _ in range(3):
        forward.pair(np.zeros(3), {"factor": 1})
    assert len(forward.process.dropped) == 1  # earlier ones have been reported


def test_problems_are_the_sentences_of_subject(remote, source):
    unwritten, broken = remote("unwritten", "broken")
    with pytest.raises(NotWritten, match="^unwritten is not written yet .mine.py.$"):
        unwritten()
    with pytest.raises(
        Wrong, match=r"broken stopped with ValueError: .* \(mine.py:40\)"
    ):
        broken()
    with pytest.raises(Wrong, match="unwritten returned|broken stopped with TypeError"):
        broken(nothing=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def f(:\n", r"^mine.py:1 is not Python: invalid syntax.*\.$"),
        ("import math\n\nmath.pie\n", r"^mine.py cannot be imp.* Attr.*\(mine.py:3\)$"),
        ("x = 3\n", "^mine.py does not define f: was it renamed or deleted"),
        ("f = 3\n", "^f is of type int, expected a function or class"),
        ("import os\nos._exit(3)\n", "^mine.py ended the process with exit status 3"),
        (None, "^mine.py cannot be imported: FileNotFoundError"),
    ],
)
def test_a_file_that_cannot_be_loaded(text, message, source, tmp_path):
    (tmp_path / "mine.py").unlink()
    if text is not None:
        (tmp_path / "mine.py").write_text(text)
    with pytest.raises(Wrong, match=message):
        separate(Subject(source("f"))).__enter__()


def test_the_file_is_read_anew_each_time(source, tmp_path):
    for value in (1, 2, 3):
        (tmp_path / "mine.py").write_text(f"def f(): return {value}\n")
        with separate(Subject(source("f"))) as ((f,), _):
            assert f() == value


def test_the_process_loads_only_what_it_needs(remote):
    (where,) = remote("where")
    loaded = where()
    assert "mine" in loaded and "numpy" in loaded
    assert not any(name.split(".")[0] in ("utils", "numba") for name in loaded)


def test_a_wait_without_end_ends(remote):
    sleep, pid = remote("sleep", "pid", seconds=0.3)
    number = pid()
    text = (
        r"^sleep did not return within 0.3 seconds: is there .*never ends\? \(mine.py:"
    )
    with pytest.raises(Dead, match=text):
        sleep()
    with pytest.raises(Dead, match=text):
        pid()  # nobody is asked any more
    assert sleep.dead and pid.dead
    assert ends(number)


def ends(number):
    """Tell whether a process ends within five seconds: the system may be busy."""
    for _ in range(50):
        if not exists(number):
            return True
        time.sleep(0.1)
    return False


def exists(number):
    if os.name == "nt":
        return False
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    stat = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True)
    return not stat.stdout.startswith(b"Z")


def test_an_exit_is_explained(remote):
    (leave,) = remote("leave")
    with pytest.raises(Dead, match="leave ended the process with exit status 7"):
        leave(7)


def test_prints_are_kept_and_capped(remote):
    (say,) = remote("say", shown=60)
    say(1000)
    say.process.close()
    text = remote.printed()
    assert text.startswith("caf\u00e9 [1mx\nline 0\nline 1\n")
    assert text.endswith(f"... {1000 - text.count('line ')} more lines")
    assert text.splitlines()[-2] == f"line {text.count('line ') - 1}"
    assert len(text) < 100


def test_a_report_shows_what_was_printed_and_what_was_not_tried(source, capsys):
    properties = [
        ("speaks", lambda say, leave: say(2)),
        ("leaves", lambda say, leave: leave(0)),
        ("third", lambda say, leave: None),
        ("fourth", lambda say, leave: None),
    ]
    results = report.run(
        "mine", properties, *map(Subject, map(source, ["say", "leave"]))
    )
    assert [result.passed for result in results] == [True, False, False, False]
    assert [result.name for result in results[2:]] == ["third", "fourth"]
    out = capsys.readouterr().out
    assert "  printed by the code:\n  caf\u00e9 [1mx\n  line 0\n  line 1\n" in out


def test_without_another_process_the_check_goes_on(source, monkeypatch, capsys):
    def refuse(*args, **kwargs):
        raise PermissionError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(process, "LIMITS", Limits())
    from utils.exercises.receptive_field import receptive_field

    results = check_receptive_field(receptive_field)
    assert all(result.passed for result in results)
    assert "the system refused: no more processes" in capsys.readouterr().out
    with pytest.raises(Wrong, match="cannot be judged .*no more processes"):
        separate(Subject(source("pid"))).__enter__()


def test_who_gets_a_process(monkeypatch):
    from utils.exercises.conv_layers import conv_backward_naive, conv_forward_naive
    from utils.exercises.receptive_field import receptive_field
    from utils.fast_layers import conv_forward_fast

    def moved(*functions, **limits):
        subjects = [Subject(function) for function in functions]
        return sources_of(subjects, Limits(**limits)) is not None

    assert moved(receptive_field) and moved(conv_forward_naive, conv_backward_naive)
    assert moved(conv_forward_fast, conv_backward_naive)
    assert not moved(conv_forward_fast)  # a given layer
    assert not moved(lambda m, s, k: 1)
    assert not moved(conv_forward_naive, lambda dout, cache: 1)
    assert not moved(receptive_field, separate=False)


def test_a_cheating_answer_is_the_end_of_its_process(remote):
    (pid,) = remote("pid")
    pid()
    for answer in (b"?", process.wire.encode(("returned", 1, [(5, 9)], []))):
        pid.process.death = ""
        pid.process.inbox.put(answer)
        with pytest.raises(Dead, match="answered with something unreadable"):
            pid()


def test_ctrl_c_leaves_no_process_behind(tmp_path, source):
    (tmp_path / "run.py").write_text(
        textwrap.dedent("""
        from utils.checks.remote import separate
        from utils.checks.subject import Source, Subject
        import sys

        file, folder = sys.argv[1:]
        sources = [Source(file, "mine", folder, name) for name in ("pid", "sleep")]
        with separate(*map(Subject, sources)) as ((pid, sleep), _):
            print(pid(), flush=True)
            sleep()
        """)
    )
    if os.name == "nt":
        pytest.skip("Windows sends Ctrl-C to a console")
    root = os.path.dirname(os.path.dirname(process.CHILD.parent))
    running = subprocess.Popen(
        [sys.executable, str(tmp_path / "run.py"), source("f").file, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": root},
    )
    number = int(running.stdout.readline())
    assert exists(number)
    running.send_signal(2)
    _, problem = running.communicate(timeout=60)
    assert b"KeyboardInterrupt" in problem
    assert ends(number)
