import json

import numpy as np
import pytest

from tests.kernels.engine import needs_compiler
from utils.network import ConvNet
from utils.recipes import RECIPES, cli

pytestmark = needs_compiler

KEYS = "recipe seed threads train_seconds compile_seconds test_accuracy"
KEYS += " test_accuracy_tta epochs flops"


@pytest.fixture
def small(monkeypatch):
    """Put a small recipe and few pictures in place of the real ones."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (60, 3, 32, 32), np.uint8), rng.integers(0, 10, 60)
    data = {"X_train": X[:40], "y_train": y[:40], "X_test": X[40:], "y_test": y[40:]}
    data |= {"X_val": X[:0], "y_val": y[:0], "synthetic": False}
    monkeypatch.setattr(cli, "load_cifar10", lambda **sizes: data)
    tiny = RECIPES["fast65"]._replace(widths=(16, 16, 16), batch_size=10, epochs=1.0)
    monkeypatch.setitem(RECIPES, "fast65", tiny)


def test_the_result_has_the_promised_keys(small, tmp_path, capsys):
    path = tmp_path / "new" / "result.json"
    assert cli.main(["fast65", "--seed", "3", "--json", str(path)]) == 0
    row = json.loads(path.read_text())
    assert set(row) == set(KEYS.split())
    assert path.read_text().strip() in capsys.readouterr().out
    assert (row["recipe"], row["seed"], row["epochs"]) == ("fast65", 3, 1.0)
    assert 0 <= row["test_accuracy"] <= 1 and row["flops"] > 1e6


def test_log_and_network_are_written(small, tmp_path):
    log, net = tmp_path / "log.json", tmp_path / "net.npz"
    assert cli.main(["fast65", "--log", str(log), "--save", str(net)]) == 0
    history = json.loads(log.read_text())
    expected = "python -m utils.recipes fast65 --seed 0 --log log.json"
    assert history["command"] == expected
    assert len(history["loss"]) == 4 and history["settings"]["batch_size"] == 10
    assert history["machine"]["threads"] >= 1
    assert ConvNet.load(net).params["conv1.w"].dtype == np.float32


def test_images_held_back_are_measured_and_the_test_images_are_not(small, tmp_path):
    path = tmp_path / "log.json"
    assert cli.main(["fast65", "--hold-back", "20", "--log", str(path)]) == 0
    log = json.loads(path.read_text())
    assert "val_accuracy" in log["result"] and "test_accuracy" not in log["result"]
    assert "--hold-back 20" in log["command"]
    assert log["history"]["val_accuracy"][-1] == log["result"]["val_accuracy"]


def test_stand_ins_are_not_taken_for_the_real_thing(small, monkeypatch, capsys):
    data = cli.load_cifar10() | {"synthetic": True}
    monkeypatch.setattr(cli, "load_cifar10", lambda **sizes: data)
    assert cli.main(["fast65"]) == 0
    assert "not CIFAR-10" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["-1", "40", "35"])
def test_too_many_held_back_is_a_sentence(small, capsys, count):
    assert cli.main(["fast65", "--hold-back", count]) == 1
    assert f"--hold-back is {count}, expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fast99"], "error: there is no recipe 'fast99'; there are fast65, fast80"),
        (["fast65", "--seed", "-1"], "--seed is -1, expected 0 or more"),
        (["fast65", "--threads", "0"], "--threads is 0, expected 1 or more"),
    ],
)
def test_wrong_options_end_with_status_2(arguments, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments)
    assert words in capsys.readouterr().err


def test_more_threads_than_processors_are_worth_a_line(small, monkeypatch, capsys):
    monkeypatch.setenv("UTILS_THREADS", "1")
    monkeypatch.setattr(cli.os, "cpu_count", lambda: 2)
    assert cli.main(["fast65", "--threads", "99"]) == 0
    captured = capsys.readouterr()
    assert "--threads is 99, and this machine has 2 processors" in captured.err
    assert captured.err.count("\n") == 1


def test_targets_are_looked_at_before_the_training(
    small, monkeypatch, tmp_path, capsys
):
    def train(*args, **more):
        raise AssertionError("it has begun")

    monkeypatch.setattr(cli, "train", train)
    precious = tmp_path / "README.md"
    precious.write_text("# Read me")
    cases = (["--log", precious], ["--json", precious], ["--save", precious])
    for option, path in (*cases, ["--save", tmp_path]):
        assert cli.main(["fast65", option, str(path)]) == 1
        assert f"error: {option} is {path}, " in capsys.readouterr().err
    same = ["--log", str(tmp_path / "a"), "--json", str(tmp_path / "a")]
    assert cli.main(["fast65", *same]) == 1
    assert "--json and --log name the same file" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_a_run_may_be_made_again(small, tmp_path):
    log, net = str(tmp_path / "log.json"), str(tmp_path / "net.npz")
    for _ in range(2):
        assert cli.main(["fast65", "--log", log, "--save", net]) == 0
    assert cli.main(["fast65", "--seed", "1", "--log", log]) == 1


def test_a_training_that_failed_is_no_result(small, monkeypatch, tmp_path, capsys):
    wild = RECIPES["fast65"]._replace(muon_rate=1e38)
    monkeypatch.setitem(RECIPES, "fast65", wild)
    files = [tmp_path / name for name in ("result.json", "log.json", "net.npz")]
    options = zip(("--json", "--log", "--save"), map(str, files), strict=True)
    assert cli.main(["fast65", *(word for pair in options for word in pair)]) == 1
    error = capsys.readouterr().err
    assert "fast65 has no result: Stopped after iteration" in error
    assert not any(path.exists() for path in files)
