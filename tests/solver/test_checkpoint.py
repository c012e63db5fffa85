"""Files of checkpoints: what they hold, damage, full disks."""

import errno
import json
import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st

from tests.solver.long_run import make, result
from tests.solver.stand_ins import make_steps
from utils.solver import checkpoint
from utils.solver.checkpoint import Checkpoints, read, readable, write


def equal(a, b):
    """Compare type by type, and bit by bit."""
    if isinstance(a, dict):
        return list(a) == list(b) and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, np.ndarray | np.generic):
        same = type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape
        return same and a.tobytes() == b.tobytes()
    return type(a) is type(b) and repr(a) == repr(b)


ARRAYS = numpy_st.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]),
    numpy_st.array_shapes(min_dims=0, min_side=0, max_side=3),
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | ARRAYS
KEYS = st.text("ab/.*[]'é ", max_size=5)
TREES = st.recursive(
    LEAVES, lambda t: st.lists(t, max_size=3) | st.dictionaries(KEYS, t, max_size=3)
)


@settings(max_examples=30)
@given(tree=st.dictionaries(KEYS, TREES, max_size=4))
def test_what_is_written_is_read(tmp_path_factory, tree):
    path = tmp_path_factory.mktemp("trees") / "one.npz"
    write(path, tree)
    assert equal(read(path), tree)


def test_numbers_of_numpy_stay_numbers_of_numpy(tmp_path):
    # float32 * np.float64(0.1) is computed in float64, float32 * 0.1 is not.
    tree = {"a": np.float64(0.1), "b": 0.1, "c": np.array(0.1), "d": (1, 2)}
    write(tmp_path / "one.npz", tree)
    again = read(tmp_path / "one.npz")
    assert type(again["a"]) is np.float64 and type(again["b"]) is float
    assert type(again["c"]) is np.ndarray and again["d"] == [1, 2]


def test_names_that_would_collide(tmp_path):
    names = ["tree", "file", "allow_pickle", "", "/", "a/b", "a.npy", "a", "\0", "\1"]
    tree = {name: np.array(k) for k, name in enumerate(names)}
    tree["c"] = {"d": np.array(10)}
    tree["c/d"] = np.array(11)
    write(tmp_path / "one.npz", tree)
    assert equal(read(tmp_path / "one.npz"), tree)


def test_a_file_is_an_ordinary_npz_without_pickles(tmp_path):
    write(tmp_path / "one.npz", {"weights": {"conv1.w": np.arange(3.0)}, "step": 7})
    with np.load(tmp_path / "one.npz", allow_pickle=False) as file:
        assert sorted(file.files) == ["tree", "weights/conv1.w"]
        assert file["weights/conv1.w"].tolist() == [0, 1, 2]
        assert json.loads(file["tree"].tobytes())


@pytest.mark.parametrize(
    "tree, message",
    [
        ({"a": {"b": np.array([None])}}, "a/b holds Python objects"),
        ({"a": {3: 1}}, "/a has a key 3, expected a text"),
        ({"a": {1, 2}}, "set is not JSON serializable"),
    ],
)
def test_other_things_are_refused(tmp_path, tree, message):
    with pytest.raises(TypeError, match=message):
        write(tmp_path / "one.npz", tree)
    assert not (tmp_path / "one.npz").exists()


def test_objects_are_described_without_addresses():
    class Thing:
        pass

    assert readable(Thing()) == readable(Thing())
    assert " at 0x" not in readable(lambda progress: progress)
    assert readable((1, "a")) == "(1, 'a')"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def said():
    return []


def make_checkpoints(folder, said, settings=None):
    settings = {"seed": "0"} if settings is None else settings
    return Checkpoints(folder / "run", settings, said.append)


