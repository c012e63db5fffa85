"""Studies: they finish, stop, continue, prune, and tell who is wrong."""

import math
import threading
import time
from types import SimpleNamespace

import pytest

from utils import sweep
from utils.sweep import crew, journal
from utils.sweep import study as room

SPACE = {"rate": sweep.log(0.001, 10), "size": sweep.choice(125, 250)}
LONG = 300  # seconds until a test that hangs fails


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Keep all journals of a test in its own folder; look again at once."""
    monkeypatch.setattr(journal, "FOLDER", tmp_path)
    monkeypatch.setattr(room, "POLL", 0.001)


@pytest.fixture
def clock(monkeypatch):
    """Give the time in a list; it stands still until a test changes it."""
    now = [0.0]
    still = SimpleNamespace(**vars(time))
    still.monotonic = lambda: now[0]
    for module in (crew, room):
        monkeypatch.setattr(module, "time", still)
    return now


def value(trial):
    return 0.9 - 0.1 * abs(math.log10(trial.params["rate"] / 0.1))


def params(study):
    rows = sorted(study.table(), key=lambda row: row["trial"])
    return [tuple(row["params"].values()) for row in rows]


def test_a_search_finds_the_best(capsys):
    study = sweep.Study("s", SPACE)
    assert study.best is None and str(study.table()) == "no trials yet"
    assert study.run(value, 40) is True
    rows = study.table()
    assert len(rows) == 40
    assert all(0 <= row["seconds"] < 60 for row in rows)
    assert 0.03 < study.best["params"]["rate"] < 0.3
    assert study.best == rows[0]
    assert [r["accuracy"] for r in rows] == sorted(
        (r["accuracy"] for r in rows), reverse=True
    )
    assert next(iter(study.importances())) == "rate"
    assert study.scales == {"rate": "log", "size": "choice"}
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 40
    assert lines[0].startswith("trial 0: 0.") and "; 1 of 40, best 0." in lines[0]


def test_running_again_continues_up_to_the_number_in_all(capsys):
    assert sweep.Study("s", SPACE).run(value, 3)
    again = sweep.Study("s", SPACE)
    assert again.run(value, 3) and len(again.table()) == 3
    assert again.run(value, 5) and len(again.table()) == 5
    assert sweep.Study("s").space == SPACE  # a worker that is given none


def test_a_continued_study_tries_what_an_unbroken_one_would(capsys):
    whole, parts = sweep.Study("whole", SPACE), None
    whole.run(value, 25)
    for trials in (1, 12, 25):
        parts = sweep.Study("parts", SPACE)
        parts.run(value, trials)
    assert params(whole) == params(parts)
    other = sweep.Study("other", SPACE, seed=1)
    other.run(value, 3)
    assert not set(params(other)) & set(params(whole))


def test_another_space_is_refused():
    sweep.Study("s", SPACE)
    with pytest.raises(sweep.SweepError) as caught:
        sweep.Study("s", {**SPACE, "size": sweep.choice(125, 500)})
    text = str(caught.value)
    assert "size: choice(125, 250), now choice(125, 500)" in text
    assert "rate" not in text and "another name" in text
    assert sweep.Study("s", dict(reversed(SPACE.items()))).run(value, 1)


def test_without_a_space_the_study_must_exist():
    with pytest.raises(sweep.SweepError, match="no study 's' in .*s.log yet"):
        sweep.Study("s")
    assert not list(journal.FOLDER.iterdir())


def test_halving_stops_bad_trials_and_keeps_good_ones(capsys):
    steps = {}

    def objective(trial):
        steps[trial.number] = []
        for step in (5, 10, 20, 30, 60, 90, 100):
            steps[trial.number].append(step)
            trial.report(step, value(trial) * step / 100)
        return value(trial)

    study = sweep.Study("s", SPACE)
    assert study.run(objective, 40)
    rows = study.table()
    pruned = [row for row in rows if row["state"] == "pruned"]
    assert len(pruned) >= 20
    assert {max(steps[row["trial"]]) for row in pruned} <= {10, 30, 90}
    assert sum(map(len, steps.values())) < 0.6 * 7 * 40  # that is what it is for
    true = {row["trial"]: row for row in rows}
    values = {
        n: 0.9 - 0.1 * abs(math.log10(true[n]["params"]["rate"] / 0.1)) for n in true
    }
    best = max(values, key=values.get)
    assert study.best["trial"] == best  # the best of all was never stopped
    # Accuracies of pruned trials are those of early steps, and rank below.
    assert all(row["state"] == "finished" for row in rows[: len(rows) - len(pruned)])


def test_ctrl_c_leaves_a_usable_study(capsys):
    tried = []

    def objective(trial):
        tried.append(trial.params)
        if len(tried) > 2:
            raise KeyboardInterrupt
        return value(trial)

    study = sweep.Study("s", SPACE)
    assert study.run(objective, 5) is False
    out = capsys.readouterr().out
    assert "Stopped with 2 of 5 trials; run again to go on." in out
    assert [r["state"] for r in study.table()] == ["finished", "finished", "waiting"]
    for _ in range(4):  # however often, it is no reason to give a trial up
        assert not sweep.Study("s", SPACE).run(objective, 5)
    assert tried[2:] == [tried[2]] * 5
    assert sweep.Study("s", SPACE).run(value, 5)
    rows = sweep.Study("s", SPACE).table()
    assert [row["state"] for row in rows] == ["finished"] * 5
    assert sum(row["params"] == tried[2] for row in rows) == 1


def test_bad_parameters_are_a_result_and_bugs_are_not(capsys):
    def objective(trial):
        if trial.number == 0:
            raise FloatingPointError("the loss is not finite")
        if trial.number == 1:
            return float("nan")
        if trial.number == 2:
            raise NameError("lerning_rate")
        return value(trial)

    study = sweep.Study("s", SPACE)
    with pytest.raises(NameError, match="lerning_rate"):
        study.run(objective, 4)
    assert "no accuracy (FloatingPointError: the loss is not fin" in (
        capsys.readouterr().out
    )
    assert study.run(objective, 4)
    notes = {row["trial"]: (row["state"], row["note"]) for row in study.table()}
    assert notes == {
        0: ("pruned", "FloatingPointError: the loss is not finite"),
        1: ("pruned", "ArithmeticError: the accuracy is nan"),
        2: ("failed", "NameError: lerning_rate"),
        3: ("finished", ""),
        4: ("finished", ""),
    }


@pytest.mark.parametrize("answer", [None, "good", [0.5]])
def test_an_accuracy_is_a_number(answer):
    with pytest.raises(TypeError, match="the objective: the accuracy is"):
        sweep.Study("s", SPACE).run(lambda trial: answer, 1)


def test_no_point_is_tried_twice_and_then_the_search_ends(capsys):
    space = {"a": sweep.choice(1, True, (2, 3)), "b": sweep.whole(1, 4)}
    for trials in (5, 50):  # it may go on with more
        study = sweep.Study("s", space)
        assert study.run(lambda trial: 0.5, trials)
    assert "All 12 points of the space have been tried." in capsys.readouterr().out
    found = params(study)
    assert len(found) == len(set(map(repr, found))) == 12
    assert sweep.Study("s").run(lambda trial: 0.5, 50)
    assert len(study.table()) == 12


def test_workers_share_the_points_of_a_space(capsys):
    space = {"a": sweep.whole(1, 9)}
    studies = [sweep.Study("s", space, worker=str(n)) for n in range(3)]
    threads = [
        threading.Thread(target=study.run, args=(lambda trial: 0.5, 20))
        for study in studies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    rows = studies[0].table()
    assert {row["state"] for row in rows} == {"finished"}
    assert sorted(row["params"]["a"] for row in rows) == list(range(1, 10))


def test_the_point_of_a_trial_that_was_stopped_is_tried_once(capsys):
    space, tried = {"a": sweep.choice(1, 2)}, []

    def objective(trial):
        tried.append(trial.params["a"])
        if len(tried) == 1:
            raise KeyboardInterrupt
        return 0.5

    assert not sweep.Study("s", space).run(objective, 5)
    assert sweep.Study("s").run(objective, 5)
    assert tried[0] == tried[1] and sorted(tried[1:]) == [1, 2]


def test_an_objective_may_refuse_a_space_before_the_first_trial():
    def objective(trial):
        raise AssertionError

    def check(space):
        raise sweep.SweepError(f"not {space['rate']!r}")

    objective.check = check
    with pytest.raises(sweep.SweepError, match=r"not log\(0.001, 10.0\)"):
        sweep.Study("s", SPACE).run(objective, 1)
    assert sweep.Study("s").table() == []


def test_no_trial_begins_after_the_time_limit(clock, capsys):
    def objective(trial):
        clock[0] += 1
        return value(trial)

    study = sweep.Study("s", SPACE)
    assert study.run(objective, 1000, time_limit=2.5) is False
    assert len(study.table()) == 3
    assert study.run(objective, 1000, time_limit=0) is False
    assert len(study.table()) == 3


def test_a_trial_of_a_dead_worker_is_done_again(clock, monkeypatch, capsys):
    """The first worker's sign of life is stopped, and its result comes too late."""
    begun, go_on, given = threading.Event(), threading.Event(), []
    # Time passes where the second worker waits for the first one, and nowhere else.
    monkeypatch.setattr(room.time, "sleep", lambda _: clock.append(clock.pop() + 1))

    def wait(trial):
        given.append(trial.params)
        begun.set()
        assert go_on.wait(LONG)

    def slow(trial):
        wait(trial)
        trial.report(50, 0.1)
        raise AssertionError("the report should have told that the trial is gone")

    def late(trial):
        wait(trial)
        return 1.0

    for name, objective in (("s", slow), ("t", late)):
        dead = sweep.Study(name, SPACE, worker="dead")
        dead._beat = 1000
        thread = threading.Thread(target=dead.run, args=(objective, 3))
        begun.clear()
        go_on.clear()
        thread.start()
        assert begun.wait(LONG)
        alive = sweep.Study(name, SPACE, worker="alive", grace=0.01)
        assert alive.run(value, 3)
        go_on.set()
        thread.join(LONG)
        assert not thread.is_alive()
        rows = alive.table()
        assert [row["state"] for row in rows] == ["finished"] * 3
        assert {row["worker"] for row in rows} == {"alive"}
        assert sum(row["params"] == given[-1] for row in rows) == 1
        assert max(row["accuracy"] for row in rows) < 1
    out = capsys.readouterr().out
    assert out.count("Trial 0 was given to another worker meanwhile.") == 2
    assert "Waiting for trial 0 of dead." in out


