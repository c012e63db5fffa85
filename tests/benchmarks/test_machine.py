"""What the machine can do: limits that are plausible, and others who use it."""

import subprocess
import sys

import numpy as np
import pytest

from benchmarks import machine
from utils.kernels import threads


def test_a_copy_of_twice_the_size_takes_twice_as_long(monkeypatch):
    seen = []
    monkeypatch.setattr(machine, "_copy_once", lambda size: seen.append(size) or 1e-3)
    assert machine.copy_seconds(2**20 * 8) == pytest.approx(1e-3)
    assert machine.copy_seconds(2**20 * 10) == pytest.approx(1.25e-3)  # same copy
    assert seen == [2**20, 2**20]


def test_a_copy_is_not_faster_than_a_terabyte_per_second():
    seconds = machine.copy_seconds(8 * 2**16)
    assert 8 * 2**16 / 1e12 < seconds < 1


def test_the_peak_is_the_best_speed_of_all(monkeypatch):
    pauses, clock = iter([0.004, 0.002, 0.008, 0.016, 0.016, 0.016]), [0.0]

    def multiply(*_):
        clock[0] += next(pauses)

    monkeypatch.setattr(machine.threads, "each", multiply)
    monkeypatch.setattr(machine.time, "perf_counter", lambda: clock[0])
    blocks = [np.zeros((3, 1))]  # of three threads
    monkeypatch.setattr(machine, "_blocks", lambda: blocks)
    monkeypatch.setattr(machine, "_best", [0.0])
    product = 2 * machine.ROWS * machine.DEPTH * machine.gemm.WIDTH
    at_most = 3 * machine.REPEATS * product / 1e9
    now = machine.speed(3)
    assert now == pytest.approx(at_most / 0.004)
    best = machine.peak()
    assert best == pytest.approx(at_most / 0.002)
    assert machine.speed(3) < now
    assert machine.peak() == best


def test_the_microkernel_of_the_peak_multiplies():
    if not hasattr(machine._multiply, "py_func"):
        pytest.skip("needs compiled kernels")
    rng = np.random.default_rng(0)
    a = threads.aligned((2, machine.ROWS, 8))
    b = threads.aligned((2, 8, machine.gemm.WIDTH))
    c = threads.aligned((2, machine.ROWS, machine.gemm.WIDTH))
    a[...], b[...] = rng.standard_normal(a.shape), rng.standard_normal(b.shape)
    for worker in range(2):
        machine._multiply(worker, 2, 3, a, b, c)
    np.testing.assert_allclose(c, a @ b, atol=1e-5)


@pytest.mark.skipif(machine.Watch._now() is None, reason="no /proc/stat here")
def test_the_watch_sees_others():
    burn = "import time; e = time.time() + 1.5\nwhile time.time() < e: pass"
    watch = machine.Watch()
    subprocess.run([sys.executable, "-c", burn], check=True)
    assert watch.others() > 0.3


@pytest.mark.skipif(machine.Watch._now() is None, reason="no /proc/stat here")
def test_the_watch_does_not_count_ourselves(monkeypatch):
    # wall time, all processors, this process
    moments = iter([(10.0, 50.0, 5.0), (12.0, 53.5, 8.0)])
    monkeypatch.setattr(machine.Watch, "_now", staticmethod(lambda: next(moments)))
    assert machine.Watch().others() == pytest.approx(0.25)


def test_a_system_without_counters_gives_none(monkeypatch):
    monkeypatch.setattr(machine.Watch, "_now", staticmethod(lambda: None))
    assert machine.Watch().others() is None
    assert machine.busy(0) is None


def test_the_processor_has_a_name():
    assert machine.processor().strip()
