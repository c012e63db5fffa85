import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from utils.pdf.execute import execute

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path):
    def run(*sources, timeout=60):
        cells = [new_markdown_cell("text"), *(new_code_cell(s) for s in sources)]
        notebook = new_notebook(cells=cells)
        ended = execute(notebook, tmp_path / "N.ipynb", timeout, {"VARIABLE": "set"})
        return ended, [cell.outputs for cell in notebook.cells[1:]]

    return run


def test_cells_run_in_this_python_and_errors_do_not_stop_them(run, tmp_path, capfd):
    ended, (first, second, third) = run(
        "import os, sys\nprint(sys.executable)\nprint(os.getcwd())\n"
        "print(os.environ['VARIABLE'])",
        "1 / 0",
        "print('on')",
    )
    assert ended is None
    assert first[0].text.splitlines() == [
        sys.executable,
        str(tmp_path.resolve()),
        "set",
    ]
    assert second[0].ename == "ZeroDivisionError"
    assert third[0].text == "on\n"
    shown = capfd.readouterr().err
    assert "N.ipynb: 4 cells" in shown
    assert "TCP" not in shown


def test_a_cell_that_takes_too_long(run):
    ended, outputs = run(
        "import time\nprint('before', flush=True)\ntime.sleep(60)", "1", timeout=2
    )
    assert ended.startswith("cell 2 took longer than 2 seconds")
    assert outputs[0][0].text == "before\n"
    assert outputs[1] == []


def test_a_cell_that_cannot_be_sent(run):
    ended, outputs = run("print('before')", "x = '\ud800'")
    assert "cell 3" in ended and "surrogates" in ended
    assert outputs[0][0].text == "before\n"


def test_python_that_dies(run):
    ended, outputs = run("print('alive', flush=True)", "import os; os._exit(3)", "1")
    assert ended.startswith("Python died in cell 3")
    assert "TCP" not in ended
    assert outputs[0][0].text == "alive\n"
    assert outputs[2] == []


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_ctrl_c_ends_the_kernel_and_prints_no_traceback(tmp_path):
    program = """
import sys
from pathlib import Path
from nbformat.v4 import new_code_cell, new_notebook
from utils.pdf.execute import execute
path = Path(sys.argv[1])
source = "import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid()))"
notebook = new_notebook(cells=[new_code_cell(source), new_code_cell("time.sleep(60)")])
try:
    execute(notebook, path, timeout=100)
except KeyboardInterrupt:
    sys.exit(7)
"""
    command = [sys.executable, "-W", "ignore", "-c", program, tmp_path / "slow.ipynb"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        pid = tmp_path / "pid"
        while not (pid.is_file() and pid.read_text()):
            time.sleep(0.05)
            assert process.poll() is None
        time.sleep(0.3)  # into the second cell
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 7
    assert b"Traceback" not in said
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
