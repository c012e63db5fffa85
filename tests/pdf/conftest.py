"""Fixtures of the exporter's tests."""

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
