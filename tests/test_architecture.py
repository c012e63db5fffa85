"""The rules of the tree: who imports whom, who knows which library, what has a test.

The table `ARROWS` is the architecture: DESIGN.md draws it, this file enforces it.  A
new module needs a row, a new arrow needs a word in a row, in the same commit.

One road goes around the table on purpose: the runner of the checks loads the
exercises by name (importlib), so that a file with a mistake in it fails its own
check and nothing else.  No provided module imports an exercise by a statement.
"""

import ast
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UTILS = ROOT / "utils"

# module or package of utils: what it may import from utils.  Inside a package,
# imports are free, except in `exercises`, where each file stands alone.
ARROWS = {
    "__init__": "",
    # leaves
    "shapes": "",
    "layers": "shapes",
    "gradient_check": "",
    "kernels": "",
    "receptive_field": "",
    "plots": "",
    "workbook": "run_log",
    "run_log": "",
    "installer": "",
    "console": "",
    "whole_files": "",
    "memory": "",
    # built on leaves
    "environment": "console installer",
    "doctor": "environment installer console memory kernels cifar10 pdf",
    "cifar10": "console whole_files",
    "optim": "kernels",
    "batchnorm": "shapes",
    "fast_layers": "kernels shapes batchnorm memory",
    "ladder": "kernels",
    "augment": "kernels",
    "fast_blocks": "kernels memory shapes layers fast_layers",
    "blocks": "layers batchnorm fast_layers fast_blocks",
    "network": "kernels layers batchnorm fast_layers receptive_field shapes "
    "whole_files memory",
    "solver": "kernels optim whole_files",
    "receptive_field_probe": "receptive_field fast_layers",
    "effective_field": "receptive_field receptive_field_probe fast_layers layers",
    "receptive_field_nets": "receptive_field network",
    "explorer": "receptive_field plots",
    "recipes": "network solver optim augment cifar10 kernels whole_files",
    "studies": "layers blocks solver gradient_check",
    "checks": "gradient_check cifar10 network receptive_field whole_files console",
    "pdf": "cifar10 whole_files run_log console",
    "sweep": "recipes cifar10",
    "experiments": "recipes network solver optim augment cifar10 plots "
    "receptive_field receptive_field_nets",
    "staff": "whole_files checks blocks batchnorm",
    # the student's
    "exercises.__init__": "",
    "exercises.receptive_field": "",
    "exercises.conv_layers": "shapes",
    "exercises.spatial_batchnorm": "batchnorm",
    "exercises.cnn": "layers blocks",
}

# library: the modules that may know it; numpy is known everywhere but in the set-up
LIBRARIES = {
    "numba": "kernels",
    "llvmlite": "kernels",
    "threadpoolctl": "kernels solver",
    "matplotlib": "plots workbook",
    "IPython": "workbook plots.training",
    "tqdm": "solver cifar10",
    "optuna": "sweep",
    "ipywidgets": "explorer",
    "psycopg": "sweep",
    "packaging": "doctor",
    "psutil": "memory",
    # the PDF, and the kernels that run the notebooks for it
    "nbconvert": "pdf",
    "nbformat": "pdf",
    "nbclient": "pdf",
    "ipykernel": "pdf",
    "jupyter_client": "pdf doctor",
    "traitlets": "pdf",
    "mistune": "pdf",
    "pygments": "pdf",
    "fontTools": "pdf",
    "typst": "pdf",
}

# They run before any package is installed.
BARE = "environment installer doctor"

# Modules whose work is to tell a person something; all others return or raise.
PRINTING = (
    "checks solver recipes.cli sweep experiments.cli workbook cifar10 environment "
    "staff installer pdf.cli pdf.identity kernels.notice explorer doctor"
)

LONGEST = 400


def module_of(path):
    """Return the dotted name inside utils: 'layers', 'pdf.cli', 'checks.__init__'."""
    return ".".join(path.relative_to(UTILS).with_suffix("").parts)


