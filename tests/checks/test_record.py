import hashlib
import json

import numpy as np
import pytest

from utils.checks import (
    check_accuracy,
    check_one_layer,
    check_strides,
    check_two_layers,
    check_wider,
    record,
)
from utils.checks.compare import Result
from utils.checks.process import LIMITS
from utils.checks.record import exercise_file, keep, recorded
from utils.exercises.cnn import ThreeLayerConvNet
from utils.exercises.conv_layers import conv_forward_naive
from utils.pdf.expected import Check, checks, notes_about

RESULTS = [Result("a", True), Result("b", False), Result("c", None), Result("d", True)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(LIMITS, "separate", True)
    monkeypatch.setattr(record, "FOLDER", tmp_path / "build" / "checks")
    return tmp_path / "build" / "checks"


def written(folder, name="conv-forward"):
    return json.loads((folder / f"{name}.json").read_text("utf-8"))


def test_a_check_writes_down_how_it_came_out(folder):
    @recorded("conv-forward")
    def check(fn, threshold=1):
        """What it does."""
        return RESULTS

    assert check(conv_forward_naive, threshold=2) is RESULTS
    assert check.__doc__ == "What it does."
    record_ = written(folder)
    source = record.EXERCISES / "conv_layers.py"
    assert record_.pop("when")[:2] == "20"
    assert record_ == {
        "id": "conv-forward",
        "passed": 2,
        "failed": 1,
        "todo": 1,
        "file": "utils/exercises/conv_layers.py",
        "file_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
    }


def test_the_file_that_was_judged_not_the_one_saved_meanwhile(folder, monkeypatch):
    prints = iter(["before", "after"])
    monkeypatch.setattr(record, "fingerprint", lambda path: next(prints))
    recorded("conv-forward")(lambda fn: RESULTS)(conv_forward_naive)
    assert written(folder)["file_sha256"] == "before"


def test_instances_count_as_their_class(folder):
    assert exercise_file([ThreeLayerConvNet()]).name == "cnn.py"


@pytest.mark.parametrize("subjects", [[], [len], [lambda x: x], [None], [{}], ["x"]])
def test_what_is_no_exercise_leaves_nothing(folder, subjects):
    assert exercise_file(subjects) is None
    recorded("x")(lambda *given: RESULTS)(*subjects)
    assert not folder.exists()


def test_in_tests_nothing_is_written(folder, monkeypatch):
    monkeypatch.setattr(LIMITS, "separate", False)
    recorded("x")(lambda fn: RESULTS)(conv_forward_naive)
    recorded("x", needs_file=False)(lambda model: RESULTS)(None)
    assert not folder.exists()


def test_a_network_of_given_layers_is_judged_without_a_file(folder, tmp_path):
    check_accuracy(None, {"X_val": [], "y_val": []})
    record_ = written(folder, "cnn-65-percent")
    assert (record_["todo"], record_["file"], record_["file_sha256"]) == (1, "", "")
    asked = {"cnn-65-percent": {"title": "Train", "file": "cnn.py", "checked": True}}
    assert checks(asked, tmp_path)[0] == Check("Train", "unfinished", "0 of 1 passed")


@pytest.mark.parametrize(
    ("right", "state", "note"),
    [
        (3, "passed", []),
        (2, "failed", ["the check fails (50.0 % of 4 images)"]),
    ],
)
def test_the_accuracy_is_on_the_cover(folder, tmp_path, right, state, note):
    class Model:
        def loss(self, X):
            return np.eye(2)[[0] * len(X)]

    labels = np.array([0] * right + [1] * (4 - right))
    check_accuracy(Model(), {"X_val": np.zeros((4, 1)), "y_val": labels})
    asked = {"cnn-65-percent": {"title": "Train", "checked": True}}
    rows = checks(asked, tmp_path)
    assert rows == [Check("Train", state, f"{25 * right:.1f} % of 4 images")]
    assert [row.message for row in notes_about(rows)] == note


@pytest.mark.parametrize(
    ("check", "given", "name", "counts", "state"),
    [
        (check_one_layer, ["m1"], "receptive-field-a", (1, 0, 0), "passed"),
        (check_two_layers, ["m1"], "receptive-field-b", (0, 1, 0), "failed"),
        (check_strides, ["m1", 0, None], "receptive-field-c", (1, 1, 1), "failed"),
        (check_wider, [None, None], "receptive-field-e", (0, 0, 1), "unfinished"),
    ],
)
def test_what_stands_in_a_cell_is_judged_without_a_file(
    folder, check, given, name, counts, state
):
    check(*given)
    record_ = written(folder, name)
    assert (record_["passed"], record_["failed"], record_["todo"]) == counts
    assert (record_["file"], record_["file_sha256"]) == ("", "")
    (row,) = checks({name: {"title": "Formula", "checked": True}}, folder.parents[1])
    assert row.state == state


def test_a_folder_that_cannot_be_made_stops_nothing(folder):
    folder.parent.write_text("a file")
    recorded("x")(lambda fn: RESULTS)(conv_forward_naive)
    assert folder.parent.read_text() == "a file"


def test_the_cover_reads_what_is_written(folder, tmp_path):
    (tmp_path / "utils" / "exercises").mkdir(parents=True)
    path = tmp_path / "utils" / "exercises" / "cnn.py"
    path.write_text("x = 1\n")
    keep("b", RESULTS[:1], path, record.fingerprint(path))
    asked = {"b": {"title": "Build", "file": "cnn.py", "checked": True}}
    assert checks(asked, tmp_path) == [Check("Build", "passed", "1 of 1 passed")]
    path.write_text("x = 2\n")
    assert checks(asked, tmp_path)[0].state == "out of date"
