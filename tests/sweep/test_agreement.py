"""What all trials of a study have in common."""

import threading
from types import SimpleNamespace

import numpy as np
import optuna
import pytest

from utils import sweep
from utils.sweep import agreement, journal
from utils.sweep.library import SweepError

SPACE = {"rate": sweep.log(0.01, 1)}
OTHER = {"rate": sweep.log(0.01, 2)}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Keep all journals of a test in its own folder."""
    monkeypatch.setattr(journal, "FOLDER", tmp_path)


def training(**about):
    def objective(trial):
        return trial.params["rate"]

    objective.about = about
    return objective


def test_another_training_is_refused(capsys):
    study = sweep.Study("s", SPACE)
    assert study.run(training(recipe="tiny", epochs=2, seed=0), 1)
    again = sweep.Study("s")
    with pytest.raises(SweepError) as caught:
        again.run(training(recipe="tiny", epochs=8, seed=0), 2)
    assert str(caught.value) == (
        f"the study 's' in {study.where} trains something else (epochs: 2, now 8); "
        "give the new search another name"
    )
    assert len(again.table()) == 1
    with pytest.raises(SweepError, match=r"seed: 0, now 1\)"):
        again.run(training(recipe="tiny", epochs=2, seed=1), 2)
    with pytest.raises(SweepError, match="recipe: 'tiny', now nothing; epochs"):
        again.run(lambda trial: 0.5, 2)
    assert again.run(training(seed=0, epochs=2.0, recipe="tiny"), 2)


def test_a_slip_may_be_corrected_until_there_is_a_trial_that_counts(capsys):
    def broken(trial):
        raise NameError("epohcs")

    broken.about = {"recipe": "tiny", "epochs": "abc"}
    study = sweep.Study("s", SPACE)
    with pytest.raises(NameError):
        study.run(broken, 1)
    assert sweep.Study("s").run(training(recipe="tiny", epochs=2), 1)
    with pytest.raises(SweepError, match="epochs: 2, now 3"):
        sweep.Study("s").run(training(recipe="tiny", epochs=3), 2)


def test_a_correction_at_the_same_moment_is_noticed(monkeypatch, capsys):
    """The second worker comes after the first has agreed, before it has a trial."""
    study, begin = sweep.Study("s", SPACE), sweep.Study._begin

    def late(self, objective, slots):
        self._study.set_user_attr("about", {"recipe": "'other'"})
        begin(self, objective, slots)

    monkeypatch.setattr(sweep.Study, "_begin", late)
    with pytest.raises(SweepError, match="recipe: 'other', now 'tiny'"):
        study.run(training(recipe="tiny"), 1)
    assert study.table() == []


def test_a_recipe_does_not_join_trials_of_a_plain_function(capsys):
    assert sweep.Study("s", SPACE).run(lambda trial: 0.5, 1)
    assert sweep.Study("s").run(lambda trial: 0.5, 2)
    with pytest.raises(SweepError, match="recipe: nothing, now 'tiny'"):
        sweep.Study("s").run(training(recipe="tiny"), 3)


def test_what_is_searched_may_differ_elsewhere(capsys):
    assert sweep.Study("s", SPACE).run(training(recipe="tiny", rate=1), 1)
    assert sweep.Study("s").run(training(recipe="tiny", rate=2), 2)


def test_a_study_without_a_space_is_no_study_to_join(tmp_path):
    storage, _ = journal.open_journal(tmp_path / "s.log")
    optuna.create_study(storage=storage, study_name="s")  # its maker was killed here
    with pytest.raises(SweepError, match="'s' in .* has no space yet; its first"):
        sweep.Study("s")
    assert sweep.Study("s", SPACE).space == SPACE  # the next one makes up for it
    assert sweep.Study("s").space == SPACE


class Late:
    """A study that two workers write into: the other one has the last word."""

    study_name = "s"

    def __init__(self):
        self.user_attrs = {}

    def set_user_attr(self, key, value):
        theirs = {"rate": repr(OTHER["rate"])}
        self.user_attrs = {**self.user_attrs, key: theirs}


def test_what_was_written_is_read_again():
    with pytest.raises(SweepError, match=r"log\(0.01, 2.0\), now log\(0.01, 1.0\)"):
        agreement.join_space(Late(), SPACE, "here")
    assert agreement.join_space(Late(), OTHER, "here") == OTHER


def test_a_space_that_was_overwritten_later_is_noticed_before_the_first_trial(capsys):
    study = sweep.Study("s", SPACE)
    study._study.set_user_attr("space", {"rate": repr(OTHER["rate"])})
    with pytest.raises(SweepError, match="searches another space"):
        study.run(lambda trial: 0.5, 1)
    assert study.table() == []


@pytest.mark.parametrize("given", [None, OTHER])
def test_nobody_joins_between_the_birth_of_a_study_and_its_space(monkeypatch, given):
    """The first worker stops there until the second has tried for a while."""
    born, go_on, ends = threading.Event(), threading.Event(), []
    join_space = agreement.join_space

    def slow(study, space, where):
        if threading.current_thread().name == "first":
            born.set()
            assert go_on.wait(300)
        return join_space(study, space, where)

    def second():
        try:
            ends.append(sweep.Study("s", given).space)
        except SweepError as error:
            ends.append(str(error))

    monkeypatch.setattr(agreement, "join_space", slow)
    threads = [
        threading.Thread(target=lambda: sweep.Study("s", SPACE), name="first"),
        threading.Thread(target=second),
    ]
    threads[0].start()
    assert born.wait(300)
    threads[1].start()
    threads[1].join(0.1)
    assert ends == []
    go_on.set()
    for thread in threads:
        thread.join(300)
    (end,) = ends
    assert end == SPACE if given is None else "searches another space" in end
    assert sweep.Study("s").space == SPACE


def test_equal_values_are_written_alike():
    written = agreement.written
    for pair in ((2, 2.0), ([1, (2.0,)], (1, [2])), (np.float32(0.5), 0.5)):
        assert written(pair[0]) == written(pair[1])
    for pair in ((2, "2"), (0.1, 0.1 + 1e-12), (None, "None"), ((1,), 1), (1, True)):
        assert written(pair[0]) != written(pair[1])
    assert written(((0.0, 18), "six")) == "((0, 18), 'six')"


def test_no_about_is_written_as_nothing():
    study = optuna.create_study()
    agreement.join_about(study, SimpleNamespace(), SPACE, "here")
    assert study.user_attrs == {"about": {}}
