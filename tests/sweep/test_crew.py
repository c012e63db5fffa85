"""The rules of sharing, on trials made by hand; and by many dice."""

import threading
import time
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.sweep import crew


def trial(number, state, **attrs):
    return SimpleNamespace(
        number=number, state=SimpleNamespace(name=state), user_attrs=attrs
    )


def numbers(trials):
    return [t.number for t in trials]


def test_who_holds_a_slot():
    trials = [
        trial(0, "COMPLETE"),
        trial(1, "PRUNED"),
        trial(2, "RUNNING"),
        trial(3, "WAITING"),
        trial(4, "FAIL", why="NameError"),
        trial(5, "FAIL", why="surplus"),
        trial(6, "FAIL"),  # lost, no copy yet: holds
        trial(7, "FAIL"),  # lost, copied: its copy holds
        trial(8, "WAITING", copy_of=7),
        trial(9, "WAITING", copy_of=7),  # a second copy does not
    ]
    assert numbers(crew.holders(trials)) == [0, 1, 2, 3, 6, 8]
    assert numbers(crew.lost(trials)) == [6]


def test_a_trial_that_kills_its_workers_is_given_up():
    chain = [
        trial(0, "FAIL"),
        trial(1, "FAIL", copy_of=0, losses=1),
        trial(2, "FAIL", copy_of=1, losses=2),
    ]
    assert numbers(crew.lost(chain[:1])) == [0]
    assert numbers(crew.lost(chain[:2])) == [1]
    assert crew.lost(chain) == []
    assert crew.holders(chain) == []


def test_the_lower_numbers_go_on():
    trials = [trial(n, "RUNNING") for n in range(4)]
    may = [crew.may_go_on(t, trials, 3) for t in trials]
    assert may == [True, True, True, False]
    trials[1] = trial(1, "FAIL", why="ValueError")
    assert crew.may_go_on(trials[3], trials, 3)


def test_a_lost_trial_keeps_its_slot_for_its_copy():
    trials = [trial(0, "FAIL"), trial(1, "COMPLETE"), trial(2, "RUNNING")]
    assert not crew.may_go_on(trials[2], trials, 2)
    trials.append(trial(3, "RUNNING", copy_of=0))
    trials[2] = trial(2, "FAIL", why="surplus")
    assert crew.may_go_on(trials[3], trials, 2)


def test_of_two_copies_one_goes_on():
    trials = [trial(0, "FAIL")]
    trials += [trial(n, "RUNNING", copy_of=0) for n in (1, 2)]
    assert crew.may_go_on(trials[1], trials, 5)
    assert not crew.may_go_on(trials[2], trials, 5)


@settings(max_examples=40)
@given(st.randoms(use_true_random=False), st.integers(1, 5), st.integers(1, 4))
def test_any_interleaving_fills_all_slots_and_no_more(dice, slots, workers):
    """Workers take turns at random; each acts on what it saw when it looked last."""
    trials, jobs, deaths = [], {}, 0

    def act(worker):
        nonlocal deaths
        step, own = jobs.get(worker, ("look", None))
        seen = list(trials)
        if step == "look":
            for t in crew.lost(seen):
                losses = t.user_attrs.get("losses", 0) + 1
                new = trial(len(trials), "WAITING", copy_of=t.number, losses=losses)
                trials.append(new)
                if dice.random() < 0.5:  # another worker saw it at the same moment
                    twin = dict(new.user_attrs)
                    trials.append(trial(len(trials), "WAITING", **twin))
            queued = [t for t in trials if t.state.name == "WAITING"]
            if queued or len(crew.holders(seen)) < slots or dice.random() < 0.3:
                if not queued:
                    queued = [trial(len(trials), "RUNNING")]
                    trials.append(queued[0])
                queued[0].state.name = "RUNNING"
                jobs[worker] = "claim", queued[0]
        elif step == "claim":
            if crew.may_go_on(own, seen, slots):
                jobs[worker] = "compute", own
            else:
                own.user_attrs["why"] = "surplus"
                own.state.name = "FAIL"
                jobs[worker] = "look", None
        else:
            died = deaths < 3 and dice.random() < 0.4
            deaths += died
            own.state.name = "FAIL" if died else "COMPLETE"
            jobs[worker] = "look", None
        assert sum(step == "compute" for step, _ in jobs.values()) <= slots
        assert sum(map(crew.is_done, trials)) <= slots

    for _ in range(120):
        act(dice.randrange(workers))
    for _ in range(40):
        for worker in range(workers):
            act(worker)
    assert sum(map(crew.is_done, trials)) == slots


def test_silence_is_noticed_and_a_pulse_is_not(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    watch = crew.Watch(10)
    beating, still = trial(0, "RUNNING", beat=0), trial(1, "RUNNING")
    trials = [beating, still, trial(2, "COMPLETE"), trial(3, "WAITING")]
    assert watch.silent(trials) == []
    for now[0] in (6.0, 10.0):
        beating.user_attrs["beat"] += 1
        assert watch.silent(trials) == []
    now[0] = 10.5
    assert watch.silent(trials) == [still]
    still.user_attrs["beat"] = 1
    assert watch.silent(trials) == []


def test_a_pulse_writes_growing_numbers_and_survives_a_storage_that_is_away():
    written, enough = [], threading.Event()

    def write(number):
        written.append(number)
        if number == 2:
            raise OSError("away")
        if number == 4:
            enough.set()

    with crew.Pulse(write, 0.005):
        assert enough.wait(300)
    count = len(written)
    assert written == list(range(1, count + 1)) and count >= 4
    time.sleep(0.03)
    assert len(written) == count


@pytest.mark.parametrize("state", ["COMPLETE", "PRUNED"])
def test_done(state):
    assert crew.is_done(trial(0, state))
    assert not crew.is_done(trial(0, "FAIL"))
