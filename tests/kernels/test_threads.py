import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from utils.kernels import threads


def with_threads(monkeypatch, number):
    monkeypatch.setattr(threads, "count", lambda: number)


@pytest.mark.parametrize("number", [1, 2, 3, 8])
@pytest.mark.parametrize("size", [0, 1, 2, 7, 100])
def test_every_index_is_done_exactly_once(monkeypatch, number, size):
    with_threads(monkeypatch, number)
    done = np.zeros(size, int)

    def function(start, stop, amount):
        done[start:stop] += amount

    threads.run(function, size, 3)
    np.testing.assert_array_equal(done, 3)


def test_parts_run_in_different_threads(monkeypatch):
    with_threads(monkeypatch, 2)
    both = threading.Barrier(2, timeout=5)
    threads.run(lambda start, stop: both.wait(), 2)  # would time out in one thread


@pytest.mark.parametrize("bad", [0, 3])
def test_an_error_in_any_part_is_raised_after_all_have_ended(monkeypatch, bad):
    with_threads(monkeypatch, 4)
    ended = []

    def function(start, stop):
        if start == bad:
            raise RuntimeError("part failed")
        ended.append(start)

    with pytest.raises(RuntimeError, match="part failed"):
        threads.run(function, 4)
    assert sorted(ended + [bad]) == [0, 1, 2, 3]


@pytest.mark.parametrize("value", ["0", "two", "-1", ""])
def test_a_wrong_number_of_threads_is_a_sentence(monkeypatch, value):
    threads.count.cache_clear()
    monkeypatch.setenv("UTILS_THREADS", value)
    with pytest.raises(ValueError, match=f"UTILS_THREADS is {value!r}, expected"):
        threads.count()


def test_the_environment_sets_the_number_of_threads():
    code = "from utils.kernels import threads; print(threads.count())"
    command = [sys.executable, "-c", code]
    env = {"UTILS_THREADS": "3", "PYTHONPATH": ".", "SYSTEMROOT": "C:\\Windows"}
    result = subprocess.run(command, env=env, capture_output=True, text=True)
    assert result.stdout.strip() == "3", result.stderr


def test_errstate_of_the_caller_holds_in_every_thread(monkeypatch):
    with_threads(monkeypatch, 3)
    seen = []
    with np.errstate(over="ignore"):
        threads.run(lambda start, stop: seen.append(np.geterr()["over"]), 3)
    assert seen == ["ignore"] * 3


def test_ctrl_c_waits_for_the_other_threads(monkeypatch):
    with_threads(monkeypatch, 2)
    release, ended = threading.Event(), []

    def function(start, stop):
        if start == 0:
            release.set()
            raise KeyboardInterrupt
        release.wait(5)
        time.sleep(0.05)
        ended.append(start)

    with pytest.raises(KeyboardInterrupt):
        threads.run(function, 2)
    assert ended == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
def test_a_forked_child_makes_threads_of_its_own():
    code = """
import os, signal
from utils.kernels import threads
threads.count = lambda: 2
threads.run(lambda start, stop: None, 2)
child = os.fork()
if child == 0:
    signal.alarm(5)
    threads.run(lambda start, stop: None, 2)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True
    )
    assert result.stdout.strip() == "7", result.stderr


def blas_threads():
    libraries = threads._blas()[1].info()
    return [lib["num_threads"] for lib in libraries if lib["user_api"] == "blas"]


def test_blas_is_serial_inside_and_as_before_outside():
    before = blas_threads()
    with threads.serial_blas():
        assert set(blas_threads()) <= {1}
        with threads.serial_blas():
            assert set(blas_threads()) <= {1}
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before


def test_blas_is_for_one_thread_at_a_time():
    before, order, inside = blas_threads(), [], threading.Event()

    def other():
        with threads.serial_blas():
            order.append("other in")
            assert set(blas_threads()) <= {1}
            inside.set()
            time.sleep(0.05)
            order.append("other out")

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(5)
    with threads.serial_blas():
        order.append("main in")
        assert set(blas_threads()) <= {1}
    thread.join()
    assert order == ["other in", "other out", "main in"]
    assert blas_threads() == before
