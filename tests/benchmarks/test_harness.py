"""How tables are measured: same numbers first, then in turns; no PyTorch needed."""

import json
import math

import numpy as np
import pytest

from benchmarks import harness
from benchmarks.harness import Job, Side


class Clock:
    """Time that passes only while a side runs."""

    def __init__(self):
        self.now, self.log = 0.0, []

    def __call__(self):
        return self.now

    def side(self, label, seconds, numbers=(1.0,), every=1):
        """Make a side that takes some seconds (a list: one after the other)."""
        times = iter(seconds) if isinstance(seconds, list) else None

        def run():
            self.now += next(times) if times else seconds
            self.log.append(label)
            return [np.array(numbers)]

        return Side(label, run, list, every)


def job(ours, *rivals, **others):
    return Job("conv", "dx", ours, list(rivals), 1e-3, 2e9, 4e6, 0.5, others)


@pytest.fixture
def limits(monkeypatch):
    """A machine of 10 GFLOP/s that moves 1 GB/s."""
    monkeypatch.setattr(harness.machine, "peak", lambda: 10.0)
    monkeypatch.setattr(harness.machine, "speed", lambda: 9.5)
    monkeypatch.setattr(harness.machine, "copy_seconds", lambda traffic: traffic / 1e9)


def test_difference_is_relative_to_the_largest_number():
    a, b = np.array([1.0, 50.0]), np.array([2.0, 50.0])
    assert harness.difference([a], [b]) == pytest.approx(1 / 50)
    assert harness.difference([a, b], [b, b]) == pytest.approx(1 / 50)
    assert harness.difference([b, np.array([3.0])], [b, np.array([4.0])]) == 0.25
    assert harness.difference([np.zeros(2)], [np.zeros(2)]) == 0
    assert harness.difference([np.zeros(0)], [np.zeros(0)]) == 0


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([np.ones(2)], [np.ones(3)]),
        ([np.ones(2)], [np.ones((2, 1))]),
        ([np.ones(2)], []),
        ([np.array([1.0, np.nan])], [np.ones(2)]),
        ([np.ones(2)], [np.array([1.0, np.nan])]),
        ([np.array([np.nan])], [np.array([np.nan])]),
        ([np.array([np.inf])], [np.array([np.inf])]),
    ],
)
def test_what_cannot_be_compared_is_infinitely_different(ours, theirs):
    assert harness.difference(ours, theirs) == math.inf


def test_other_numbers_stop_the_row_by_name():
    clock = Clock()
    good, bad = clock.side("ours", 1), clock.side("torch cl", 1, (1.1,))
    with pytest.raises(harness.Mismatch, match=r"^conv, dx: ours and torch cl differ"):
        harness.check(job(good, good, bad))
    with pytest.raises(harness.Mismatch, match="ours and im2col differ by 9.1e-02, al"):
        harness.check(job(good, good, im2col=bad._replace(label="im2col")))
    close = clock.side("torch cl", 1, (1.0001,))
    assert harness.check(job(good, close)) == pytest.approx(1e-4, rel=1e-3)


def test_ours_may_write_to_the_same_memory_every_time():
    shared = np.zeros(1)

    def run(number):
        shared[0] = number
        return [shared]

    ours = Side("ours", lambda: run(1), list)
    other = Side("torch", lambda: run(2), list)
    with pytest.raises(harness.Mismatch):
        harness.check(job(ours, other))


def test_no_time_is_taken_of_numbers_that_disagree(limits):
    clock = Clock()
    sides = clock.side("a", 1), clock.side("b", 1, (2.0,))
    with pytest.raises(harness.Mismatch):
        harness.measure(job(*sides), 5)
    assert clock.log == ["a", "b"]


def test_sides_take_turns_and_settle_before_each_timed_call():
    clock = Clock()
    sides = [clock.side("a", 0.002), clock.side("b", 0.005)]
    seconds, cores = harness.alternate(sides, 2, settle=0.004, clock=clock)
    first, second = ["a"] * 3, ["b"] * 2  # two or one untimed calls, then a timed one
    assert clock.log == [*first, *second, *second, *first]
    assert seconds == [pytest.approx([0.002] * 2), pytest.approx([0.005] * 2)]
    assert [len(used) for used in cores] == [2, 2]


def test_a_slow_side_may_sit_out_rounds():
    clock = Clock()
    sides = [clock.side("a", 1.0), clock.side("b", 1.0, every=3)]
    seconds, _ = harness.alternate(sides, 7, settle=0, clock=clock)
    assert [len(times) for times in seconds] == [7, 3]


