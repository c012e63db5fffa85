import json

import pytest

from utils.experiments import cli, runs


class Stub:
    """An experiment that says what it was given."""

    def run(self, data, seeds, report):
        report(f"{len(data['y_train'])} and {len(data['y_val'])}")
        return {"all": [{"seeds": seeds}]}


@pytest.fixture(autouse=True)
def synthetic(monkeypatch):
    monkeypatch.setenv("CIFAR10_SOURCE", "synthetic")
    monkeypatch.setitem(cli.EXPERIMENTS, "sizes", Stub())


def test_the_result_is_written_with_its_command(tmp_path, capsys):
    path = tmp_path / "new" / "sizes.json"
    assert cli.main(["sizes", "--seeds", "2", "--out", str(path)]) == 0
    found = json.loads(path.read_text())
    assert found["command"] == "python -m utils.experiments sizes --seeds 2"
    assert found["results"] == {"all": [{"seeds": 2}]}
    assert found["machine"]["threads"] >= 1
    train, held_back = capsys.readouterr().out.split()[-3::2]
    assert int(held_back) == found["held_back"] > 0
    assert int(train) >= 9 * int(held_back)


def test_the_default_place_is_the_one_that_the_notebook_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "FOLDER", tmp_path / "runs")
    assert cli.main(["sizes"]) == 0
    assert runs.read_result("sizes")["results"] == {"all": [{"seeds": 3}]}


def test_errors_are_sentences(tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        cli.main(["sizes", "--seeds", "0"])
    assert "--seeds is 0, expected 1 or more" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert cli.main(["sizes", "--out", str(tmp_path / "file" / "a.json")]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_figures_are_drawn_of_what_is_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(runs, "FOLDER", tmp_path)
    (tmp_path / "ablation.json").write_text(
        json.dumps({"results": {"all": [{"accuracy": 0.7}]}})
    )
    assert cli.main(["figures", "--out", str(tmp_path / "docs")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert str(tmp_path / "docs" / "cnn-ablation.png") in lines and len(lines) == 3


def test_what_is_given_is_gathered_from_logs_or_left_alone(
    tmp_path, monkeypatch, capsys
):
    content = {"recipes": {"fast65": {"seeds": 5}}}
    monkeypatch.setattr(runs, "collect", lambda: content)
    assert cli.main(["collect", "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "recipes.json").read_text()) == content["recipes"]
    monkeypatch.undo()
    monkeypatch.setattr(runs, "FOLDER", tmp_path)
    assert cli.main(["collect", "--out", str(tmp_path)]) == 1
    assert "record94-held-back.json" in capsys.readouterr().err
    assert json.loads((tmp_path / "recipes.json").read_text()) == content["recipes"]
