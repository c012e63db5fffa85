"""The shell's half of the set-up, run in a copy, with tools made up for the test.

One slow test does the whole set-up for real.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from utils import environment
from utils.environment import STAMP
from utils.installer import FOREIGN_VARIABLES, base_python

ROOT = Path(__file__).resolve().parent.parent
posix = pytest.mark.skipif(os.name == "nt", reason="tests the POSIX shell's half")
PYTHON_VARIABLES = [name for name in FOREIGN_VARIABLES if name.startswith("PYTHON")]


@pytest.fixture
def copy(tmp_path):
    """Copy what the set-up needs into a folder with spaces and umlauts."""
    folder = tmp_path / "Übung mit Größe"
    (folder / "utils" / "pdf").mkdir(parents=True)
    files = ["export_pdf.sh", "requirements.txt", "pyproject.toml"]
    files += [f"utils/{n}" for n in ("__init__.py", "setup.sh")]
    files += [
        f"utils/{n}.py" for n in ("environment", "installer", "console", "whole_files")
    ]
    here = ("__init__", "__main__", "arguments", "register")
    files += [f"utils/pdf/{n}.py" for n in here]
    for name in files:
        shutil.copy(ROOT / name, folder / name)
    return folder


def script(folder, name, text):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n" + text + "\n")
    path.chmod(0o755)


@pytest.fixture
def tools(tmp_path):
    """Return a folder that serves as PATH: a few basic tools, no Python, no uv."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "dirname", "tail", "sed", "mkdir", "sleep"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


def set_up(copy, tools, **variables):
    return subprocess.run(
        [str(copy / "export_pdf.sh"), "--setup"],
        env={"PATH": str(tools), **variables},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )


@posix
def test_shell_without_python(copy, tools):
    result = set_up(copy, tools)
    assert result.returncode == 1
    assert result.stderr.startswith("Set-up failed: Python 3.11 to 3.14 is needed;")
    assert "install Python 3.13" in result.stderr and result.stderr.count("\n") == 1


@posix
def test_shell_with_an_old_python_only(copy, tools):
    script(tools, "python3", "echo 3.8.18; exit 1")
    result = set_up(copy, tools)
    assert result.returncode == 1
    assert "(found only 3.8.18)" in result.stderr and result.stderr.count("\n") == 1


@posix
def test_shell_passes_over_a_python_that_is_broken(copy, tools):
    script(tools, "python3.13", "echo 'command not found' >&2; exit 127")
    script(tools, "python3.11", '[ "$1" = -c ] || { echo "chosen: $*"; exit 7; }')
    result = set_up(copy, tools)
    assert result.stdout == "chosen: -m utils.environment\n"
    assert result.returncode == 7


@posix
def test_shell_prefers_a_python_that_can_make_environments(copy, tools):
    script(tools, "python3.13", "exit 2")
    script(tools, "python3.11", '[ "$1" = -c ] || { echo chosen; exit 7; }')
    assert set_up(copy, tools).stdout == "chosen\n"
    (tools / "python3.11").unlink()
    script(tools, "python3.13", '[ "$1" = -c ] && exit 2; echo reserve; exit 7')
    assert set_up(copy, tools).stdout == "reserve\n"


@posix
def test_shell_finds_utils_whatever_the_variables_say(copy, tools):
    ask = f'[ "$1" = -c ] || set -- "$@" --help; exec "{base_python()}" "$@"'
    script(tools, f"python3.{sys.version_info[1]}", ask)
    result = set_up(copy, tools, **dict.fromkeys(PYTHON_VARIABLES, "1"))
    assert "usage: python -m utils.environment" in result.stdout


