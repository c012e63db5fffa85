import importlib.metadata
import subprocess
import sys

import pytest

from utils.pdf.exporter import TypstPDFExporter
from utils.pdf.register import ROOT, register


@pytest.fixture
def site(tmp_path):
    assert register(site=tmp_path)
    return tmp_path


def test_nbconvert_finds_the_exporter(site):
    found = [
        entry
        for package in importlib.metadata.distributions(path=[str(site)])
        for entry in package.entry_points
    ]
    (entry,) = found
    assert (entry.group, entry.name) == ("nbconvert.exporters", "typstpdf")
    assert entry.load() is TypstPDFExporter


def test_the_folder_of_the_workbook_is_on_the_path(site):
    command = (
        "import site, sys; site.addsitedir(sys.argv[1]); "
        "import utils.pdf; print(utils.pdf.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", command, site],
        capture_output=True,
        text=True,
        cwd=site,
        check=True,
    )
    assert done.stdout.startswith(str(ROOT))


def test_it_is_written_once(site):
    assert not register(site=site)
    (site / "cnn_workbook.pth").write_text("elsewhere")
    assert register(site=site)


def test_a_python_that_is_not_the_workbooks_is_left_alone(tmp_path):
    assert not register(root=tmp_path)


@pytest.mark.parametrize("name", ["Ángel", "Größe", "O'Brien's \"x\"", "学生"])
def test_python_starts_whatever_the_folder_is_called(tmp_path, name):
    """Python reads .pth files in the encoding of the system."""
    root, site = tmp_path / name, tmp_path / "site"
    command = "import site, sys; site.addsitedir(sys.argv[1]); import found_here"
    root.mkdir()
    (root / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    (root / "found_here.py").write_text("print('found')")
    assert register(root, site)
    assert (site / "cnn_workbook.pth").read_bytes().isascii()
    done = subprocess.run(
        [sys.executable, "-c", command, site],
        env={"LC_ALL": "C", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "found\n"
