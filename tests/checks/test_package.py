"""The package's map names every module, and no function is too long to be read."""

import ast
import re
from pathlib import Path

import pytest

from utils import checks

FILES = sorted(Path(checks.__file__).parent.glob("*.py"))
MODULES = [path for path in FILES if not path.stem.startswith("__")]


def test_the_map_names_every_module_and_no_other():
    named = set(re.findall(r"(?<!`)`(\w+)`(?!`)", checks.__doc__)) - {"Result"}
    assert named == {path.stem for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_functions_have_at_most_60_lines(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name