def unit_of(module):
    """Return the row of the table that a module belongs to."""
    if module.startswith("exercises"):
        return module if "." in module else "exercises.__init__"
    return module.split(".")[0]


def listed(module, names):
    """Tell whether a module, or the package around it, is in a list of names."""
    parts = module.split(".")
    return any(".".join(parts[:n]) in names.split() for n in (1, 2))


MODULES = {module_of(path): path for path in sorted(UTILS.rglob("*.py"))}
UNITS = {unit_of(module) for module in MODULES}
SOURCES = list(MODULES.values())
SOURCES += [p for room in ("tests", "benchmarks") for p in (ROOT / room).rglob("*.py")]
SOURCES.sort()


def imported(source, module):
    """Return the absolute names that a source imports, wherever the import stands.

    ``from a.b import c`` counts as ``a.b.c``: c may be a module.  A constant name
    given to ``import_module`` counts too.
    """
    names = []
    package = ["utils", *module.split(".")[:-1]]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            names += [".".join([*base, alias.name]) for alias in node.names]
        elif isinstance(node, ast.Call) and node.args:
            function = getattr(node.func, "attr", getattr(node.func, "id", ""))
            name = node.args[0]
            if function in ("import_module", "__import__"):
                if isinstance(name, ast.Constant) and isinstance(name.value, str):
                    names.append(name.value)
    return names


def arrows(source, module):
    """Return the other rows of the table that a source imports."""
    found = set()
    for name in imported(source, module):
        first, *rest = name.split(".")
        if first != "utils":
            continue
        if not rest or rest[0] not in {unit.split(".")[0] for unit in UNITS}:
            found.add("__init__")
        elif rest[0] == "exercises":
            target = ".".join(rest[:2])
            found.add(target if target in UNITS else "exercises.__init__")
        else:
            found.add(rest[0])
    return found - {unit_of(module)}


def read(path):
    return path.read_text("utf-8")


@pytest.mark.parametrize(
    ("source", "module", "expected"),
    [
        ("import utils.layers", "blocks", {"layers"}),
        ("import utils.layers as L, numpy", "blocks", {"layers"}),
        ("from utils import layers, optim", "blocks", {"layers", "optim"}),
        ("from utils.layers import relu_forward", "blocks", {"layers"}),
        ("from . import layers", "blocks", {"layers"}),
        ("from .layers import relu_forward", "blocks", {"layers"}),
        ("from ..layers import relu_forward", "checks.cnn", {"layers"}),
        ("from .. import layers", "checks.cnn", {"layers"}),
        ("from . import compare", "checks.cnn", set()),
        ("def f():\n    from utils import plots", "solver", {"plots"}),
        ("if x:\n    import utils.kernels.im2col", "blocks", {"kernels"}),
        ("from utils.exercises.cnn import ThreeLayerConvNet", "x", {"exercises.cnn"}),
        ("from utils.exercises import cnn", "x", {"exercises.cnn"}),
        ("from utils import exercises", "x", {"exercises.__init__"}),
        ("from . import conv_layers", "exercises.cnn", {"exercises.conv_layers"}),
        ("importlib.import_module('utils.plots')", "pdf.cli", {"plots"}),
        ("from utils import *", "solver", {"__init__"}),
        ("import numpy as np, utilities.layers", "solver", set()),
        ("# import utils.plots\nx = 'import utils.plots'", "solver", set()),
    ],
)
def test_every_way_to_import_is_seen(source, module, expected):
    assert arrows(source, module) == expected


def test_the_table_has_a_row_for_each_module_and_no_other():
    assert set(ARROWS) == UNITS


def test_the_table_has_no_circle_and_nothing_below_the_exercises():
    graph = {unit: set(allowed.split()) for unit, allowed in ARROWS.items()}
    assert set().union(*graph.values()) <= set(ARROWS)
    TopologicalSorter(graph).prepare()  # raises CycleError
    below = set().union(*graph.values())
    assert not any(target.startswith("exercises") for target in below)


