"""How ``python -m utils.checks`` ends."""

import runpy

import pytest

from utils.checks import runner


@pytest.mark.parametrize(("end", "status"), [(1, 1), (KeyboardInterrupt, 130)])
def test_the_exit_status(end, status, monkeypatch):
    def main():
        if end is KeyboardInterrupt:
            raise KeyboardInterrupt
        return end

    monkeypatch.setattr(runner, "main", main)
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("utils.checks.__main__", run_name="__main__")
    assert caught.value.code == status