def test_two_are_kept(tmp_path, said):
    (tmp_path / "run-other.npz").write_text("mine")
    (tmp_path / "run2-000001.npz").write_text("mine")
    left = tmp_path / ".run-000001.npz.77.tmp"
    left.write_text("of a writer that was killed")
    os.utime(left, (0, 0))
    checkpoints = make_checkpoints(tmp_path, said)
    for step in (1, 2, 30, 4_000_000):
        checkpoints.save(step, {"step": step})
    kept = ["run-000030.npz", "run-4000000.npz"]
    assert names(tmp_path) == [*kept, "run-other.npz", "run2-000001.npz"]
    assert make_checkpoints(tmp_path, said).latest() == {"step": 4_000_000}
    assert said == []


def test_two_programs_of_one_name_leave_each_other_alone(tmp_path, said):
    mine, theirs = (make_checkpoints(tmp_path, said) for _ in range(2))
    mine.save(10, {"step": 10})
    assert said == []
    theirs.save(1, {"step": 1})  # who begins later takes the place of what is there
    mine.save(11, {"step": 11})
    (sentence,) = said
    assert "Another program writes" in sentence and "run-000001.npz" in sentence
    (tmp_path / ".run-000013.npz.77.tmp").write_text("theirs, at this moment")
    for step in (2, 3):
        theirs.save(step, {"step": step})
        mine.save(step + 10, {"step": step + 10})
    ours = ["run-000012.npz", "run-000013.npz"]
    assert names(tmp_path)[1:] == ["run-000002.npz", "run-000003.npz", *ours]
    assert names(tmp_path)[0] == ".run-000013.npz.77.tmp"
    assert len(said) == 2  # once each


def test_the_folder_is_made(tmp_path, said):
    make_checkpoints(tmp_path / "build" / "x", said).save(1, {})
    assert make_checkpoints(tmp_path / "none", said).latest() is None
    assert names(tmp_path) == ["build"]


