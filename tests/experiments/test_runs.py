import json
import os

import numpy as np
import pytest

from utils import recipes
from utils.cifar10 import load_cifar10
from utils.experiments import runs
from utils.network import Affine, Conv, ConvNet, GlobalMaxPool


def write(folder, name, seed, seconds, accuracy, key="test"):
    result = {
        "recipe": name,
        "seed": seed,
        "train_seconds": seconds,
        f"{key}_accuracy": accuracy,
        f"{key}_accuracy_tta": accuracy + 0.01,
    }
    path = folder / f"{name}-{seed}.json"
    path.write_text(json.dumps({"result": result, "loss": [2.3]}))


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, "fast65", 10, 2.0, 0.68)
    write(tmp_path, "fast65", 2, 1.0, 0.66)
    write(tmp_path, "record94", 0, 300.0, 0.93)
    write(tmp_path, "fast80", "held-back", 6.0, 0.8, key="val")
    return tmp_path


def test_logs_come_in_the_order_of_their_seeds(folder):
    logs = runs.read_logs("fast65", folder)
    assert [log["result"]["seed"] for log in logs] == [2, 10]
    assert runs.read_logs("fast90", folder) == []
    assert runs.read_logs("fast80", folder) == []
    assert runs.read_result("fast80-held-back", folder)["loss"] == [2.3]


def test_the_summary_is_over_seeds_and_test_images_only(folder):
    table = runs.summarise(["fast65", "fast80", "fast90", "record94"], folder)
    assert list(table) == ["fast65", "record94"]
    row = table["fast65"]
    assert (row["seconds"], row["seeds"]) == (1.5, 2)
    assert row["accuracy"] == pytest.approx(0.67)
    assert row["std"] == pytest.approx(0.01 * 2**0.5)  # estimated from n - 1 = 1
    assert row["accuracy_tta"] == pytest.approx(0.68)


def test_the_frontier_takes_views_where_the_source_does(folder):
    found = runs.frontier(folder)
    assert list(found) == ["fast65", "record94, six views"]
    assert found["fast65"] == pytest.approx((1.5, 0.67, 0.01 * 2**0.5))
    assert found["record94, six views"] == pytest.approx((300, 0.94, 0))


def test_networks_and_results_are_read_or_missing(tmp_path):
    assert runs.read_net("fast90", tmp_path) is None
    with pytest.raises(FileNotFoundError, match=r"sizes\.json"):
        runs.read_result("sizes", tmp_path)
    net = ConvNet([Conv(4), GlobalMaxPool(), Affine(10)])
    net.save(tmp_path / "fast90.npz", dtype=np.float16)
    assert runs.read_net("fast90", tmp_path).layers == net.layers
    (tmp_path / "sizes.json").write_text('{"results": {}}')
    assert runs.read_result("sizes", tmp_path) == {"results": {}}


def test_what_is_given_stands_in_for_what_was_not_made_here(folder, monkeypatch):
    assert (runs.FOLDER.parent / "utils" / "experiments").is_dir()
    monkeypatch.setattr(runs, "FOLDER", folder)
    assert set(runs.read_result("ablation")["results"]) > {"all ideas"}
    assert len(runs.read_result(runs.CURVE)["history"]["seconds"]) > 5
    assert runs.read_logs("fast90") == []
    table = runs.summarise(recipes.RECIPES)
    assert list(table) == ["fast65", "fast80", "fast90", "record94"]
    assert (table["fast65"]["seeds"], table["fast90"]["seeds"]) == (2, 5)
    (folder / "ablation.json").write_text('{"results": {}}')
    assert runs.read_result("ablation") == {"results": {}}


def test_what_is_given_is_what_the_logs_say():
    if not runs.FOLDER.is_dir():
        pytest.skip("a handout has no logs")
    for name, content in runs.collect().items():
        assert content == runs.read(runs.GIVEN / f"{name}.json"), name


def test_what_is_given_is_small_and_holds_no_log():
    for path in runs.GIVEN.iterdir():
        assert path.suffix == ".json" and path.stat().st_size < 10_000
        assert "loss" not in runs.read(path)


@pytest.mark.parametrize("name", ["fast90", "record94"])
def test_whoever_lacks_a_network_is_told_how_to_train_it(name):
    text = runs.how_to_train(name)
    minutes = {"fast90": "1 min", "record94": "6 min"}[name]
    assert text.startswith(f"runs/ has no trained {name}. To train it ({minutes} ")
    command = f"-m utils.recipes {name} --log runs/{name}-0.json --save runs/{name}.npz"
    assert text.endswith(command)


def test_the_command_names_the_python_that_runs(monkeypatch):
    inside = runs.FOLDER.parent / ".venv" / "bin" / "python"
    monkeypatch.setattr("sys.executable", str(inside))
    expected = f"in a terminal: {inside.relative_to(runs.FOLDER.parent)} -m"
    assert expected in runs.how_to_train("fast90")
    monkeypatch.setattr("sys.executable", "/usr/bin/python3")
    assert "python3 -m" in runs.how_to_train("fast90")


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("name", ["fast90", "record94"])
def test_the_kept_networks_are_as_good_as_their_logs_say(name):
    source = os.environ.get("CIFAR10_SOURCE", "synthetic")
    if source == "synthetic":
        pytest.skip("CIFAR10_SOURCE names no real data")
    data = load_cifar10(source, num_test=1000)
    net, [log, *_] = runs.read_net(name), runs.read_logs(name)
    recipe = recipes.RECIPES[name]
    right = recipes.accuracy(recipe, net, data["X_test"], data["y_test"])
    # Of 1,000 images: one standard error is 0.008, and float16 costs next to nothing.
    assert abs(right - log["result"]["test_accuracy"]) < 0.03
