"""Fixtures of the exporter's tests."""

from pathlib import Path

import pytest

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
