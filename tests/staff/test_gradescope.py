"""The autograder for Gradescope."""

import io
import json
import zipfile

import pytest

from tests.staff.test_judge import ROOT, SOLVED
from utils.staff import StaffError, cli, editions, gradescope, isolation
from utils.staff.given import given_files
from utils.staff.leaks import fingerprints, leaks


@pytest.fixture(scope="module")
def files():
    data = gradescope.archive(ROOT, b"0123456789abcdef")
    assert data == gradescope.archive(ROOT, b"0123456789abcdef")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        modes = {i.filename: i.external_attr >> 16 for i in archive.infolist()}
        assert modes["setup.sh"] == modes["run_autograder"] == 0o100755
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_holds_what_gradescope_asks_for(files):
    assert {"setup.sh", "run_autograder", "course.key", "requirements.txt"} < set(files)
    assert "workbook/utils/staff/container.py" in files
    assert not any(b"\r" in files[name] for name in ("setup.sh", "run_autograder"))
    assert all(files[name].startswith(b"#!/bin/sh\n") for name in gradescope_scripts())


def gradescope_scripts():
    return [path.name for path in gradescope.FILES.iterdir()]


def test_it_holds_no_solution(files):
    assert not any("exercises/" in name for name in files)
    hidden = fingerprints(given_files(ROOT))
    assert leaks({n: d for n, d in files.items() if "/staff/" not in n}, hidden) == []


def test_it_needs_few_packages():
    text = (ROOT / "requirements.txt").read_text()
    lines = gradescope.requirements(text).splitlines()
    assert {line.split("=")[0] for line in lines} == set(gradescope.PACKAGES)


def test_the_help_says_how_many_trials_there_are(capsys):
    with pytest.raises(SystemExit):
        cli.main(["gradescope", "--help"])
    assert len(gradescope.trials()) == 7
    assert "try it with seven submissions" in capsys.readouterr().out


def test_the_trials_are_what_they_say():
    trials = gradescope.trials()
    assert trials["solved"][:2] == (SOLVED, 66) and trials["blank"][1] == 0
    blank = trials["blank"][0]
    for path, data in SOLVED.items():
        assert blank[path].decode() == editions.student_edition(data.decode(), path)
        assert b"NotImplementedError" in blank[path]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"score": 3, "tests": []}', []),
        ('{"score": 4}', ["The score is 4, expected 3."]),
        ('{"score": 3, "x": 1}', ["There is no field x in the results."]),
        ("{", ["There are no results"]),
    ],
)
def test_results_are_judged(text, found, tmp_path):
    (tmp_path / "results.json").write_text(text)
    problems = gradescope.judged(tmp_path / "results.json", 3)
    assert len(problems) == len(found)
    assert all(p.startswith(f) for p, f in zip(problems, found, strict=True))
    assert gradescope.judged(tmp_path / "none.json", 3)


@pytest.mark.slow
def test_the_self_test(tmp_path, capsys, monkeypatch):
    """Run the archive in a clean folder: solved, and stopped on the way."""
    if isolation.best_level() not in isolation.TRUSTED:
        pytest.skip(f"isolation: only {isolation.best_level()!r} works here")
    all_trials = gradescope.trials()
    few = {name: all_trials[name] for name in ("solved", "crash", "stopped")}
    monkeypatch.setattr(gradescope, "trials", lambda: few)
    out = tmp_path / "autograder.zip"
    assert cli.main(["gradescope", "--out", str(out), "--self-test"]) == 0
    assert capsys.readouterr().out.count(" s  ok\n") == 3
    assert out.exists() and (tmp_path / "course.key").exists()


def test_no_self_test_where_code_has_our_rights(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(isolation, "best_level", lambda: "rlimit")
    command = ["gradescope", "--out", str(tmp_path / "a.zip"), "--self-test"]
    assert cli.main(command) == 1
    assert "cannot be shut off here" in capsys.readouterr().err


def test_a_submission_is_judged_by_its_results(tmp_path):
    """A container that leaves nothing is noticed."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "run_autograder").write_text("#!/bin/sh\nexit 0\n")
    found, _ = gradescope.attempt(tmp_path, {"a/b.py": b""}, 0, 60)
    assert "There are no results" in found[0]
    text = json.dumps({"score": 0})
    (source / "run_autograder").write_text(
        f"#!/bin/sh\necho '{text}' > $AUTOGRADER/results/results.json\nsleep 600\n"
    )
    assert gradescope.attempt(tmp_path, {}, 0, 1)[0] == []


def test_the_command_is_refused_without_a_secret(tmp_path):
    (tmp_path / "key").write_text("short")
    with pytest.raises(StaffError, match="needs 16 characters"):
        gradescope.course_key(tmp_path / "key")
