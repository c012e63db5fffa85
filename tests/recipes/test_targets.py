import json
import os

import numpy as np
import pytest

from utils.network import Affine, ConvNet
from utils.recipes import targets

ROW = {"recipe": "fast65", "seed": 0, "test_accuracy": 0.66}
WHAT = targets.label(ROW)


def refuse(option, path, words, what=WHAT):
    with pytest.raises(ValueError, match=words) as caught:
        targets.check(option, path, what)
    assert str(caught.value).startswith(f"{option} is {path}, ")


def test_a_new_file_may_be_written_and_nothing_is_left(tmp_path):
    targets.check("--log", tmp_path / "new" / "a.json", WHAT)
    targets.check("--save", tmp_path / "a.npz", None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file(tmp_path):
    refuse("--save", tmp_path, "a folder: name a file in it", None)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux's /proc")
def test_a_place_that_takes_no_files(tmp_path):
    refuse("--save", type(tmp_path)("/proc/x.npz"), "/proc does not take files", None)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "a").touch()
    refuse("--json", tmp_path / "a" / "b.json", "does not take files")


@pytest.mark.parametrize(
    ("option", "content", "mine"),
    [
        ("--log", "# Read me", False),
        ("--log", "[]", False),
        ("--log", '{"result": 3}', False),
        ("--log", json.dumps(ROW), False),
        ("--log", json.dumps({"result": ROW}), True),
        ("--log", json.dumps({"result": ROW | {"seed": 1}}), False),
        ("--log", json.dumps({"result": ROW | {"recipe": "fast80"}}), False),
        ("--log", json.dumps({"result": ROW | {"val_accuracy": 0.6}}), False),
        ("--json", json.dumps(ROW), True),
        ("--json", json.dumps({"result": ROW}), False),
        ("--json", "{}", False),
    ],
)
def test_only_what_is_made_again_is_overwritten(tmp_path, option, content, mine):
    path = tmp_path / "a.json"
    path.write_text(content)
    if mine:
        targets.check(option, path, WHAT)
    else:
        refuse(option, path, "something else than a .* of fast65 with seed 0")
    assert path.read_text() == content


def test_a_network_is_replaced_by_a_network_only(tmp_path):
    net, other = tmp_path / "net.npz", tmp_path / "other.npz"
    ConvNet([Affine(10)], input_shape=(1, 2, 2)).save(net)
    targets.check("--save", net, None)
    np.savez(other, a=1)
    refuse("--save", other, "holds no network of ours", None)
