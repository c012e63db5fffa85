"""What a student's process finds of the workbook."""

import ast
import subprocess
import sys

import pytest

from utils.staff import stage


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    return stage.prepare(tmp_path_factory.mktemp("stage") / "given")


def run(folder, code):
    command = [sys.executable, "-P", "-c", f"import sys; sys.path[0] = '.'\n{code}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.stderr.strip().split("\n")[-1]


def test_an_exercise_finds_what_it_may_build_on(given, tmp_path):
    for module in stage.GIVEN:
        solved = stage.UTILS / "exercises" / f"{module}.py"
        file = stage.put(given, tmp_path / "at", module, solved.read_bytes())
        assert file.read_bytes() == solved.read_bytes()
        assert run(tmp_path / "at", f"import utils.exercises.{module}") == ""
        names = {path.name for path in file.parent.glob("*.py")}
        assert names == {"__init__.py", f"{module}.py"}, "another exercise is left"


def imported(file):
    """Give the modules of utils that a file asks for, in functions, too."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "utils":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = getattr(node, "module", None)
            for name in [names] if names else [alias.name for alias in node.names]:
                if name.startswith("utils."):
                    yield name.split(".")[1]


@pytest.mark.parametrize("module", stage.GIVEN)
def test_what_is_given_needs_nothing_else(module):
    paths = [stage.UTILS / name for name in stage.GIVEN[module]]
    paths.append(stage.UTILS / "exercises" / f"{module}.py")
    files = [f for p in paths for f in (p.rglob("*.py") if p.is_dir() else [p])]
    needed = {name for file in files for name in imported(file)}
    assert needed <= {path.stem for path in paths}, "it would be there by name only"


def test_fast_twins_are_there_by_name_only(given, tmp_path):
    stage.put(given, tmp_path, "conv_layers", b"")
    code = "from utils.fast_layers import conv_forward_fast as f\n"
    assert run(tmp_path, code) == ""
    text = "RuntimeError: utils.fast_layers.conv_forward_fast is no part of this"
    assert run(tmp_path, code + "f(1)").startswith(text)
    assert "Error" in run(tmp_path, "import utils.checks.oracle")
    assert not list(tmp_path.rglob("*kernels/*"))


def test_nobody_else_can_change_it(given, tmp_path):
    stage.put(given, tmp_path / "at", "cnn", b"")
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "at").rglob("*")}
    assert modes == {0o755, 0o644}


def test_it_is_prepared_once(given):
    before = given.stat().st_mtime_ns
    assert stage.prepare(given) == given and given.stat().st_mtime_ns == before
    assert len(list(given.parent.iterdir())) == 1