class Trap:
    """Leaves a file if it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


DAMAGES = ["cut", "empty", "flip", "text", "folder", "pickle", "pickles inside"]
DAMAGES += ["no tree"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_of_a_damaged_file_the_one_before_is_used(tmp_path, said, damage):
    checkpoints = make_checkpoints(tmp_path, said)
    for step in (1, 2):
        checkpoints.save(step, {"step": step, "w": np.arange(1000.0)})
    path = tmp_path / "run-000002.npz"
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "text":
        path.write_text("hello")
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    elif damage == "pickle":
        path.write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    elif damage == "pickles inside":
        np.savez(path, tree=np.array([Trap(tmp_path / "sprung")], object))
    else:
        np.savez(path, w=np.arange(3))
    fresh = make_checkpoints(tmp_path, said)
    tree = fresh.latest()
    assert tree["step"] == 1
    (sentence,) = said
    assert sentence.startswith(f"{path} is damaged (") and "the one before" in sentence
    assert not (tmp_path / "sprung").exists()
    # The damaged one goes, the one that was used stays; a folder is somebody's own.
    fresh.save(3, {})
    stays = ["run-000002.npz"] if damage == "folder" else []
    assert names(tmp_path) == ["run-000001.npz", *stays, "run-000003.npz"]


def test_a_file_cut_off_anywhere_is_found(tmp_path, said):
    checkpoints = make_checkpoints(tmp_path, said)
    checkpoints.save(1, {"w": np.arange(5.0), "text": "abc"})
    path = tmp_path / "run-000001.npz"
    content = path.read_bytes()
    for size in range(len(content)):
        path.write_bytes(content[:size])
        assert make_checkpoints(tmp_path, said).latest() is None
    assert len(said) == len(content)


def test_a_flipped_bit_anywhere_is_found_or_harmless(tmp_path, said):
    checkpoints = make_checkpoints(tmp_path, said)
    tree = {"w": np.arange(5.0), "text": "abc"}
    checkpoints.save(1, tree)
    path = tmp_path / "run-000001.npz"
    content, found = path.read_bytes(), 0
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        path.write_bytes(changed)
        again = make_checkpoints(tmp_path, said).latest()
        assert again is None or equal(again, tree)
        found += again is None
    assert found > len(content) / 2


def test_if_all_are_damaged_training_starts_anew(tmp_path, capsys):
    for step in (1, 2):
        (tmp_path / f"run-00000{step}.npz").write_text("?")
    solver = make_steps(checkpoint=tmp_path / "run", verbose=True, num_epochs=1)
    solver.train()
    lines = capsys.readouterr().out.splitlines()
    assert ["is damaged" in line for line in lines[:3]] == [True, True, False]
    assert solver.step == 4 and names(tmp_path) == ["run-000004.npz"]


def test_training_goes_on_from_the_file_before_the_damaged_one(tmp_path):
    whole = make("steps")
    whole.train()
    first = make("steps", checkpoint=tmp_path / "run", checkpoint_every=1e-9)
    first.train()
    assert names(tmp_path) == ["run-000059.npz", "run-000060.npz"]
    (tmp_path / "run-000060.npz").write_bytes(b"PK")
    again = make("steps", checkpoint=tmp_path / "run")
    again.train()
    for name, value in result(whole).items():
        assert result(again)[name].tobytes() == value.tobytes()


def test_settings_that_differ_are_named(tmp_path, said):
    old = {"seed": "0", "lr_decay": "0.5", "gone": "x"}
    make_checkpoints(tmp_path, said, old).save(1, {})
    new = {"seed": "1", "lr_decay": "0.5", "new": "y"}
    with pytest.raises(ValueError) as error:
        make_checkpoints(tmp_path, said, new).latest()
    text = str(error.value)
    assert f"{tmp_path / 'run-000001.npz'} is from another training: " in text
    for part in ("seed was 0 and is 1", "gone was x and is not there", "new was not"):
        assert part in text
    assert "lr_decay" not in text


def full_disk(path):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_one_and_training_goes_on(
    tmp_path, monkeypatch, capsys
):
    prefix = tmp_path / "run"
    make_steps(checkpoint=prefix, num_epochs=1).train()
    content = (tmp_path / "run-000004.npz").read_bytes()
    monkeypatch.setattr(checkpoint, "whole_file", full_disk)
    options = {"checkpoint": prefix, "checkpoint_every": 1e-9, "num_epochs": 1}
    solver = make_steps(verbose=True, resume=False, **options)
    solver.train()
    assert solver.stopped is None and solver.step == 4
    lines = capsys.readouterr().out.splitlines()
    (sentence,) = [line for line in lines if "not written" in line]
    assert "run-000001.npz was not written (No space left on device); go" in sentence
    assert "make room there" in sentence
    assert names(tmp_path) == ["run-000004.npz"]
    assert (tmp_path / "run-000004.npz").read_bytes() == content


def test_a_folder_that_cannot_be_made(tmp_path, capsys):
    (tmp_path / "build").write_text("a file")
    solver = make_steps(checkpoint=tmp_path / "build" / "run", verbose=True)
    solver.train()
    assert solver.stopped is None and solver.step == 12
    assert capsys.readouterr().out.count("was not written (") == 1


def test_a_file_is_written_every_so_often_and_at_the_end(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(Checkpoints, "save", lambda self, step, tree: seen.append(step))
    make_steps(checkpoint=tmp_path / "run").train()
    assert seen == [12]
    seen.clear()
    clock = iter(range(1000))  # every look at the clock takes a second
    monkeypatch.setattr("time.perf_counter", lambda: float(next(clock)))
    prefix = tmp_path / "other"
    solver = make_steps(checkpoint=prefix, checkpoint_every=4, evaluate="never")
    solver.train()
    # looks: 0 start, 1 epoch 1, 2-5 updates 1-4 (no file where an epoch ends), 6 limit?
    # 7 epoch 2, 8 update 5: save, 9 saved, 10-12 updates 6-8, 13 limit?
    # 14 epoch 3, 15 update 9: save
    assert seen == [5, 9, 12]
    assert solver.train_seconds == 12.0