@posix
@pytest.mark.parametrize("arguments", [["--help"], ["--only", "CNN", "-h"]])
def test_help_comes_without_a_set_up(copy, tools, arguments):
    """With a Python that has no packages, as it is before the first set-up."""
    run = f'[ "$1" = -m ] || exec "{base_python()}" "$@"; shift; module=$1; shift'
    run += f'; exec "{base_python()}" -S -m "$module" "$@"'
    script(tools, f"python3.{sys.version_info[1]}", run)
    result = subprocess.run(
        [str(copy / "export_pdf.sh"), *arguments],
        env={"PATH": str(tools)},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("./export_pdf.sh --setup only makes .venv;")
    assert "--no-question-breaks" in result.stdout
    assert not (copy / ".venv").exists()


@pytest.mark.parametrize("name", PYTHON_VARIABLES)
def test_both_commands_unset_what_points_to_another_python(name):
    shell = (ROOT / "utils" / "setup.sh").read_text("utf-8")
    assert re.search(rf"^unset .*\b{name}\b", shell, re.MULTILINE)
    batch = (ROOT / "export_pdf.cmd").read_text("utf-8")
    assert re.search(rf"^set {name}=$", batch, re.MULTILINE)


@posix
def test_shell_quotes_uv_if_it_cannot_fetch_a_python(copy, tools):
    script(tools, "uv", 'echo "error: x"; echo "  cause: dns error"; exit 2')
    result = set_up(copy, tools)
    assert result.returncode == 1
    assert "uv could not fetch it (cause: dns error); go online" in result.stderr


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_shell_interrupted_leaves_nothing(copy, tools, number):
    python = f"python3.{sys.version_info[1]}"
    script(tools, python, f'exec "{base_python()}" "$@"')
    script(tools, "uv", 'mkdir -p "$6/bin" && sleep 60')
    process = subprocess.Popen(
        [str(copy / "export_pdf.sh")],
        env={"PATH": str(tools)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline().startswith("Installing")
    deadline = time.monotonic() + 20
    while not (copy / ".venv" / "bin").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (copy / ".venv" / STAMP).exists()
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert "Stopped; nothing half-made is left." in err
    assert not (copy / ".venv").exists()


@posix
@pytest.mark.slow
def test_set_up_for_real_twice(copy):
    command = [str(copy / "export_pdf.sh"), "--setup"]
    options = dict(cwd="/", capture_output=True, text=True)
    first = subprocess.run(command, **options, timeout=900)
    if "no connection to the package index" in first.stderr:
        pytest.skip("neither a network nor a local copy of the packages")
    assert first.returncode == 0, first.stderr
    before = os.times()
    second = subprocess.run(command, **options, timeout=60)
    after = os.times()  # of the processor: other tests may run meanwhile
    seconds = sum(b - a for a, b in zip(before[2:4], after[2:4], strict=True))
    ready = "The environment in .venv is ready. The notebooks: .venv/bin/python -m "
    assert second.stdout == f"{ready}jupyterlab\n"
    assert second.returncode == 0
    assert seconds < 2
    shutil.rmtree(copy / ".venv")  # hundreds of megabytes


@posix
def test_tests_in_the_background_hear_ctrl_c():
    """Shells let such commands ignore it; ./test.sh runs its slow tests so."""
    code = "import signal, tests.conftest; print(signal.getsignal(2).__name__)"
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" & wait', sys.executable, code],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "default_int_handler\n", done.stderr


def test_all_files_agree_on_the_pythons():
    oldest, newest = environment.OLDEST, environment.NEWEST
    bounds = f"{oldest} <= sys.version_info[:2] <= {newest}"
    for name in ("utils/setup.sh", "export_pdf.cmd"):
        text = (ROOT / name).read_text("utf-8")
        assert bounds in text, name
        minors = {int(m) for m in re.findall(r"(?:python|py -)3\.(\d+)", text)}
        assert minors == set(range(oldest[1], newest[1] + 1)), name
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">={}.{}".format(*oldest)


def test_the_batch_file_keeps_to_the_rules_of_cmd():
    """It cannot be run here; what is known to go wrong can be looked for."""
    data = (ROOT / "export_pdf.cmd").read_bytes()
    assert data.isascii() and data.count(b"\r\n") == data.count(b"\n")
    lines = [
        line.strip()
        for line in data.decode().splitlines()
        if line and not line.startswith("rem ")
    ]
    labels = {line[1:] for line in lines if line.startswith(":")}
    assert set(re.findall(r"\bgoto (\w+)", "\n".join(lines))) == labels
    # A batch file (python of pyenv is one) that is not called never comes back.
    for line in lines:
        assert not re.match(r"(%BASE%|%%~P)", line), line
    # Behind pushd, nothing ends but where popd is.
    begin = next(k for k, line in enumerate(lines) if line.startswith("pushd"))
    ends = [line for line in lines[begin + 1 :] if "exit /b" in line]
    assert ends == ["exit /b %STATUS%"] and lines[-2:] == ["popd", *ends]
    # Round brackets in a folder's name would close a block.
    assert not any(re.search(r"%(CD|~dp0)", line) for line in lines[begin + 1 :])
