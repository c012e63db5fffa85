import subprocess
import sys
import threading

import numpy as np
import pytest

from utils.kernels import threads


def with_threads(monkeypatch, number):
    monkeypatch.setattr(threads, "count", lambda: number)
    threads._pool.cache_clear()


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
