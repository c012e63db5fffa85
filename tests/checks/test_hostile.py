"""Whatever a student's function does, a check ends, refuses it and says why."""

import os
import re

import pytest

from utils.checks import process, runner

HEAD = """
import os, signal, sys, threading, time
import numpy as np


class Liar(np.ndarray):
    def __array_finalize__(self, other): pass
    def __eq__(self, other): return True
    shape = (1,)


class Strange(Exception):
    def __str__(self): raise ValueError


def endless_prints():
    while True:
        print("x" * 1000)


def recursion(): return recursion()


def generator(): yield 1


def spin():
    while True: pass


def thread():
    threading.Thread(target=time.sleep, args=(9999,)).start()


def allocate():
    return [np.ones(1 << 30) for _ in range(100)]


def strange(): raise Strange


def hostile(x=None, *args, n=1, **kwargs):
    {body}


def forward(x, *args): return x, None
def shaped(value, n): return value if n == 1 else (value,) * n


class ThreeLayerConvNet:
    def __init__(self, *args, **kwargs):
        self.params, self.bn_params = dict(), [dict(), dict()]
        {init}

    def loss(self, X, y=None):
        return hostile(X, n=1 if y is None else 2)


def receptive_field(m, s, k): return hostile(m)
"""
HOSTILE = "def {name}(*args): return hostile(*args, n={n})\n"

# What it does, and what the message of the first failed result must say.
HARMLESS = {
    "None": ("return None", "None|zero|missing"),
    "text": ("return shaped('text', n)", "str"),
    "list": ("return shaped([1.0, 2.0], n)", "list|missing"),
    "ragged list": ("return shaped([[1.0], [1.0, 2.0]], n)", "list"),
    "generator": ("return shaped(generator(), n)", "generator"),
    "subclass": ("return shaped(np.ones((2, 3)).view(Liar), n)", "shape|ndarray|Liar"),
    "objects": ("return shaped(np.array([None, []], object), n)", "dtype|ndarray"),
    "nan": ("return shaped(np.asarray(x) * np.nan, n)", "nan|shape|ndarray"),
    "input": ("return shaped(x, n)", "expected|changed|list"),
    "huge number": ("return shaped(1 << 100_000, n)", "int"),
    "wrong arity": ("np.sin()", "stopped with TypeError"),
    "sys.exit": ("sys.exit(0)", "stopped with SystemExit"),
    "recursion": ("recursion()", "stopped with RecursionError"),
    "strange": ("strange()", "stopped with Strange"),
}
DEADLY = {
    "os._exit": ("os._exit(0)", "exit status 0"),
    "sleep": ("time.sleep(9999)", "did not return within .* seconds.*.py:"),
    "loop": ("spin()", "did not return within .* seconds.*.py:"),
    "prints": ("endless_prints()", "did not return within"),
    "memory": ("allocate()", "stopped with MemoryError|killed"),
    "one array": ("np.zeros(100 << 30, np.int8)", "MemoryError|stopped|None|missing"),
    "input()": ("input()", "stopped with EOFError"),
    "threads": ("thread()", "None|missing"),
    "deaf": ("os.closerange(3, 99)", "closed the pipe|ended the process|crashed"),
    "crash": ("os.kill(os.getpid(), signal.SIGSEGV)", "signal 11.*.py:"),
    "kill": ("os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
}
IDS = [name for name in runner.EXERCISE_BY_ID if name != "cnn-65-percent"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Stand-in for the exercises: a package with hostile functions."""
    (tmp_path / "stand_in").mkdir()
    (tmp_path / "stand_in" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(runner, "EXERCISES", "stand_in")
    return tmp_path / "stand_in"


def write(folder, exercise_id, body):
    """Write an exercise file in which the function that is judged is hostile."""
    exercise = runner.EXERCISE_BY_ID[exercise_id]
    init = "hostile(np.ones(3))" if exercise_id == "cnn-init" else "pass"
    text = HEAD.replace("{body}", body).replace("{init}", init)
    tests_forward = not exercise_id.endswith("backward")
    for name in exercise.names:
        if "backward" in name:
            text += HOSTILE.format(name=name, n=1 if "pool" in name else 3)
        elif "forward" in name:
            made = HOSTILE.format(name=name, n=2)
            text += made if tests_forward else f"{name} = forward\n"
    (folder / f"{exercise.module}.py").write_text(text)
    return text


def require_refusal(results, exercise_id, case, out):
    body, message = case
    failed = [result for result in results if result.passed is False]
    assert failed, (exercise_id, out)
    if exercise_id == "cnn-init" and body.startswith("return"):
        message = "missing W1"  # a constructor's value is not looked at
    assert re.search(message, failed[0].message), (exercise_id, failed[0].message)
    assert len(out) < 20_000 and all(map(str.isprintable, out.splitlines()))


@pytest.mark.parametrize("name", HARMLESS)
def test_no_check_raises_or_passes_in_this_process(name, folder, capsys):
    for exercise_id in IDS:
        names = {}
        exec(write(folder, exercise_id, HARMLESS[name][0]), names)
        exercise = runner.EXERCISE_BY_ID[exercise_id]
        results = exercise.check(*(names[name] for name in exercise.names))
        require_refusal(results, exercise_id, HARMLESS[name], capsys.readouterr().out)


@pytest.mark.parametrize("name", HARMLESS | DEADLY)
def test_no_check_raises_hangs_or_passes(name, folder, capsys, monkeypatch):
    case = (HARMLESS | DEADLY)[name]
    if name in ("crash", "kill") and os.name == "nt":
        pytest.skip("Windows has no signals")
    hangs = name in ("sleep", "loop", "prints")
    limits = process.Limits(seconds=0.3 if hangs else 60, memory=2 << 30)
    monkeypatch.setattr(process, "LIMITS", limits)
    # What does no harm in this process needs no test of every check in another one.
    k = list(HARMLESS | DEADLY).index(name)
    for exercise_id in IDS if name in DEADLY else (IDS + IDS)[k % len(IDS) :][:2]:
        write(folder, exercise_id, case[0])
        results = runner.run_exercise(exercise_id)
        require_refusal(results, exercise_id, case, capsys.readouterr().out)
