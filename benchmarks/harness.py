"""How every table measures: the same numbers first, then alternating repeats.

A *job* is one row: the same work done by several *sides*, ours and the rivals'.

1. Every side does it once and the results are compared.  A difference larger than the
   job's tolerance is an error; no time is printed for numbers that disagree.
2. Then the sides take turns, in another order each round.  Before a timed call, the
   same side runs untimed for 30 milliseconds: threads of the library before it
   still spin, waiting for more work, and its numbers still fill the caches.
3. A side's time is the median of its rounds.  Of the rivals the fastest counts, chosen
   by median as well.  The time ends when the function returns; what it returned is
   given back to the system after the clock has stopped.

The machine may be busy.  Each row carries how many cores we and the rival had (a rival
whose threads must share one core looks twice as slow as it is), how many other
processes used meanwhile, and at which share of its best speed the machine ran.
"""

import json
import math
import statistics
import time
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from benchmarks import machine

SETTLE = 0.03  # seconds of untimed calls before each timed one
LEAST_ROUNDS = 3


class Side(NamedTuple):
    """One way to do the work of a job.

    Parameters
    ----------
    label : str
        Whose way it is.
    run : callable
        Does the work, without arguments.
    numbers : callable
        Turns what `run` returned into a sequence of arrays that can be compared.
    every : int, default 1
        Takes part in one round of so many; for rivals that are slow and far behind.
    """

    label: str
    run: callable
    numbers: callable
    every: int = 1


@dataclass
class Job:
    """One row of a table: work, who does it, and what it costs at least.

    Parameters
    ----------
    name, direction : str
        The row, for example ``"conv 3x3 64->64 @32"`` and ``"forward"``.
    ours : Side
    rivals : list of Side
        The fastest of them counts.
    tolerance : float
        Largest difference allowed, relative to the largest number of an array.
    operations : float
        Additions and multiplications of the plain algorithm.
    saved : float, default 1
        The share of them that our algorithm needs.
    traffic : float
        Bytes that have to be read and written at least.
    others : dict, optional
        Name of a column -> Side: compared and timed, but no rival.
    """

    name: str
    direction: str
    ours: Side
    rivals: list
    tolerance: float
    operations: float
    traffic: float
    saved: float = 1.0
    others: dict = field(default_factory=dict)


class Mismatch(Exception):
    """Two sides computed different numbers."""


def difference(ours, theirs):
    """Give the largest difference of two lists of arrays, each relative to its size.

    Parameters
    ----------
    ours, theirs : sequences of ndarrays
        Equally many, of equal shapes.

    Returns
    -------
    float
        The largest absolute difference within an array over the largest absolute
        number of `theirs` in it; infinity where shapes differ or a number is not
        finite.
    """
    worst = 0.0
    if len(ours) != len(theirs):
        return math.inf
    for a, b in zip(ours, theirs, strict=True):
        a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
        if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
            return math.inf
        if a.size:
            size = np.abs(b).max() or 1.0
            worst = max(worst, float(np.abs(a - b).max() / size))
    return worst


def check(job):
    """Let every side do the job once and compare the results.

    Returns
    -------
    error : float
        The largest difference between ours and any other.

    Raises
    ------
    Mismatch
        If it is above the job's tolerance; the sentence names the row.
    """
    # Copies: the next call may write to the same arrays.
    mine = [np.array(a) for a in job.ours.numbers(job.ours.run())]
    error = 0.0
    for side in (*job.rivals, *job.others.values()):
        found = difference(mine, side.numbers(side.run()))
        if not found <= job.tolerance:
            raise Mismatch(
                f"{job.name}, {job.direction}: ours and {side.label} differ by "
                f"{found:.1e}, allowed is {job.tolerance:.1e}."
            )
        error = max(error, found)
    return error


def alternate(sides, rounds, settle=SETTLE, clock=time.perf_counter):
    """Time several sides in turns.

    Parameters
    ----------
    sides : sequence of Side
    rounds : int
        Timed calls of each side (fewer where ``side.every`` says so).
    settle : float
        Seconds of untimed calls before each timed one; at least one call.
    clock : callable
        Gives seconds.

    Returns
    -------
    seconds : list of lists
        One list per side.
    cores : list of lists
        How many cores the process used during each of those calls.  A library whose
        threads had to share a core with other programs shows here.
    """
    seconds, cores = [[] for _ in sides], [[] for _ in sides]
    for turn in range(rounds):
        for place in range(len(sides)):
            which = (place + turn) % len(sides)
            run, every = sides[which].run, sides[which].every
            if turn % every:
                continue
            begin = clock()
            run()
            while clock() - begin < settle:
                run()
            used, begin = time.process_time(), clock()
            kept = run()
            elapsed, used = clock() - begin, time.process_time() - used
            seconds[which].append(elapsed)
            cores[which].append(used / max(elapsed, 1e-9))
            del kept  # its memory goes back after the clock has stopped
    return seconds, cores


class Attempt(NamedTuple):
    """Times of all sides, and how the machine was meanwhile."""

    seconds: list
    cores: list
    speed: float
    others: float | None
    steady: bool


