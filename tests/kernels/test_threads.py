import _thread
import gc
import os
import subprocess
import sys
import threading
import time
import weakref

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


@pytest.mark.parametrize("number", [1, 2, 5])
def test_each_makes_one_call_per_thread(monkeypatch, number):
    with_threads(monkeypatch, number)
    calls = []
    threads.each(lambda *args: calls.append(args), "a", 2)
    assert sorted(calls) == [(worker, number, "a", 2) for worker in range(number)]


@pytest.mark.parametrize(("size", "calls"), [(0, 1), (10, 1), (11, 3)])
def test_up_to_a_limit_one_thread_does_it_all(monkeypatch, size, calls):
    with_threads(monkeypatch, 3)
    seen = []
    threads.each_above(10, size, lambda *args: seen.append(args), "weights")
    assert sorted(seen) == [(worker, calls, "weights") for worker in range(calls)]


def test_each_runs_in_different_threads_which_live_on(monkeypatch):
    with_threads(monkeypatch, 3)
    names, both = [], threading.Barrier(3, timeout=5)

    def function(worker, workers):
        both.wait()  # would time out in one thread
        names.append(threading.get_ident())

    for _ in range(5):
        threads.each(function)
    assert len(set(names)) == 3


def test_a_call_from_inside_a_call_is_made_one_after_the_other(monkeypatch):
    with_threads(monkeypatch, 2)
    inner = []

    def function(worker, workers):
        threads.each(lambda *args: inner.append((worker, threading.get_ident(), args)))

    threads.each(function)
    for worker in (0, 1):
        calls = [args for outer, _, args in inner if outer == worker]
        assert calls == [(0, 2), (1, 2)]
        assert len({thread for outer, thread, _ in inner if outer == worker}) == 1


def test_threads_of_the_program_do_not_wait_for_each_other(monkeypatch):
    with_threads(monkeypatch, 2)
    counts, inside = np.zeros((4, 2), int), threading.Barrier(4, timeout=5)

    def function(worker, workers, mine):
        counts[mine, worker] += 1

    def program(mine):
        inside.wait()
        for _ in range(100):
            threads.each(function, mine)

    programs = [threading.Thread(target=program, args=(mine,)) for mine in range(4)]
    for one in programs:
        one.start()
    for one in programs:
        one.join()
    np.testing.assert_array_equal(counts, 100)


def test_after_an_error_all_is_as_before(monkeypatch):
    with_threads(monkeypatch, 3)

    def fail(worker, workers):
        raise ValueError(f"call {worker}")

    for _ in range(3):
        with pytest.raises(ValueError, match="call 0"):
            threads.each(fail)
        calls = []
        threads.each(lambda *args: args[2].append(args[0]), calls)
        assert sorted(calls) == [0, 1, 2]


@pytest.mark.parametrize("given", [0, 1])
def test_a_system_without_threads_makes_calls_one_by_one(monkeypatch, given):
    with_threads(monkeypatch, 4)
    threads._team.cache_clear()
    helper, left = threads._Helper, [None] * given

    def scarce():
        if not left:
            raise RuntimeError("can't start new thread")
        left.pop()
        return helper()

    monkeypatch.setattr(threads, "_Helper", scarce)
    calls, seen = [], set()
    for _ in range(2):
        threads.each(lambda *numbers: calls.append(numbers))
    assert calls == [(worker, 4) for worker in range(4)] * 2
    monkeypatch.setattr(threads, "_Helper", helper)
    threads.each(lambda *numbers: seen.add(threading.current_thread()))
    assert len(seen) == 4


def test_ctrl_c_while_waiting_waits_on(monkeypatch):
    with_threads(monkeypatch, 2)
    order = []

    def function(worker, workers):
        if worker == 1:
            time.sleep(0.05)
            _thread.interrupt_main()
            time.sleep(0.1)
            order.append("ended")

    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            threads.each(function)
        order.append("raised")
        threads.each(lambda worker, workers: order.append("next"))
    assert order == ["ended", "raised", "next", "next"] * 3


def test_ctrl_c_before_a_bell_has_rung_leaves_nobody_asleep(monkeypatch):
    with_threads(monkeypatch, 2)
    threads.each(lambda worker, workers: None)
    ring, calls = threads._ring, []

    def interrupted(bell):
        monkeypatch.setattr(threads, "_ring", ring)
        raise KeyboardInterrupt

    monkeypatch.setattr(threads, "_ring", interrupted)
    with pytest.raises(KeyboardInterrupt):
        threads.each(lambda worker, workers: calls.append(worker))
    threads.each(lambda worker, workers: calls.append(worker + 10))
    assert sorted(calls) in ([1, 10, 11], [10, 11])


def test_bells_that_ring_for_nothing_do_no_harm(monkeypatch):
    with_threads(monkeypatch, 2)
    total = []
    for _ in range(200):
        threads.each(lambda worker, workers: total.append(worker))
        (helper,) = threads._team()[1][:1]
        threads._ring(helper.ready)
        threads._ring(helper.done)
    assert sorted(total) == [0] * 200 + [1] * 200


def test_arrays_are_let_go(monkeypatch):
    with_threads(monkeypatch, 2)
    array = np.zeros(3)
    seen = weakref.ref(array)
    threads.each(lambda worker, workers, array: None, array)
    del array
    gc.collect()
    assert seen() is None


def test_hyper_threads_are_not_counted(monkeypatch):
    pairs = {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2}, raising=False)
    monkeypatch.setattr(threads, "_quota", lambda: np.inf)
    monkeypatch.setattr(threads, "_read", lambda path: pairs[int(path[27])])
    assert threads._cores() == 2
    monkeypatch.setattr(threads, "_read", lambda path: "")
    assert threads._cores() == 3


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, np.inf),
        ({"/sys/fs/cgroup/cpu.max": "max 100000"}, np.inf),
        ({"/sys/fs/cgroup/cpu.max": "150000 100000"}, 2),
        (
            {
                "/proc/self/cgroup": "1:cpu:/x\n0::/job",
                "/sys/fs/cgroup/job/cpu.max": "400000 100000",
            },
            4,
        ),
        ({"/sys/fs/cgroup/cpu.max": "garbage"}, np.inf),
    ],
)
def test_the_limit_of_a_container_is_kept(monkeypatch, files, cores):
    monkeypatch.setattr(threads, "_read", lambda path: files.get(path, ""))
    assert threads._quota() == cores
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), False)
    assert threads._cores() == min(8, cores)


@pytest.mark.parametrize("shape", [(), 5, (0, 3), (3, 5, 7), (2**20,), (3, 2**19)])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.float64])
def test_aligned_memory(shape, dtype):
    array = threads.aligned(shape, dtype)
    assert array.shape == np.zeros(shape).shape and array.dtype == dtype
    assert array.ctypes.data % threads.CACHE_LINE == 0
    assert array.flags.c_contiguous and array.flags.writeable
    assert not array.any()
    array[...] = 1
    assert array.all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
def test_a_forked_child_writes_into_memory_of_its_own():
    code = """
import os
from utils.kernels import threads
array = threads.aligned(2**20)
child = os.fork()
if child == 0:
    array[:] = 1
    os._exit(0)
os.waitpid(child, 0)
print(array.any())
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert result.stdout.strip() == "False", result.stderr


def test_threads_are_there_without_numba():
    code = "import sys, utils.fast_layers, utils.blocks; print('numba' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert result.stdout.strip() == "False", result.stderr


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
