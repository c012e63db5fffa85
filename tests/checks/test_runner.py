"""The command line: which id runs what, and what it says about broken files."""

import json
import re
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from utils.checks import runner, save_trained
from utils.exercises.cnn import ThreeLayerConvNet

ROOT = Path(__file__).resolve().parents[2]
IDS = [
    "receptive-field",
    "conv-forward",
    "conv-backward",
    "max-pool-forward",
    "max-pool-backward",
    "spatial-batchnorm-forward",
    "spatial-batchnorm-backward",
    "cnn-init",
    "cnn-loss",
    "cnn-65-percent",
]


@pytest.fixture
def exercises(tmp_path, monkeypatch):
    """Stand-in for the exercises: a package in a folder of its own."""
    package = tmp_path / "stand_in_exercises"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(runner, "EXERCISES", package.name)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield package
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        del sys.modules[name]


@pytest.fixture
def untrained(tmp_path, monkeypatch):
    path = tmp_path / "build" / "cnn.npz"
    monkeypatch.setattr(runner, "TRAINED", path)
    return path


def rows(capsys, *arguments):
    status = runner.main([*arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_the_ids_are_the_documented_ones_in_order():
    points = [name for name, e in runner.EXERCISE_BY_ID.items() if not e.optional]
    assert points == IDS
    assert list(runner.EXERCISE_BY_ID)[10:] == ["spatial-groupnorm"]


def test_everything_solved_passes_but_for_the_trained_network(capsys, untrained):
    status, found = rows(capsys)
    assert list(dict.fromkeys(row["id"] for row in found)) == IDS
    assert {row["id"] for row in found if row["passed"] is not True} == {
        "cnn-65-percent"
    }
    known = {"id", "name", "passed", "error", "limit", "message", "undecided"}
    assert set(found[0]) == known
    assert status == 1


def test_a_fresh_process_and_its_exit_status():
    command = [sys.executable, "-m", "utils.checks", "receptive-field"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("[receptive-field]\nreceptive_field ")
    assert len(done.stdout.splitlines()) > 10 and done.stderr == ""


def test_optional_exercise_when_named(capsys):
    status, found = rows(capsys, "spatial-groupnorm")
    assert status == 0 and {row["id"] for row in found} == {"spatial-groupnorm"}


def test_unknown_id_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as caught:
        runner.main(["conv-forwards"])
    assert caught.value.code == 2
    shown = capsys.readouterr().err
    assert "unknown exercise 'conv-forwards': did you mean conv-forward? " in shown
    assert f"\n  {IDS[0]}\n" in shown and "\n  spatial-groupnorm\n" in shown


CONV, POOL, NET = IDS[1:3], IDS[3:5], IDS[7:]
MEANT = {
    "conv-forward": CONV[:1],
    "Conv_Forward": CONV[:1],
    "conv_forward_naive": CONV[:1],
    "conv_backward_naive": CONV[1:],
    "spatial_groupnorm_forward": ["spatial-groupnorm"],
    "spatial-groupnorm": ["spatial-groupnorm"],
    "ThreeLayerConvNet": NET,
    "CNN": NET,
    "CNN-Layers": CONV + POOL,
    "CNN-Layers.ipynb": CONV + POOL,
    "conv_layers": CONV + POOL,
    "utils/exercises/conv_layers.py": CONV + POOL,
    "CNN-BatchNorm": IDS[5:7],
    "Receptive-Fields": IDS[:1],
    "max-pool": POOL,
    "conv": CONV,
    "spatial": IDS[5:7],
    "spatial-group": ["spatial-groupnorm"],
}


@pytest.mark.parametrize("text", MEANT)
def test_an_exercise_has_many_names(text):
    assert runner.ids_of(text) == MEANT[text]


def test_every_notebook_is_there():
    assert {f"{name}.ipynb" for name in runner.NOTEBOOKS.values()} == {
        path.name for path in ROOT.glob("*.ipynb")
    }


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("batchnorm", " spatial-batchnorm-forward or spatial-batchnorm-backward?"),
        ("cnn-los.", " cnn-loss?"),
    ],
)
def test_a_name_that_is_not_known_leads_to_those_that_are_near(text, guess):
    with pytest.raises(ValueError, match=re.escape(f"did you mean{guess}")):
        runner.ids_of(text)


@pytest.mark.parametrize("text", ["", ".py", "xyzzy", "utils/"])
def test_nothing_is_guessed_where_nothing_is_near(text):
    with pytest.raises(ValueError, match=f"unknown exercise '{text}'. There are"):
        runner.ids_of(text)


def test_what_is_named_twice_runs_once(exercises, capsys):
    (exercises / "conv_layers.py").write_text("(")
    _, found = rows(capsys, "conv", "conv_forward_naive")
    assert [row["id"] for row in found] == CONV


BROKEN = {
    "syntax": ("def f(:\n    pass\n", r"conv_layers.py:1 is not Python: invalid"),
    "name": ("import math\n\nmath.pie\n", r"AttributeError.*conv_layers.py:3\)"),
    "import": ("import no_such_module\n", "ModuleNotFoundError.*no_such_module"),
    "exit": ("raise SystemExit(0)\n", "SystemExit"),
    "renamed": ("def conv(x):\n    pass\n", "does not define conv_forward_naive"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_one_line(name, exercises, capsys):
    text, message = BROKEN[name]
    (exercises / "conv_layers.py").write_text(text)
    assert runner.main(["conv-forward"]) == 1
    out, err = capsys.readouterr()
    assert err == "" and "Traceback" not in out
    assert "FAIL" in out and out.startswith("[conv-forward]\nconv_forward_naive ")
    assert re.search(message, " ".join(out.split()))


def test_a_missing_file_is_named(exercises, capsys):
    status, (row,) = rows(capsys, "receptive-field")
    assert status == 1 and row["passed"] is False
    assert "receptive_field.py cannot be imported" in row["message"]


def test_not_written_yet_is_no_pass(exercises, capsys):
    text = "raise NotImplementedError('conv_forward_naive is not written yet (a.py)')"
    (exercises / "conv_layers.py").write_text(
        f"def conv_forward_naive(x, w, b, conv_param):\n    {text}\n"
    )
    status, (row,) = rows(capsys, "conv-forward")
    assert status == 1 and row["passed"] is None
    assert row["message"] == "conv_forward_naive is not written yet (a.py)"


def test_one_broken_file_does_not_hide_the_others(exercises, capsys):
    (exercises / "conv_layers.py").write_text("(")
    (exercises / "receptive_field.py").write_text(
        "def receptive_field(m, s, k):\n    return 1\n"
    )
    _, found = rows(capsys, "conv-forward", "conv-backward", "receptive-field")
    assert [row["id"] for row in found[:3]] == [*IDS[1:3], IDS[0]]


def test_what_students_print_stays_out_of_the_json(exercises, capsys):
    (exercises / "receptive_field.py").write_text(
        "print('loading')\ndef receptive_field(m, s, k):\n    print(m)\n    return 1\n"
    )
    status = runner.main(["receptive-field", "--json"])
    out, err = capsys.readouterr()
    assert status == 1 and json.loads(out) and "  loading\n  [1]\n" in err


def test_infinite_errors_are_still_json(exercises, capsys):
    (exercises / "conv_layers.py").write_text(
        "def max_pool_forward_naive(x, pool_param):\n"
        "    return float('nan') * x[:, :, ::2, ::2], None\n"
    )
    runner.main(["max-pool-forward", "--json"])
    assert "Infinity" not in (out := capsys.readouterr().out)
    assert any(row["limit"] and row["error"] is None for row in json.loads(out))


CONFIG = {
    "input_dim": (3, 4, 4),
    "num_filters": 2,
    "filter_size": 3,
    "hidden_dim": 5,
    "num_classes": 10,
}


def fake_cifar10(monkeypatch, load):
    module = types.SimpleNamespace(load_cifar10=load)
    monkeypatch.setitem(sys.modules, "utils.cifar10", module)


def perfect_data(model, **more):
    X = np.random.default_rng(0).normal(size=(20, 3, 4, 4)).astype(np.float32)
    return {"X_val": X, "y_val": model.loss(X).argmax(axis=1), **more}


def test_trained_network_on_real_data(untrained, monkeypatch, capsys):
    model = ThreeLayerConvNet(**CONFIG, weight_scale=1.0, seed=0)
    save_trained(model, {**CONFIG, "normalize": "channels"}, untrained)
    asked = []

    def load(normalize):
        asked.append(normalize)
        return perfect_data(model, synthetic=False)

    fake_cifar10(monkeypatch, load)
    status, (row,) = rows(capsys, "cnn-65-percent")
    assert status == 0 and row["passed"] is True and asked == ["channels"]


def test_trained_network_without_a_file_or_real_data(untrained, monkeypatch, capsys):
    status, (row,) = rows(capsys, "cnn-65-percent")
    assert status == 1 and row["passed"] is None
    assert "run CNN.ipynb first" in row["message"]

    model = ThreeLayerConvNet(**CONFIG, seed=0)
    save_trained(model, CONFIG, untrained)
    fake_cifar10(monkeypatch, lambda normalize: perfect_data(model, synthetic=True))
    status, (row,) = rows(capsys, "cnn-65-percent")
    assert status == 1 and row["passed"] is None and "stand-in" in row["message"]

    def no_data(normalize):
        raise ValueError("the archive is damaged")

    fake_cifar10(monkeypatch, no_data)
    _, (row,) = rows(capsys, "cnn-65-percent")
    assert row["passed"] is None and "the archive is damaged" in row["message"]

    untrained.write_bytes(b"broken")
    _, (row,) = rows(capsys, "cnn-65-percent")
    assert row["passed"] is False and "not a trained network" in row["message"]


BROKEN_NETS = {
    "no params": ("pass", "self.params is missing or not a dict"),
    "params is a list": ("self.params = []", "self.params is missing or not a dict"),
    "no averages": ("self.bn_params = 3", "came to a stop: TypeError"),
    "death": ("import os; os._exit(3)", "ended the process with exit status 3"),
    "no loss": ("self.params = given_params()", "has no loss"),
}
HEAD = """
import numpy as np


def given_params():
    shapes = {"W1": (2, 3, 3, 3), "b1": (2,), "W2": (8, 5), "b2": (5,)}
    shapes |= {"W3": (5, 10), "b3": (10,)}
    return {name: np.zeros(shape) for name, shape in shapes.items()}


class ThreeLayerConvNet:
    def __init__(self, **arguments):
"""


@pytest.mark.parametrize("name", BROKEN_NETS)
def test_a_broken_network_is_one_line_and_the_run_goes_on(
    name, untrained, exercises, monkeypatch, capsys
):
    model = ThreeLayerConvNet(**CONFIG, seed=0)
    save_trained(model, CONFIG, untrained)
    fake_cifar10(monkeypatch, lambda normalize: perfect_data(model, synthetic=False))
    body, message = BROKEN_NETS[name]
    (exercises / "cnn.py").write_text(f"{HEAD}        {body}\n")
    (exercises / "receptive_field.py").write_text(
        "def receptive_field(m, s, k):\n    return 1\n"
    )
    status, (row, *others) = rows(capsys, "cnn-65-percent", "receptive-field")
    assert status == 1 and row["passed"] is False and message in row["message"]
    assert {other["id"] for other in others} == {"receptive-field"}


@pytest.mark.parametrize("error", [RuntimeError("no idea"), SystemExit(0)])
def test_a_check_that_stops_is_one_failed_line(error, monkeypatch, capsys):
    def stops(fn):
        raise error

    exercise = runner.Exercise(stops, "receptive_field", ("receptive_field",))
    monkeypatch.setitem(runner.EXERCISE_BY_ID, "receptive-field", exercise)
    assert runner.main(["receptive-field"]) == 1
    out = capsys.readouterr().out
    assert "FAIL" in out and f"came to a stop: {type(error).__name__}" in out
    assert "test_runner.py:" in out and "Traceback" not in out


def test_the_student_may_interrupt(monkeypatch):
    def interrupted(fn):
        raise KeyboardInterrupt

    exercise = runner.Exercise(interrupted, "receptive_field", ("receptive_field",))
    monkeypatch.setitem(runner.EXERCISE_BY_ID, "receptive-field", exercise)
    with pytest.raises(KeyboardInterrupt):
        runner.run_exercise("receptive-field")
