"""Each line on the software, once well and once with its fault provoked."""

import json
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from utils import cifar10
from utils.doctor import notebook, remedies, software
from utils.doctor.remedies import Fault

ROOT = Path(__file__).resolve().parents[2]


def fault(look):
    with pytest.raises(Fault) as caught:
        look()
    return caught.value


def test_python(monkeypatch):
    assert software.python().startswith(f"{platform.python_version()}, 64 bit, ")
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    assert fault(software.python).what == (
        "this is Python 3.9 and the workbook needs 3.11 to 3.14"
    )


def test_python_of_32_bit(monkeypatch):
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    found = fault(software.python)
    assert found.what.endswith("has 32 bit") and "64 bit" in found.remedy


@pytest.mark.parametrize(("answer", "translated"), [(b"1\n", True), (b"0\n", False)])
def test_python_for_another_mac(answer, translated, monkeypatch):
    def run(command, capture_output):
        return subprocess.CompletedProcess(command, 0, stdout=answer)

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(subprocess, "run", run)
    if translated:
        assert "Apple silicon" in fault(software.python).remedy
    else:
        assert software.python()


def test_environment(root, finish, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "prefix", str(finish(root)))
        assert software.environment() == ".venv of this workbook"
        (root / "requirements.txt").write_text("numpy==2.0\n")
        found = fault(software.environment)
        assert found.what == "requirements.txt has changed since .venv was made"
        assert found.remedy == remedies.SET_UP
    found = fault(software.environment)
    assert found.what == f"this is {sys.executable}, not the workbook's Python"
    assert found.remedy == f"{remedies.PYTHON} -m utils.doctor"
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    assert software.environment() == f"{sys.prefix}, which has what is needed"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["numpy is missing"], "numpy is missing"),
        (list("abcd"), "not made yet"),
    ],
)
def test_environment_without_packages(wrong, said, root, monkeypatch):
    monkeypatch.setattr(notebook, "outdated", lambda: dict.fromkeys(wrong))
    found = fault(software.environment)
    assert (found.what, found.remedy) == (said, remedies.SET_UP)
    # An environment that somebody made by hand under our name.
    monkeypatch.setattr(sys, "prefix", str(root / ".venv"))
    found = fault(software.environment)
    assert found.remedy == remedies.reinstall()


def test_variables(root, monkeypatch):
    for name in software.FOREIGN_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VIRTUAL_ENV", "/any")
    monkeypatch.setenv("PYTHONPATH", str(root))
    assert software.variables()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), "/opt/ros"]))
    found = fault(software.variables)
    assert "PYTHONPATH is" in found.what and "/opt/ros" in found.what
    assert found.remedy == remedies.unset("PYTHONPATH")


def test_utils(root, monkeypatch):
    monkeypatch.setattr(notebook, "other_package", lambda: None)
    assert software.utils() == str(root / "utils")
    monkeypatch.setattr(notebook, "other_package", lambda: Path("/other/utils.py"))
    assert str(Path("/other/utils.py")) in fault(software.utils).what


