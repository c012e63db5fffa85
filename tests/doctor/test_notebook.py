"""The quick part: each sentence, and real kernels that are not as they should be."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from utils.doctor import notebook

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def at_home(root, monkeypatch):
    """A kernel in the workbook's folder, in which all is well."""
    monkeypatch.chdir(root)
    monkeypatch.syspath_prepend(root)
    (root / "utils").mkdir()
    return root


def set_versions(monkeypatch, **versions):
    """Let importlib.metadata give other versions; None is for missing packages."""
    real = metadata.version

    def version(name):
        found = versions.get(name) if name in versions else real(name)
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(metadata, "version", version)


def test_nothing_is_said_when_all_is_well(at_home, capsys):
    notebook.look()
    assert capsys.readouterr().out == ""


def test_the_python_of_another_environment(at_home, finish, capsys):
    finish(at_home)
    notebook.look()
    said = capsys.readouterr().out
    assert said.startswith(f"This notebook runs on {sys.executable}, not on the work")
    assert ".venv/bin/python -m jupyterlab" in said.replace("\\Scripts\\", "/bin/")
    assert said.count("\n") == 1


def test_an_environment_whose_packages_have_changed(at_home, finish, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(finish(at_home)))
    assert notebook.problem() is None
    (at_home / "requirements.txt").write_text("numpy==2.0\n")
    assert notebook.problem().startswith("The packages in .venv are not those")


def test_colab_has_no_other_python(at_home, finish, monkeypatch):
    finish(at_home)
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert notebook.problem() is None
    set_versions(monkeypatch, tqdm=None)
    said = notebook.problem()
    assert "(tqdm is missing)" in said and '%pip install "tqdm>=4.66" in a cell' in said


def test_an_old_python(at_home, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    said = notebook.problem()
    assert "this is Python 3.9 and the workbook needs 3.11 to 3.14" in said


def test_another_utils_is_found_first(at_home, tmp_path, monkeypatch):
    other = tmp_path / "other" / "utils" / "__init__.py"
    other.parent.mkdir(parents=True)
    other.write_text("")
    monkeypatch.syspath_prepend(other.parents[1])
    said = notebook.problem()
    assert f"Another package called utils is found first, {other.resolve()}:" in said


def test_a_module_utils_counts_too_but_a_mere_folder_does_not(at_home, monkeypatch):
    other = at_home.parent / "other"
    (other / "utils").mkdir(parents=True)
    monkeypatch.syspath_prepend(other)
    assert notebook.other_package() is None
    (other / "utils.py").write_text("")
    assert notebook.other_package() == other.resolve() / "utils.py"


def test_packages_that_are_missing_or_too_old(at_home, finish, monkeypatch):
    set_versions(monkeypatch, numpy="1.26.4", numba=None, jupyterlab=None)
    said = notebook.problem()
    assert "(numpy 1.26.4 is older than 2.0 and numba is missing)" in said
    assert "start JupyterLab by .venv" in said
    monkeypatch.setattr(sys, "prefix", str(finish(at_home)))
    assert "-m pip install -r requirements.txt in " in notebook.problem()


def test_versions_are_compared_as_numbers(at_home, monkeypatch):
    set_versions(monkeypatch, numpy="2.10.0rc1", matplotlib="3.10", numba="0.100")
    assert not notebook.outdated(notebook.IMPORTED)


def test_every_package_has_a_least_version(root, monkeypatch):
    def nothing(name):
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", nothing)
    wrong = notebook.outdated()
    assert wrong["numpy is missing"] == "numpy>=2.0"
    assert {f"{name} is missing" for name in notebook.IMPORTED} <= set(wrong)


def test_another_folder(at_home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = notebook.problem()
    assert said.startswith(f"This notebook runs in {tmp_path}, and the workbook is in")


def test_a_folder_that_is_gone(at_home, monkeypatch):
    def gone():
        raise FileNotFoundError

    monkeypatch.setattr("os.getcwd", gone)
    assert notebook.problem() == (
        "The folder of this notebook is gone: open the notebook anew."
    )


# ---- really started


def first_cell():
    text = (ROOT / "CNN.ipynb").read_text("utf-8")
    (cell,) = [cell for cell in json.loads(text)["cells"] if cell["id"] == "doctor"]
    return "".join(cell["source"])


def run(folder, *sources, kernel="python3"):
    """Run cells in a kernel that stands in a folder; return all they put out."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    book = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(
        book, timeout=60, kernel_name=kernel, allow_errors=True, resources=resources
    ).execute()
    return [output for cell in book.cells for output in cell.outputs]


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """A folder of kernels that Jupyter knows, beside those of this Python."""
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return tmp_path / "jupyter" / "kernels"


@pytest.fixture
def other_python(tmp_path, kernels):
    """The Python of another environment, which is the kernel "other"."""
    folder = tmp_path / "other"
    command = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(command, check=True)
    (python,) = [*folder.glob("bin/python"), *folder.glob("Scripts/python.exe")]
    # It has our packages, but does not know where the workbook is.
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    site = next(folder.glob("[Ll]ib/**/site-packages"))
    (site / "packages.pth").write_text(packages)
    (kernels / "other").mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "Other", "language": "python"}
    (kernels / "other" / "kernel.json").write_text(json.dumps(spec))
    return python


def test_in_a_real_kernel_it_is_silent_and_takes_no_time(copy, kernels):
    clock = "import time\nbegin = time.process_time()"
    outputs = run(
        copy, clock, first_cell(), "print(1000 * (time.process_time() - begin))"
    )
    (spent,) = outputs  # and nothing else was said
    assert float(spent.text) < 50


def test_a_real_kernel_of_another_environment(copy, other_python, finish):
    finish(copy)
    (output,) = run(copy, first_cell(), kernel="other")
    said = f"This notebook runs on {other_python}, not on the workbook's Python: "
    assert output.text.startswith(said)


def test_a_real_kernel_in_another_folder(copy, kernels, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(copy))
    (output,) = run(tmp_path, first_cell())
    assert output.text.startswith(f"This notebook runs in {tmp_path}, and the workbook")


@pytest.mark.parametrize("other", ["utils.py", None])
def test_a_real_kernel_with_another_utils_or_none(other, other_python, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    if other:
        (folder / other).write_text("")
    (error,) = run(folder, first_cell(), kernel="other")
    assert error.output_type == "error" and error.ename == "ImportError"
    assert "start Jupyter in the folder that holds this notebook" in error.evalue
    assert (str(folder / other) if other else "No module named 'utils'") in error.evalue