def test_a_living_worker_keeps_a_long_trial(clock, monkeypatch, capsys):
    """On the second worker's clock, 9 of 10 seconds pass between signs of life."""
    begun, go_on, signs = threading.Event(), threading.Event(), []

    def long(trial):
        begun.set()
        go_on.wait(LONG)
        return value(trial)

    first = sweep.Study("s", SPACE, worker="first")
    first._beat = 0.001
    thread = threading.Thread(target=first.run, args=(long, 1))
    thread.start()
    assert begun.wait(LONG)
    second = sweep.Study("s", SPACE, worker="second", grace=10)
    mend = second._mend

    def look(found):
        beat = found[0].user_attrs["beat"]
        if beat not in signs:
            signs.append(beat)
            clock[0] += 9
        mend(found)
        if len(signs) == 5:
            go_on.set()

    monkeypatch.setattr(second, "_mend", look)
    try:
        assert second.run(value, 1)
    finally:
        go_on.set()
        thread.join(LONG)
    assert len(signs) >= 5
    assert [row["worker"] for row in second.table()] == ["first"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "a/b"}, "name of the study is 'a/b'"),
        ({"name": ""}, "name of the study"),
        ({"grace": 0}, "grace is 0"),
        ({"space": {}}, "space is empty"),
    ],
)
def test_arguments(change, words):
    with pytest.raises(ValueError, match=words):
        sweep.Study(**{"name": "s", "space": SPACE, **change})


def test_the_number_of_trials_is_checked():
    for trials in (0, 2.5):
        with pytest.raises(ValueError, match=f"trials is {trials}"):
            sweep.Study("s", SPACE).run(value, trials)
