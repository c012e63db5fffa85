"""How the report is printed, when it ends, and that every Python can read it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from utils.doctor import report
from utils.doctor.remedies import Fault

DOCTOR = Path(report.__file__).parent


def fails(error):
    def look():
        raise error

    return look


@pytest.fixture
def lines(monkeypatch):
    """Replace what is looked at: lines before the set-up, and after it."""

    def replace(first, then):
        monkeypatch.setattr(report, "FIRST", first)
        monkeypatch.setattr(report, "THEN", then)

    return replace


def test_all_is_well(lines, capsys):
    lines([("disk", lambda: "5 GB free")], [("data", lambda: "here")])
    assert report.main([]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["ok    disk: 5 GB free", "ok    data: here", "All is well."]


def test_a_fault_ends_in_its_command_and_stops_what_builds_on_it(lines, capsys):
    fault = Fault("something " * 12, "./mend " + "long " * 20)
    lines([("disk", fails(fault)), ("clock", lambda: "now")], [("data", fails(None))])
    assert report.main([]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("FIX   disk: something") and len(printed[0]) <= 80
    assert printed[1].startswith(" " * 9 + "something") and len(printed[1]) <= 80
    assert printed[2] == "      -> ./mend " + "long " * 20  # to be copied, so whole
    assert printed[3:5] == [
        "ok    clock: now",
        "The rest is looked at when this is mended.",
    ]
    assert printed[5].startswith("Do what stands after ->, in ")


def test_a_missing_library_and_what_nobody_foresaw(lines, capsys):
    missing = ImportError("Numba needs NumPy 2.5 or less")
    lines([], [("kernel", fails(missing)), ("data", fails(KeyError("x")))])
    assert report.main([]) == 1
    printed = capsys.readouterr().out
    assert "FIX   kernel: Numba needs NumPy 2.5 or less\n" in printed
    assert "-m pip install -r requirements.txt" in printed
    assert "FIX   data: cannot be looked at (KeyError: 'x')" in printed


def test_names_are_not_used_twice():
    names = [name for name, _ in (*report.FIRST, *report.THEN)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("module", sorted(DOCTOR.glob("*.py")), ids=lambda p: p.stem)
def test_an_old_python_can_read_it(module):
    ast.parse(module.read_text("utf-8"), feature_version=(3, 7))


def test_before_the_set_up_it_needs_no_package(copy):
    # -I -S: nothing but the standard library, as on a fresh machine.
    code = (
        "import runpy, sys; sys.path.insert(0, sys.argv.pop()); "
        "runpy.run_module('utils.doctor', run_name='__main__')"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(copy)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=copy)
    assert result.stderr == "" and result.returncode == 1
    assert "FIX   environment: not made yet\n      -> " in result.stdout
    assert "export_pdf" in result.stdout and result.stdout.count("FIX") == 1
