"""Ctrl-C that waits, and the import of Numba, which must not be broken off."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from utils.kernels.interrupts import unbroken

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends the process")


def press():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(10000):  # Python looks for signals between instructions
        pass


@pytest.mark.parametrize("times", [1, 3])
def test_unbroken_is_complete_before_ctrl_c(times):
    done = []
    with pytest.raises(KeyboardInterrupt), unbroken():
        for _ in range(times):
            press()
        done.append(1)
    assert done == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with unbroken():  # and nothing is left over
        pass


def test_unbroken_where_python_does_not_handle_ctrl_c():
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with unbroken():
            press()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, old)


def test_unbroken_outside_the_main_thread():
    entered = []

    def work():
        with unbroken():
            entered.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert entered == [signal.default_int_handler]


IMPORTING = """
import builtins, os, signal, sys
real, pressed = builtins.__import__, []

def press(name, *rest, **options):
    if name.startswith("numba.core.types") and not pressed:
        pressed.append(name)
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest, **options)

builtins.__import__ = press
try:
    from utils.kernels import compiler
    raise SystemExit("not interrupted")
except KeyboardInterrupt:
    assert pressed
from utils.kernels import compiler
assert compiler.kernel
"""


def test_ctrl_c_waits_until_numba_is_imported():
    subprocess.run([sys.executable, "-c", IMPORTING], cwd=ROOT, check=True)