def test_only_the_timed_call_counts():
    clock = Clock()
    side = clock.side("a", [9.0, 1.0, 9.0, 2.0])
    seconds, _ = harness.alternate([side], 2, settle=0.001, clock=clock)
    assert seconds == [[1.0, 2.0]]


def test_a_row_holds_medians_and_the_best_rival(limits, monkeypatch):
    clock = Clock()
    times = {
        "ours": [0.5, 0.1, 0.2],
        "torch cl": [0.3, 0.9, 0.8],  # has the fastest call, not the fastest median
        "torch nchw": [0.4, 0.5, 0.6],
        "im2col": [2.0, 2.0, 2.0],
    }
    found = [times[name] for name in times], [[2.0] * 3] * 4
    monkeypatch.setattr(harness, "alternate", lambda sides, rounds: found)
    sides = [clock.side(name, 1.0) for name in times]
    row = harness.measure(job(*sides[:3], im2col=sides[3]), 3)
    assert list(row)[:6] == ["name", "pass", "ours_ms", "rival", "rival_ms", "ratio"]
    assert (row["name"], row["pass"]) == ("conv", "dx")
    assert (row["ours_ms"], row["ours_min_ms"]) == (200, 100)
    assert (row["rival"], row["rival_ms"], row["rival_min_ms"]) == (
        "torch nchw",
        500,
        300,
    )
    assert row["ratio"] == 2.5
    assert row["im2col_ms"] == 2000
    assert row["gflops"] == pytest.approx(10)
    # half of 2 G operations at 10 G per second, against 4 MB at 1 GB per second
    assert (row["limit"], row["limit_ms"]) == ("arithmetic", pytest.approx(100))
    assert row["limit_share"] == pytest.approx(0.5)
    assert (row["rounds"], row["error"]) == (3, 0)


@pytest.mark.parametrize("patience", [0, 1, 5])
def test_patience_chooses_by_the_machine_and_not_by_the_times(
    limits, monkeypatch, patience
):
    # before and after each attempt, of 10: slow, slower, then steady
    speeds = iter([8.0, 7.0, 5.0, 9.0, 9.5, 9.2, 9.9, 9.9])
    times = iter([1.0, 0.1, 3.0, 0.2])
    monkeypatch.setattr(harness.machine, "speed", lambda: next(speeds))
    monkeypatch.setattr(harness.machine.Watch, "others", lambda self: 0.0)
    monkeypatch.setattr(
        harness, "alternate", lambda *_: ([[next(times)] * 3, [6.0] * 3], [[2.0]] * 2)
    )
    clock = Clock()
    sides = clock.side("ours", 1), clock.side("torch cl", 1)
    row = harness.measure(job(*sides), 3, patience)
    expected = {0: (1000, 0.7, 1), 1: (1000, 0.7, 2), 5: (3000, 0.92, 3)}
    found = row["ours_ms"], pytest.approx(row["speed"]), row["attempts"]
    assert found == expected[patience]


def test_a_busy_machine_is_not_steady(limits, monkeypatch):
    sides = [Clock().side("ours", 1)]
    for others, steady in ((0.0, True), (None, True), (0.5, False)):
        monkeypatch.setattr(harness.machine.Watch, "others", lambda self, o=others: o)
        assert harness._attempt(sides, 3).steady == steady


def test_memory_can_be_the_limit(limits):
    assert harness.machine.limit(1e6, 3e9) == (3.0, "memory")
    assert harness.machine.limit(1e12, 3e9) == (100.0, "arithmetic")


def test_lines_are_as_wide_as_their_header(limits):
    clock = Clock()
    sides = [clock.side(name, 0.01) for name in ("ours", "torch cl", "im2col")]
    row = harness.measure(job(*sides[:2], im2col=sides[2]), 3)
    assert len(harness.line(row)) == len(harness.HEADER)
    bare = {"name": "import utils", "pass": "start", "ours_ms": 12.3, "rival": None}
    assert harness.line(bare).split() == ["import", "utils", "start", "12.30"]


def test_means_are_geometric_pass_by_pass():
    rows = [
        {"pass": "forward", "ratio": 2.0},
        {"pass": "forward", "ratio": 8.0},
        {"pass": "dx", "ratio": 3.0},
        {"pass": "start", "ratio": None},
    ]
    (line,) = harness.means(rows).split("\n")
    assert line.split() == "geometric mean forward 4.00 smallest 2.00".split()
    assert harness.means([]) == ""


def test_json_is_a_list_of_rows(tmp_path):
    rows = [{"name": "conv", "pass": "dx", "ratio": 2.5}]
    harness.write_json(rows, tmp_path / "rows.json")
    assert json.loads((tmp_path / "rows.json").read_text("utf-8")) == rows