def attempt(sides, rounds, patience=0):
    """Time several sides in turns, again while the machine is busy or slow.

    Returns
    -------
    kept : Attempt
        The one on the steadiest machine.
    number : int
        How many there were, at most ``1 + patience``.
    """
    attempts = []
    while len(attempts) <= patience and not (attempts and attempts[-1].steady):
        attempts.append(_attempt(sides, rounds))
    kept = max(attempts, key=lambda one: (one.steady, -(one.others or 0), one.speed))
    return kept, len(attempts)


def _attempt(sides, rounds):
    watch, before = machine.Watch(), machine.speed()
    seconds, cores = alternate(sides, max(rounds, LEAST_ROUNDS))
    speed = min(before, machine.speed()) / machine.peak()
    others = watch.others()
    quiet = others is None or others <= machine.BUSY
    steady = quiet and speed >= machine.STEADY
    return Attempt(seconds, cores, speed, others, steady)


def measure(job, rounds, patience=0):
    """Check a job, time it, and give its row.

    Parameters
    ----------
    job : Job
    rounds : int
        Timed calls per side.
    patience : int
        How often to time it again if the machine was busy, or slower than it can be.
        Of all attempts the one on the steadiest machine counts, whatever its times are.

    Returns
    -------
    row : dict
        ``name, pass, ours_ms, rival, rival_ms, ratio`` (above 1: we are faster), and
        ``ours_min_ms, rival_min_ms``; ``gflops`` of the plain algorithm and ``gbytes``
        of the least traffic, both per second; ``limit_ms, limit`` (what binds) and
        ``limit_share``; ``error``; ``rounds``; ``ours_cores, rival_cores`` used by this
        process, ``others`` by other processes; ``speed``, the share of its peak that
        the microkernel reached just before and after; ``attempts``; and one ``*_ms``
        per entry of ``job.others``.
    """
    error = check(job)
    sides = [job.ours, *job.rivals, *job.others.values()]
    kept, attempts = attempt(sides, rounds, patience)
    seconds, cores, speed, others, _ = kept
    medians = [machine.median(times) for times in seconds]
    rivals = range(1, 1 + len(job.rivals))
    best = min(rivals, key=medians.__getitem__)
    least, bound = machine.limit(job.operations * job.saved, job.traffic)
    row = {
        "name": job.name,
        "pass": job.direction,
        "ours_ms": 1e3 * medians[0],
        "rival": sides[best].label,
        "rival_ms": 1e3 * medians[best],
        "ratio": medians[best] / medians[0],
        "ours_min_ms": 1e3 * min(seconds[0]),
        "rival_min_ms": 1e3 * min(min(seconds[k]) for k in rivals),
        "gflops": job.operations / medians[0] / 1e9 if job.operations else None,
        "gbytes": job.traffic / medians[0] / 1e9,
        "limit": bound,
        "limit_ms": 1e3 * least,
        "limit_share": least / medians[0],
        "error": error,
        "rounds": len(seconds[0]),
        "ours_cores": machine.median(cores[0]),
        "rival_cores": machine.median(cores[best]),
        "others": others,
        "speed": speed,
        "attempts": attempts,
    }
    for k, column in enumerate(job.others, 1 + len(job.rivals)):
        row[f"{column}_ms"] = 1e3 * medians[k]
    return row


HEADER = (
    f"{'':30}{'pass':9}{'ours ms':>9}{'rival ms':>9}  {'rival':13}{'ratio':>6}"
    f"{'GFLOP/s':>9}{'limit ms':>9}{'of limit':>9}  {'bound by':11}{'im2col ms':>9}"
    f"{'error':>9}{'cores':>11}{'speed':>7}"
)


def line(row):
    """Write one row of a table; what a row does not have stays empty."""

    def number(key, width, digits):
        value = row.get(key)
        return " " * width if value is None else f"{value:{width}.{digits}f}"

    share = row.get("limit_share")
    share = " " * 9 if share is None else f"{share:9.0%}"
    error = row.get("error")
    error = " " * 9 if error is None else f"{error:9.0e}"
    speed = row.get("speed")
    speed = " " * 7 if speed is None else f"{speed:7.0%}"
    unit = "mb" if "ours_mb" in row else "ms"
    return (
        f"{row['name']:30}{row['pass']:9}{number(f'ours_{unit}', 9, 2)}"
        f"{number(f'rival_{unit}', 9, 2)}  {row['rival'] or '':13}"
        f"{number('ratio', 6, 2)}"
        f"{number('gflops', 9, 0)}{number('limit_ms', 9, 2)}{share}"
        f"  {row.get('limit', ''):11}{number('im2col_ms', 9, 2)}{error}"
        f"{number('ours_cores', 6, 1)}{number('rival_cores', 5, 1)}{speed}"
    ).rstrip()


def means(rows):
    """Write the geometric mean and the smallest of the ratios, pass by pass."""
    lines = []
    for direction in dict.fromkeys(row["pass"] for row in rows):
        ratios = [row["ratio"] for row in rows if row["pass"] == direction]
        ratios = [ratio for ratio in ratios if ratio is not None]
        if len(ratios) > 1:
            lines.append(
                f"{'geometric mean':30}{direction:9}{'':33}"
                f"{statistics.geometric_mean(ratios):6.2f}   smallest {min(ratios):.2f}"
            )
    return "\n".join(lines)


def write_json(rows, path):
    """Write rows as JSON, a list of objects."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1, default=float)  # NumPy's numbers, too
        file.write("\n")