@pytest.mark.parametrize("module", MODULES)
def test_imports_follow_the_table(module):
    found = arrows(read(MODULES[module]), module)
    assert found <= set(ARROWS.get(unit_of(module), "").split())


def test_the_table_has_no_arrow_in_vain():
    used = {unit: set() for unit in ARROWS}
    for module, path in MODULES.items():
        used[unit_of(module)] |= arrows(read(path), module)
    assert used == {unit: set(allowed.split()) for unit, allowed in ARROWS.items()}


def test_the_design_draws_the_table():
    text = read(ROOT / "DESIGN.md").split("## Layers")[1].split("## Decisions")[0]
    lines = "\n".join(re.findall(r"^ {4}.*", text, re.MULTILINE))
    rows, leaves = re.sub(r"\(.*?\)", "", lines).split("leaves")
    drawn = dict.fromkeys(leaves.split(), "")
    # One row draws several units with the same arrows, and goes on behind a comma.
    for names, targets in re.findall(r"((?:\S+, )*\S+) +-> +(\w+(?:,\s+\w+)*)", rows):
        targets = "" if targets == "nothing" else targets.replace(",", "")
        drawn |= dict.fromkeys(names.split(", "), targets)
    table = {unit: set(allowed.split()) for unit, allowed in ARROWS.items()}
    del table["__init__"], table["exercises.__init__"], table["staff"]
    assert {unit: set(targets.split()) for unit, targets in drawn.items()} == table


@pytest.mark.parametrize("module", MODULES)
def test_libraries_stay_in_their_rooms(module):
    names = {name.split(".")[0] for name in imported(read(MODULES[module]), module)}
    for library in names - sys.stdlib_module_names - {"utils"}:
        if library == "numpy":
            assert not listed(module, BARE), f"{module} imports numpy"
        else:
            allowed = LIBRARIES.get(library, "")
            assert listed(module, allowed), f"{module} imports {library}"


def test_the_table_lists_no_library_in_vain():
    known = {
        module: {name.split(".")[0] for name in imported(read(path), module)}
        for module, path in MODULES.items()
    }
    for library, rooms in LIBRARIES.items():
        for room in rooms.split():
            used = any(listed(m, room) and library in known[m] for m in known)
            assert used, f"{room} does not import {library}"


def test_the_map_names_each_module_and_no_other():
    named = re.findall(r"^`(\w+)(?:\.py|/)`", read(UTILS / "__init__.py"), re.MULTILINE)
    assert len(named) == len(set(named))
    assert set(named) == {unit.split(".")[0] for unit in UNITS} - {"__init__"}


def test_the_map_of_the_kernels_names_each_module_and_no_other():
    text = read(UTILS / "kernels" / "__init__.py")
    named = re.findall(r"^`(\w+)\.py`", text, re.MULTILINE)
    assert len(named) == len(set(named))
    files = {path.stem for path in (UTILS / "kernels").glob("*.py")}
    assert set(named) == files - {"__init__"}


@pytest.mark.parametrize("module", MODULES)
def test_only_modules_that_talk_print(module):
    lines = [
        node.lineno
        for node in ast.walk(ast.parse(read(MODULES[module])))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"
    ]
    assert not lines or listed(module, PRINTING), f"print in {module}, lines {lines}"


@pytest.mark.parametrize("module", [m for m in MODULES if "__" not in m])
def test_each_module_has_its_tests(module):
    *folders, name = module.split(".")
    tests = ROOT.joinpath("tests", *folders, f"test_{name}.py")
    assert tests.exists(), f"{tests.relative_to(ROOT)} is missing"
    assert "def test_" in read(tests)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_long(path):
    lines = read(path).count("\n")
    assert lines <= LONGEST, f"{lines} lines: two ideas live in one room"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_star_imports(path):
    stars = [n for n in imported(read(path), "x") if n.endswith(".*")]
    assert not stars


def test_the_oracle_shares_no_code_with_what_it_judges():
    names = imported(read(ROOT / "tests" / "oracle.py"), "x")
    assert names and not any(name.startswith("utils") for name in names)
