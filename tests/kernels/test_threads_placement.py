"""Where Linux puts the threads of a call; see also test_threads.py."""

import os
import subprocess
import sys

import pytest

from utils.kernels import threads


@pytest.fixture
def two_threads(monkeypatch):
    """Let calls have two threads, and the helpers of other tests rest."""
    monkeypatch.setattr(threads, "count", lambda: 2)
    threads._team.cache_clear()
    yield
    threads._team.cache_clear()


needs_affinity = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="only Linux places threads for us"
)


@needs_affinity
def test_helpers_stay_off_the_callers_processor(two_threads):
    threads.run(lambda start, stop: None, 2)
    (helper,) = threads._team()[1]
    allowed = os.sched_getaffinity(0)
    assert helper.kept_off in allowed
    if len(allowed) > 1:
        expected = allowed - {helper.kept_off}
        assert os.sched_getaffinity(helper.native_id) == expected


@needs_affinity
def test_one_processor_is_enough_for_two_threads():
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from utils.kernels import threads
threads.count = lambda: 2
done = []
for _ in range(3):
    threads.run(lambda start, stop: done.append(start), 2)
print(sorted(done))
"""
    env = {**os.environ, "PYTHONPATH": "."}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, env=env, capture_output=True, text=True)
    assert result.stdout.strip() == "[0, 0, 0, 1, 1, 1]", result.stderr


def test_a_system_that_cannot_tell_processors_is_fine(two_threads, monkeypatch):
    monkeypatch.setattr(threads, "_find_processor", lambda: None)
    done = []
    threads.run(lambda start, stop: done.append(start), 2)
    assert sorted(done) == [0, 1]
    assert all(helper.kept_off is None for helper in threads._team()[1])
