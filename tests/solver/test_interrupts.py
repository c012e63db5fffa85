"""Ctrl-C waits for the end of an update, but only once."""

import os
import signal
import threading

import pytest

from utils.kernels.interrupts import unbroken
from utils.solver.interrupts import Held

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends the process")


def press():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(10000):  # Python looks for signals between instructions
        pass


def test_between_updates_it_does_not_wait():
    with pytest.raises(KeyboardInterrupt), Held(active=True):
        press()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_within_an_update_it_waits_and_the_second_does_not():
    with Held(active=True) as held:
        held.inside = True
        press()
        assert held.pending
        with pytest.raises(KeyboardInterrupt):
            press()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with held:
        assert not held.pending and not held.inside


def test_without_checkpoints_nothing_waits():
    with pytest.raises(KeyboardInterrupt), Held(active=False) as held:
        held.inside = True
        press()


def test_somebody_elses_handler_stays(monkeypatch):
    pressed = []
    old = signal.signal(signal.SIGINT, lambda *_: pressed.append(1))
    try:
        with Held(active=True) as held:
            held.inside = True
            press()
            assert pressed == [1] and not held.pending
    finally:
        signal.signal(signal.SIGINT, old)


def test_outside_the_main_thread():
    entered = []

    def work():
        with Held(active=True) as held:
            entered.append(held)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(entered) == 1


def test_unbroken_hands_ctrl_c_on_to_whoever_holds_it():
    with Held(active=True) as held:
        held.inside = True
        with unbroken():
            press()
            assert not held.pending
        assert held.pending
        with pytest.raises(KeyboardInterrupt):
            press()
    pressed = []
    old = signal.signal(signal.SIGINT, lambda *signal_: pressed.append(signal_[0]))
    try:
        with unbroken():
            press()
            assert not pressed
        assert pressed == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, old)
