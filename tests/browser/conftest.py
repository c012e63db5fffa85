"""Fixtures for tests in a browser: JupyterLab on a module's `folder`, and a window."""

import shutil

import pytest

from tests.browser import lab


@pytest.fixture(scope="session", autouse=True)
def browser_or_skip():
    """Skip all tests here, with the reason, where there is no browser."""
    reason = lab.missing()
    if reason:
        pytest.skip(reason)
    shutil.rmtree(lab.SHOTS, ignore_errors=True)
    lab.SHOTS.mkdir(parents=True)


@pytest.fixture(scope="module")
def address(folder, variables, tmp_path_factory, request):
    """Start JupyterLab; what it prints is kept beside the pictures."""
    log = lab.SHOTS / f"{request.path.stem}-server.log"
    state = tmp_path_factory.mktemp("jupyter")
    with lab.serving(folder, state, log, **variables) as address:
        yield address


@pytest.fixture
def window(address, request):
    """Open a window; keep a last picture of it if the test fails."""
    failed = request.session.testsfailed
    with lab.browsing(address) as window:
        window.start()
        yield window
        if request.session.testsfailed > failed:
            window.shoot(f"failed-{request.node.name}")
