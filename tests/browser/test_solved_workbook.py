"""The solved workbook in a browser: each notebook runs from top to bottom.

As in `tests.test_notebooks`, the drawn stand-in takes the place of CIFAR-10 and the
numbers of the ``parameters`` cells are small.  ``BROWSER_FULL=1`` leaves both as they
are (some six minutes on two cores, after the compilers' share).
"""

import os
from pathlib import Path

import nbformat
import pytest

from tests.test_notebooks import QUICK, make_quick, printed_by
from utils.pdf.notebook import captions_of
from utils.staff import given, handout

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
FULL = bool(os.environ.get("BROWSER_FULL"))


@pytest.fixture(scope="module")
def variables():
    return {} if FULL else {"CIFAR10_SOURCE": "synthetic"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Copy the workbook: Lab saves notebooks, and cells write into build/."""
    folder = tmp_path_factory.mktemp("solved") / "workbook"
    handout.put(given.given_files(ROOT), folder)
    for name, numbers in QUICK.items():
        notebook = nbformat.read(ROOT / f"{name}.ipynb", as_version=4)
        if not FULL:
            make_quick(notebook, numbers)
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def look_at(window, shots):
    """Run the notebook on screen and look at each of its outputs."""
    window.run_all(minutes=20)
    window.shoot_all(shots)
    expected = 0
    for cell in window.cells():
        if cell.cell_type != "code":
            continue
        errors = [out for out in cell.outputs if out.output_type == "error"]
        assert not errors, (cell.id, errors)
        assert "Warning" not in printed_by(cell, ["stderr"]), cell.id
        drawn = [out for out in cell.outputs if "image/png" in out.get("data", {})]
        assert not drawn or len(drawn) == len(captions_of(cell)), cell.id
        expected += len(drawn)
        if cell.id.startswith("check-"):
            assert "FAIL" not in printed_by(cell), cell.id
    widths = window.figures()
    assert len(widths) == expected > 0
    assert min(widths) >= 200, widths


@pytest.mark.parametrize("name", QUICK)
def test_a_notebook_runs_from_top_to_bottom(window, name):
    window.open(f"{name}.ipynb")
    look_at(window, name)


def test_a_dark_and_narrow_window_shows_the_same(window):
    window.page.set_viewport_size({"width": 1024, "height": 768})
    window.menu("Settings", "Theme", "JupyterLab Dark")
    window.open("CNN-Layers.ipynb")
    look_at(window, "dark-CNN-Layers")
    assert window.broken_lines("check-conv-forward") == 0
    assert window.broken_lines("look-ladder") == 0
