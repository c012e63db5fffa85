"""Fixtures of the exporter's tests."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tests.pdf.torture import code, question, stream
from utils import cifar10
from utils.pdf import cli, expected
from utils.pdf.context import Context
from utils.pdf.engine import Engine


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    """One Typst for all tests that only look at errors and markup."""
    return Engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture
def context(engine):
    return Context(engine)


@pytest.fixture
def hold_open(monkeypatch):
    """Return a function after which one file cannot be removed, as on Windows."""

    def hold_open(path):
        unlink = Path.unlink

        def refuse(self, missing_ok=False):
            if self == path:
                raise PermissionError(13, "in use", str(path))
            unlink(self, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", refuse)

    return hold_open


def small_cells(name):
    return [
        new_markdown_cell(f"# About {name}"),
        question(f"{name}-q", f"Question of {name}", 10, "## Explain"),
        code("print('saved')", stream("saved\n")),
    ]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A workbook of four small notebooks, in a folder that is hard on scripts."""
    folder = tmp_path / "Übung 5"
    (folder / "utils" / "exercises").mkdir(parents=True)
    for name in cli.NOTEBOOKS:
        nbformat.write(new_notebook(cells=small_cells(name)), folder / f"{name}.ipynb")
    for name in ("__init__", "cnn", "conv_layers"):
        path = folder / "utils" / "exercises" / f"{name}.py"
        path.write_text(f"# the file {name}\n", "utf-8")
    monkeypatch.setattr(cifar10, "find", lambda: None)
    monkeypatch.setattr(expected, "expected", lambda names: {})
    monkeypatch.delenv(cli.CALLED_FROM, raising=False)
    return folder


@pytest.fixture
def run(root):
    def run(*arguments):
        return cli.main(["--name", "Ada", *arguments], root=root)

    return run
