"""Commands, as they are written on two systems."""

import pytest

from utils.doctor import remedies


@pytest.mark.parametrize(
    ("windows", "removed", "changed"),
    [
        (False, "unset X", "X=1 jupyter lab"),
        (
            True,
            "set X= (in PowerShell: Remove-Item Env:X)",
            'cmd /c "set X=1&& jupyter lab"',
        ),
    ],
)
def test_variables(windows, removed, changed, monkeypatch):
    monkeypatch.setattr(remedies, "WINDOWS", windows)
    assert remedies.unset("X") == removed
    assert remedies.with_variable("X", "1", "jupyter lab") == changed


def test_what_mends_an_import():
    assert remedies.after(ImportError("none", name="numba")) == remedies.reinstall()
    assert remedies.after(ImportError("none")) == remedies.reinstall()
    ours = ImportError("none", name="utils.pdf.review")
    assert remedies.after(ours).startswith("get the workbook anew")


def test_packages_come_back_with_pip():
    assert remedies.reinstall("py") == "py -m pip install -r requirements.txt"
