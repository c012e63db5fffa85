"""Every command in README is executed by a test: most of them here, in a copy.

Whoever writes a new command into README gives it a line below.  Those for Windows are
held to their twins, as far as that can be done elsewhere.  Quoted messages are those of
the program.
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
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml

from tests import copies

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMAND = re.compile(
    r"(?:[A-Z_0-9]+=\S+ )*!?(?:\./\w+\.sh|\.\\\w+|\.venv\S+ |python |py |export_pdf).*"
)
# What is executed below, in this order, and some words that it then prints.
HERE = {
    "./export_pdf.sh --setup": "The environment in .venv is ready.",
    "VERBOSE=1 ./export_pdf.sh --setup": "The environment in .venv is ready.",
    "./export_pdf.sh": "build/submission.pdf",
    "./export_pdf.sh --check": "no name: use --name",
    "./export_pdf.sh --help": "--require-complete",
    ".venv/bin/jupyter nbconvert --to typstpdf X.ipynb": "X.pdf",
    ".venv/bin/python -m utils.checks": "cnn-loss",
    ".venv/bin/python -m utils.checks conv-forward": "conv_forward_naive",
    ".venv/bin/python -m utils.checks CNN-Layers": "max_pool_backward_naive",
    ".venv/bin/python -m utils.staff handout --out build/cnn-workbook "
    "--zip build/cnn-workbook.zip": "files, version",
    ".venv/bin/python -m utils.staff leaks build/cnn-workbook.zip": "",
    "python -m utils.sweep --help": "usage: python -m utils.sweep",
}
# What another test executes: its file and name.
BENCHMARKS = "benchmarks/test_main.py::test_names_and_options"
ELSEWHERE = {
    "./test.sh": "staff/test_handout_behaves.py::test_both_commands_work",
    ".venv/bin/python -m jupyterlab": "test_readme.py::test_jupyterlab_starts",
    ".venv\\Scripts\\python -m jupyterlab": "test_readme.py::test_jupyterlab_starts",
    "!./export_pdf.sh": "test_readme.py::test_the_command_prints",
    r".\export_pdf": "test_setup.py::test_all_files_agree_on_the_pythons",
    "export_pdf.cmd": "test_setup.py::test_all_files_agree_on_the_pythons",
    "!python -m utils.pdf": "pdf/test_cli.py::test_whole_workbook",
    "py -m utils.environment": "test_setup.py::test_set_up_for_real_twice",
    ".venv/bin/python -m utils.doctor": (
        "doctor/test_report.py::test_before_the_set_up_it_needs_no_package"
    ),
    ".venv/bin/python -m utils.cifar10 --verify": (
        "cifar10/test_load.py::test_command_line_verify"
    ),
    "CIFAR10_SOURCE=~/Downloads/cifar-10-python.tar.gz ./export_pdf.sh": (
        "test_readme.py::test_the_command_prints"
    ),
    "CIFAR10_SOURCE=../cifar-10-python.tar.xz ./export_pdf.sh": (
        "test_readme.py::test_the_command_prints"
    ),
    "CIFAR10_SOURCE=... .venv/bin/python -m utils.recipes fast80 --seed 0 "
    "--log runs/fast80-0.json": "recipes/test_cli.py::test_log_and_network_are_written",
    ".venv/bin/python -m utils.staff grade SUBMISSIONS --out DIR": (
        "staff/test_grade.py::test_killed_at_any_moment_it_ends_with_the_same_table"
    ),
    ".venv/bin/python -m utils.staff gradescope --out build/autograder.zip "
    "--self-test": ("staff/test_gradescope.py::test_the_self_test"),
    "python -m benchmarks conv layers step train savings ladder jit": BENCHMARKS,
    "python -m benchmarks ladder --json docs/ladder.json --figure docs/ladder.png": (
        "benchmarks/test_ladder.py::test_our_rungs_alone"
    ),
    "python -m benchmarks step --rounds 11": BENCHMARKS,
    "python -m benchmarks train --rounds 9 --only step": BENCHMARKS,
}
# Messages of the shell and of Python, quoted in README as well.
NOT_OURS = ("Permission denied", "bad interpreter", "$'", "No module", "cannot import")


def commands():
    """Return what README tells its readers to type, in its order."""
    lines = [line.split("  #")[0] for line in re.findall(r"^ {4}(\S.*)$", README, re.M)]
    lines += re.findall(r"`([^`\n]+)`", README)
    return list(dict.fromkeys(x.strip() for x in lines if COMMAND.fullmatch(x.strip())))


def test_every_command_is_executed_by_a_test():
    assert set(commands()) == set(HERE) | set(ELSEWHERE)
    for place in ELSEWHERE.values():
        file, name = place.split("::")
        assert f"\ndef {name}(" in (ROOT / "tests" / file).read_text("utf-8"), place


def test_quoted_messages_are_those_of_the_program():
    section = README.split("## When something does not work")[1].split("\n## ")[0]
    quoted = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    messages = [m for line in quoted for m in re.findall("`([^`]+)`", line)]
    files = [*(ROOT / "utils").rglob("*.py"), *ROOT.glob("*.ipynb")]
    files += [ROOT / "utils" / "setup.sh"]
    program = "\n".join(file.read_text("utf-8") for file in files)
    assert len(messages) > 10
    for message in messages:
        ours = message.removesuffix(" ...")
        assert ours in program or message.startswith((*NOT_OURS, "./")), message


def test_the_citation_names_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert citation["version"] == project["version"]
    short = ".".join(project["version"].split(".")[:2])
    assert f"{citation['title']}. Version {short}." in README


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="lines for a POSIX shell")
@pytest.mark.parametrize("command", HERE)
def test_the_command_prints(command, exported):
    folder, export = exported
    if command == "./export_pdf.sh":
        result = export
    else:
        executed = folder / "build" / "executed" / "Receptive-Fields.ipynb"
        shutil.copy(executed, folder / "X.ipynb")
        result = copies.run(folder, command)
    # A network that was trained on the stand-in does not pass its check.
    expected = int(command.endswith("utils.checks"))
    assert result.returncode == expected, result.stdout + result.stderr
    assert HERE[command] in result.stdout + result.stderr


def patiently_read(address):
    for _ in range(100):
        try:
            with urlopen(address, timeout=60) as page:
                return page.read().decode()
        except URLError:  # it tells its address before it listens
            time.sleep(0.2)
    raise AssertionError(f"{address} does not answer")


@pytest.mark.skipif(os.name == "nt", reason="asks it to stop by a signal")
def test_jupyterlab_starts(tmp_path):
    (tmp_path / "jupyter_server_config.py").write_text(
        "c.ServerApp.allow_root = True\nc.ServerApp.open_browser = False\n"
    )
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    lab = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab"],
        cwd=ROOT,
        env=os.environ | dict.fromkeys(places, str(tmp_path)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = next(x for x in lab.stderr if re.search(r"http://\S+\?token=\S+", x))
        assert "JupyterLab" in patiently_read(re.search(r"http://\S+", line)[0])
    finally:
        lab.send_signal(signal.SIGTERM)
        lab.communicate(timeout=60)
