import types
from pathlib import Path

import pytest

from utils.staff import StaffError, cli


def test_each_command_has_a_help_of_one_line(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    for name in cli.COMMANDS:
        assert name in out


def test_without_a_command(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main([])
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StaffError("It is so."), "It is so.\n"),
        (FileNotFoundError(2, "No such file", "a.zip"), "a.zip: No such file.\n"),
        (KeyboardInterrupt(), "Stopped.\n"),
    ],
)
def test_what_goes_wrong_is_a_sentence(monkeypatch, capsys, error, said):
    def run(arguments):
        raise error

    module = types.SimpleNamespace(
        __doc__="Help.", run=run, add_arguments=lambda parser: None
    )
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: module)
    assert cli.main(["leaks"]) == 1
    assert capsys.readouterr().err == said


def test_paths_are_those_of_where_one_stands(monkeypatch, tmp_path):
    """Confined processes and the compiler of kernels start in other folders."""
    seen, here = [], Path.cwd()
    for name, command in (("grade", ["in"]), ("merge", ["a", "b"])):
        module = cli.importlib.import_module(cli.COMMANDS[name])
        monkeypatch.setattr(module, "run", seen.append)
        cli.main([name, *command, "--out", "out"])
    monkeypatch.chdir(tmp_path)
    cli.main(["grade", "in", "--out", "out", "--key", "key"])
    grade, merge, other = seen
    assert merge.journals == [here / "a", here / "b"]
    assert (other.submissions, other.out) == (tmp_path / "in", tmp_path / "out")
    assert other.key == tmp_path / "key" and grade.key is None


def test_the_status_is_the_command_s(tmp_path, capsys):
    assert cli.main(["leaks", str(tmp_path / "nothing")]) == 1
    assert "neither a folder nor a file" in capsys.readouterr().err