def test_packages(root, finish, monkeypatch):
    assert software.packages() == "new enough"
    monkeypatch.setattr(sys, "prefix", str(finish(root)))
    numpy, numba = metadata.version("numpy"), metadata.version("numba")
    pins = root / "requirements.txt"
    pins.write_text(
        f"# Pinned\nnumpy=={numpy}\nnone==1 ; sys_platform == 'mars'\n"
        f"numba=={numba} ; python_full_version >= '3.11'\n"
    )
    said = software.packages()
    assert said == f"2 as in requirements.txt (numpy {numpy}, numba {numba})"
    pins.write_text("numpy==1.0\nnone==1\n")
    found = fault(software.packages)
    assert found.what == f"numpy is {numpy}, not 1.0, none is missing"
    assert found.remedy == remedies.reinstall()
    pins.write_text("".join(f"none-{k}==1\n" for k in range(5)))
    assert fault(software.packages).what.endswith("none-2 is missing and 2 more")


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """Folders of kernels for this user alone, and one for all; Jupyter sees both."""
    for name in ("JUPYTER_PATH", "JUPYTER_PREFER_ENV_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "user"))
    return tmp_path


def add_kernel(folder, text):
    """Write a kernel python3, which starts a program or is any text."""
    path = folder / "kernels" / "python3" / "kernel.json"
    path.parent.mkdir(parents=True)
    if not text.startswith("{"):
        argv = [text, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        text = json.dumps({"argv": argv, "display_name": "X", "language": "python"})
    path.write_text(text)


@pytest.mark.parametrize("program", ["python", "python3", sys.executable])
def test_kernel(program, kernels, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    add_kernel(kernels / "user", program)
    assert software.kernel() == "JupyterLab starts this Python"


def test_kernel_of_the_user_that_is_another_python(kernels, monkeypatch):
    add_kernel(kernels / "user", "/usr/bin/python3")
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    found = fault(software.kernel)
    assert str(kernels / "user") in found.what
    assert found.what.endswith("starts /usr/bin/python3")
    assert "JUPYTER_PREFER_ENV_PATH=1" in found.remedy
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")  # as the remedy says
    assert software.kernel()


def test_kernel_of_a_variable_that_is_another_python(kernels, monkeypatch):
    add_kernel(kernels / "listed", "/usr/bin/python3")
    monkeypatch.setenv("JUPYTER_PATH", str(kernels / "listed"))
    assert fault(software.kernel).remedy == remedies.unset("JUPYTER_PATH")
    monkeypatch.delenv("JUPYTER_PATH")
    assert software.kernel()


def test_kernel_of_the_environment_that_is_another_python(kernels, monkeypatch):
    add_kernel(kernels / "user", "/usr/bin/python3")
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    monkeypatch.setattr(sys, "prefix", str(kernels))
    assert fault(software.kernel).remedy.endswith("ipykernel install --sys-prefix")


@pytest.mark.parametrize("text", ["{", '{"argv": 3}', '{"argv": []}'])
def test_kernel_that_cannot_be_read(text, kernels, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    add_kernel(kernels / "user", text)
    assert "cannot be read" in fault(software.kernel).what


def test_no_kernel(monkeypatch):
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def none(self, name):
        raise NoSuchKernel(name)

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", none)
    found = fault(software.kernel)
    assert found.what == "JupyterLab has no kernel python3"


def test_data(monkeypatch):
    monkeypatch.delenv("CIFAR10_SOURCE", raising=False)
    monkeypatch.setattr(cifar10, "locate", lambda: "/data")
    assert software.data() == "/data"
    monkeypatch.setattr(cifar10, "locate", lambda: None)
    assert fault(software.data).remedy == f"{sys.executable} -m utils.cifar10"

    def damaged():
        raise cifar10.CIFAR10Error("test_batch is missing")

    monkeypatch.setattr(cifar10, "locate", damaged)
    assert fault(software.data).what == "test_batch is missing"
    monkeypatch.setenv("CIFAR10_SOURCE", "/nowhere")
    assert fault(software.data).remedy == remedies.unset("CIFAR10_SOURCE")


def test_pdf(monkeypatch):
    assert software.pdf().startswith("Typst 0.")
    for name in ("utils.pdf.engine", "utils.pdf.exporter", "utils.pdf.document"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.delattr("utils.pdf.exporter", raising=False)
    monkeypatch.setitem(sys.modules, "typst", None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    found = fault(software.pdf)
    assert "typst" in found.what and "it would be a page of HTML" in found.what
    assert found.remedy == remedies.reinstall()
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/chromium")
    assert "/usr/bin/chromium would print the PDF" in fault(software.pdf).what


def test_as_a_user_runs_it():
    result = subprocess.run(
        [sys.executable, "-m", "utils.doctor"], cwd=ROOT, capture_output=True, text=True
    )
    lines = result.stdout.splitlines()
    assert result.stderr == ""
    assert lines[0].startswith("ok    Python: 3.")
    assert result.returncode == any(line.startswith("FIX") for line in lines)
    for line in lines:  # a path cannot be folded
        assert len(line) <= 80 or "->" in line or len(line.split()) < 4, line
