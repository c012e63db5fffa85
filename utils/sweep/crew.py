"""Who does which trial: the rules by which any number of workers share a study.

There is no foreman.  Every worker reads all trials and decides by these rules; a
trial's number, which the storage gives out in one step, is the only arbiter.

**Slots.**  A study of N trials has N slots.  A trial holds one from its beginning
until it fails for a reason of its own; finished and pruned ones hold theirs for good.
A worker begins a trial only where a slot is free, and looks again when its new trial
has a number: if N trials with lower numbers hold slots, somebody was faster, and the
new trial is given up before it has begun.  So there are never more than N.

**Pulse.**  While it computes, a worker writes a growing number into its trial every
few seconds.  Who sees the same number for `grace` seconds of his own clock (clocks of
different machines are not compared) declares the trial lost: it fails without a
reason.

**Second life.**  A lost trial holds its slot until a copy of it waits with the same
parameters, which the next free worker takes.  Whoever sees a lost trial without a
copy makes one; of two copies the lower number counts.  A trial that has lost three
workers is given up: it may be what kills them.
"""

import threading
import time
from contextlib import suppress

LIVES = 3
SURPLUS = "surplus"
# What we write into the trials; `why` is the reason of those that failed by our hand.
BEAT, WHY, COPY_OF, LOSSES, WORKER = "beat", "why", "copy_of", "losses", "worker"


def state_of(trial):
    """Give the state of an Optuna trial in lower case: "complete", "fail", ..."""
    return trial.state.name.lower()


def is_done(trial):
    """Tell whether a trial has its result."""
    return state_of(trial) in ("complete", "pruned")


def copies(trials):
    """Find the copies that count: number of a lost trial -> its first copy."""
    found = {}
    for trial in trials:
        original = trial.user_attrs.get(COPY_OF)
        if original is not None and trial.user_attrs.get(WHY) != SURPLUS:
            found.setdefault(original, trial)
    return found


def is_lost(trial):
    """Tell whether a trial failed without a reason, and may live again."""
    losses = trial.user_attrs.get(LOSSES, 0)
    return (
        state_of(trial) == "fail" and WHY not in trial.user_attrs and losses < LIVES - 1
    )


def lost(trials):
    """List the lost trials that have no copy yet."""
    found = copies(trials)
    return [t for t in trials if is_lost(t) and t.number not in found]


def holders(trials):
    """List the trials that hold a slot."""
    found = copies(trials)
    held = []
    for trial in trials:
        original = trial.user_attrs.get(COPY_OF)
        second = original is not None and found.get(original) is not trial
        if state_of(trial) != "fail":
            holds = not second
        else:
            holds = is_lost(trial) and not second and trial.number not in found
        if holds:
            held.append(trial)
    return held


def may_go_on(trial, trials, slots):
    """Tell whether a trial that has just begun got a slot.

    Parameters
    ----------
    trial : FrozenTrial
    trials : list of FrozenTrial
        All of the study, by number.
    slots : int
    """
    held = holders(trials)
    if all(t.number != trial.number for t in held):
        return False  # another copy counts
    return sum(t.number < trial.number for t in held) < slots


class Watch:
    """What a worker remembers of the pulses it has seen.

    Parameters
    ----------
    grace : float
        Seconds without a change after which a trial is lost.
    """

    def __init__(self, grace):
        self.grace = grace
        self._seen = {}  # number -> (beat, when it was first seen)

    def silent(self, trials):
        """List the running trials that nobody computes any more.

        Parameters
        ----------
        trials : list of FrozenTrial

        Returns
        -------
        list of FrozenTrial
        """
        now = time.monotonic()
        silent = []
        for trial in trials:
            if state_of(trial) != "running":
                self._seen.pop(trial.number, None)
                continue
            beat = trial.user_attrs.get(BEAT)
            known, since = self._seen.setdefault(trial.number, (beat, now))
            if beat != known:
                self._seen[trial.number] = beat, now
            elif now - since > self.grace:
                silent.append(trial)
        return silent


class Pulse:
    """Write a growing number into a trial while the body of ``with`` runs.

    Parameters
    ----------
    write : callable
        Called with 1, 2, 3, ... from a thread of its own.
    seconds : float
        Between two numbers.
    """

    def __init__(self, write, seconds):
        self._write, self._seconds = write, seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def _beat(self):
        number = 0
        while not self._over.wait(self._seconds):
            number += 1
            # The storage may be away for a while; a trial that was given to somebody
            # else meanwhile is noticed where it reports.
            with suppress(Exception):
                self._write(number)

    def __enter__(self):
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *error):
        """End; a number that is being written gets there first."""
        self._over.set()
        self._thread.join()
