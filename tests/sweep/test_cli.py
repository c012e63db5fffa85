"""The command line, with stand-ins for recipes and data."""

import os

import pytest

from utils import sweep
from utils.sweep import cli, journal


@pytest.fixture(autouse=True)
def room(tmp_path, monkeypatch, recipes, write_cifar10):
    """Give a folder with toy data; studies are kept in it."""
    monkeypatch.setattr(journal, "FOLDER", tmp_path)
    monkeypatch.delenv("SWEEP_STORAGE", raising=False)
    monkeypatch.setenv("UTILS_THREADS", "2")
    return write_cifar10(tmp_path / "data")


def run(room, *arguments):
    return cli.main(["tiny", "--source", str(room), *arguments])


def test_a_search(room, recipes, capsys):
    vary = ["--vary", "rate=log(0.01, 1)", "--vary", "batch_size = choice(20, 40)"]
    more = ["--set", "epochs=2.5", "--trials", "6", "--seed", "4", "--threads", "1"]
    assert run(room, *vary, *more, "--worker-name", "me") == 0
    out = capsys.readouterr().out
    assert "6 of 6" in out and "trial  accuracy" in out
    assert {recipe.epochs for recipe, *_ in recipes.calls} == {2.5}
    assert {(seed, threads) for *_, seed, threads in recipes.calls} == {(4, 1)}
    assert os.environ["UTILS_THREADS"] == "1"
    assert {len(data["y_train"]) for _, data, *_ in recipes.calls} == {40}
    study = sweep.Study("tiny")
    assert study.where == str(room.parent / "tiny.log")
    assert {row["worker"] for row in study.table()} == {"me"}
    # The next worker need not say what is searched, and finds all done.
    assert run(room, *more) == 0
    assert len(recipes.calls) == 6


def test_a_study_goes_on_with_the_same_training_only(room, recipes, capsys):
    vary = ["--vary", "rate=log(0.01, 1)", "--set", "epochs=2"]
    assert run(room, *vary, "--trials", "1") == 0
    for other, words in (
        (["--set", "epochs=8"], "(epochs: 2, now 8); give the new"),
        ([], "(epochs: 2, now 1)"),
        (["--set", "epochs=2", "--seed", "1"], "(seed: 0, now 1)"),
    ):
        assert run(room, *other, "--trials", "2") == 1
        assert words in capsys.readouterr().err
    recipes.RECIPES["other"] = recipes.RECIPES["tiny"]
    arguments = ["other", "--study", "tiny", "--source", str(room), "--set", "epochs=2"]
    assert cli.main(arguments) == 1
    assert "(recipe: 'tiny', now 'other')" in capsys.readouterr().err
    assert len(recipes.calls) == 1
    assert run(room, "--set", "epochs=2.0", "--trials", "2") == 0


def test_a_slip_makes_no_study(room, tmp_path, capsys):
    slips = (
        ["rat=log(0.01, 1)"],
        ["batch_size=whole(0, 10)"],
        ["batch_size=choice(10, 41)"],  # there are 40 images
        ["rate=log(0.01, 1)", "--set", "epochs=abc"],
        ["rate=log(0.01, 1)", "--source", str(tmp_path / "nofile")],
    )
    for slip in slips:
        assert run(room, "--vary", *slip) == 1
    with pytest.raises(SystemExit):
        run(room, "--vary", "rate=log(0.01, 1)", "--trials", "0")
    assert run(room) == 1  # nothing is varied
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert run(room, "--vary", "rate=log(0.01, 1)", "--trials", "1") == 0
    assert run(room, "--set", "rate=1") == 1  # the study varies it
    assert "rate cannot be varied and set" in capsys.readouterr().err


def test_storage_and_name(room, tmp_path, monkeypatch, capsys):
    vary = ["--vary", "rate=log(0.01, 1)", "--trials", "1"]
    assert run(room, *vary, "--storage", str(tmp_path / "a.log"), "--study", "x") == 0
    monkeypatch.setenv("SWEEP_STORAGE", str(tmp_path / "b.log"))
    assert run(room, *vary) == 0
    assert len(sweep.Study("x", storage=tmp_path / "a.log").table()) == 1
    assert len(sweep.Study("tiny", storage=tmp_path / "b.log").table()) == 1
    assert not (tmp_path / "tiny.log").exists()


def test_stopping_early_has_a_status_of_its_own(room, recipes, monkeypatch, capsys):
    vary = ["--vary", "rate=log(0.01, 1)", "--trials", "5"]
    assert run(room, *vary, "--time-limit", "0") == 3

    def train(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(recipes, "train", train)
    assert run(room, *vary) == 3
    assert "Stopped with 0 of 5 trials" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--vary", "rate"], "'rate' has not the form FIELD=VALUE"),
        (["--vary", "=log(1, 2)"], "has not the form FIELD=VALUE"),
        (["--vary", "rate=logg(1, 2)"], "is no range"),
        (["--vary", "rat=log(1, 2)"], "no field rat; it has rate"),
        (["--vary", "rate=log(1, 2)", "--set", "rate=1"], "rate cannot be varied and"),
        (["--vary", "rate=log(1, 2)", "--set", "x=1"], "no field x"),
        (
            ["--vary", "batch_size=whole(0,9)"],
            "batch_size=whole(0, 9): batch_size is 0",
        ),
        (["--vary", "batch_size=choice(4, 99)"], "is 99, expected at most 40"),
        (["--vary", "rate=log(1, 2)", "--set", "epochs=abc"], "epochs is 'abc', exp"),
        (["--study", "new"], "no study 'new' in"),
        (["--study", "a/b"], "name of the study"),
        (["--storage", "postgresql://u:secret@h"], "has not the form postgresql://"),
    ],
)
def test_errors_are_sentences(room, arguments, words, capsys):
    assert run(room, *arguments) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith("sweep: ") and words in captured.err
    assert "secret" not in captured.err + captured.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x"], "there is no recipe 'x'; there are tiny"),
        (["tiny", "--trials", "0"], "--trials is 0, expected 1 or more"),
        (["tiny", "--threads", "0"], "--threads is 0, expected 1 or more"),
        (["tiny", "--seed", "-1"], "--seed is -1, expected 0 or more"),
        (["tiny", "--grace", "-1"], "--grace is -1.0, expected a number of seconds"),
        (["tiny", "--time-limit", "nan"], "--time-limit is nan, expected 0 seconds"),
    ],
)
def test_wrong_options_end_with_status_2(room, arguments, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main([*arguments, "--vary", "rate=log(1, 2)", "--source", str(room)])
    assert words in capsys.readouterr().err


def test_a_space_with_two_points_takes_two_trainings(room, recipes, capsys):
    vary = ["--vary", "batch_size=choice(20, 40)"]
    assert run(room, *vary, "--trials", "3") == 0
    assert sorted(recipe.batch_size for recipe, *_ in recipes.calls) == [20, 40]
    assert "All 2 points of the space have been tried." in capsys.readouterr().out


def test_values_of_fields():
    texts = ("2", "0.5", "(1, 2)", "None", "muon", " 'a b' ")
    assert [cli._literal(t) for t in texts] == [2, 0.5, (1, 2), None, "muon", "a b"]


def test_help_names_an_example(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    assert "batch_size=choice(125, 250)" in capsys.readouterr().out
