"""workbook: reload of edited files, sources, timings, the start line."""

import importlib
import os
import re
import shutil
import sys
import textwrap
from types import SimpleNamespace

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from IPython.core.events import EventManager, available_events
from nbclient import NotebookClient

from utils import workbook


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of three modules, one of which another one imports."""
    folder = tmp_path / "lessons"
    (folder / "exercises").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "exercises" / "__init__.py").write_text("")
    (folder / "shapes.py").write_text("def size():\n    return 1\n\n\nclass Box: ...\n")
    write(folder, "return size()")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder.resolve()
    for name in [name for name in sys.modules if name.split(".")[0] == "lessons"]:
        del sys.modules[name]


def write(folder, body, name="layer"):
    source = f"from lessons.shapes import size\n\n\ndef {name}():\n    {body}\n"
    (folder / "exercises" / "conv.py").write_text(source)


@pytest.fixture
def names(package):
    conv = importlib.import_module("lessons.exercises.conv")
    shapes = importlib.import_module("lessons.shapes")
    return {"conv": conv, "layer": conv.layer, "Box": shapes.Box, "box": shapes.Box()}


def test_an_edited_function_is_called_by_its_old_name(package, names, capsys):
    reloader = workbook.Reloader(names, package)
    reloader.before_cell()
    assert names["layer"]() == 1
    assert capsys.readouterr().out == ""
    write(package, "return 10 * size()")
    reloader.before_cell()
    assert names["layer"]() == 10
    assert names["conv"].layer is names["layer"]
    assert capsys.readouterr().out == "reloaded: conv.py\n"
    reloader.before_cell()
    assert capsys.readouterr().out == ""


def test_modules_that_import_the_edited_one_see_the_edit(package, names):
    reloader = workbook.Reloader(names, package)
    (package / "shapes.py").write_text("def size():\n    return 77\n\n\nclass Box: ...")
    reloader.before_cell()
    assert names["layer"]() == 77
    assert names["Box"] is sys.modules["lessons.shapes"].Box
    assert not isinstance(names["box"], names["Box"])  # objects stay what they are


def test_names_that_are_not_the_packages_stay(package, names):
    mine = names["mine"] = object()
    names["layer"], old = len, names["layer"]
    write(package, "return 2 * size()")
    reloader = workbook.Reloader(names, package)
    write(package, "return 30 * size()")
    reloader.before_cell()
    assert names["mine"] is mine
    assert names["layer"] is len
    assert old() == 1


def test_a_syntax_error_keeps_the_old_code_and_names_the_line(package, names, capsys):
    reloader = workbook.Reloader(names, package)
    old = sys.modules["lessons.exercises.conv"]
    write(package, "return (size(")
    reloader.before_cell()
    said = capsys.readouterr().out
    assert re.fullmatch(r"\S*conv\.py, line 5: .*\. The code from before .*\n", said)
    assert sys.modules["lessons.exercises.conv"] is old
    assert names["layer"]() == 1
    write(package, "return 5 * size()")
    reloader.before_cell()
    assert names["layer"]() == 5


def test_an_error_while_loading_keeps_the_old_code(package, names, capsys):
    reloader = workbook.Reloader(names, package)
    old = dict(reloader._modules())
    (package / "shapes.py").write_text("def size():\n    return 3\n\n\nsize(1)\n")
    reloader.before_cell()
    assert "shapes.py, line 5: TypeError: " in capsys.readouterr().out
    assert reloader._modules() == old
    assert names["layer"]() == 1


@pytest.fixture
def pool(package):
    """A second exercise, loaded as well."""
    (package / "exercises" / "pool.py").write_text("def pool():\n    return 5\n")
    return importlib.import_module("lessons.exercises.pool").pool


MISTAKES = ["def pool(:\n", "def pool(): ...\npool(1)\n", "import sys\nsys.exit()\n"]


@pytest.mark.parametrize("mistake", [*MISTAKES, "raise GeneratorExit\n"])
def test_a_broken_file_hinders_no_other(mistake, package, names, pool, capsys):
    names["pool"] = pool
    file = package / "exercises" / "pool.py"
    reloader = workbook.Reloader(names, package)
    write(package, "return 10 * size()")
    file.write_text(mistake)
    reloader.before_cell()
    problem, reloaded = capsys.readouterr().out.splitlines()
    assert "pool.py, line " in problem and reloaded == "reloaded: conv.py"
    assert names["layer"]() == 10 and names["pool"]() == 5
    assert names["pool"] is sys.modules["lessons.exercises.pool"].pool

    write(package, "return 20 * size()")
    reloader.before_cell()
    assert capsys.readouterr().out == "reloaded: conv.py\n"  # said once
    assert names["layer"]() == 20 and names["pool"]() == 5

    file.write_text("def pool():\n    return 6\n")
    reloader.before_cell()
    assert capsys.readouterr().out == "reloaded: pool.py\n"
    assert names["layer"]() == 20 and names["pool"]() == 6


def test_a_broken_file_that_is_mended_by_undoing(package, names, pool, capsys):
    file = package / "exercises" / "pool.py"
    before = file.read_text()
    reloader = workbook.Reloader(names, package)
    for text in ("(", before, "("):
        file.write_text(text)
        reloader.before_cell()
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_two_edits_of_the_same_second_and_length(package, names):
    reloader = workbook.Reloader(names, package)
    for value in (2, 3, 4):
        write(package, f"return {value} * size()")
        os.utime(package / "exercises" / "conv.py", (1e9, 1e9))
        reloader.before_cell()
        assert names["layer"]() == value


def test_an_interrupt_while_loading_is_not_swallowed(package, names):
    reloader = workbook.Reloader(names, package)
    old = dict(reloader._modules())
    (package / "shapes.py").write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        reloader.before_cell()
    assert reloader._modules() == old


def test_a_function_that_disappeared_is_named(package, names, capsys):
    reloader = workbook.Reloader(names, package)
    write(package, "return 1", name="renamed")
    reloader.before_cell()
    said = capsys.readouterr().out
    assert "lessons.exercises.conv no longer has layer; layer stays as it was." in said
    assert names["layer"]() == 1
    write(package, "return 22")  # the name is back
    reloader.before_cell()
    assert names["layer"]() == 22


def test_files_nobody_loaded_and_editors_locks_are_ignored(package, names, capsys):
    reloader = workbook.Reloader(names, package)
    (package / "new.py").write_text("def broken(:\n")
    (package / ".#conv.py").symlink_to("nobody@nowhere")
    reloader.before_cell()
    assert capsys.readouterr().out == ""


@pytest.fixture
def shell(monkeypatch):
    """What workbook uses of IPython's shell, with IPython's own event manager."""
    shell = SimpleNamespace(user_ns={})
    shell.events = EventManager(shell, available_events)
    monkeypatch.setattr(workbook, "_ipython", lambda: shell)
    return shell


def test_start_twice_registers_once(shell):
    workbook.start()
    workbook.start()
    hooks = shell.events.callbacks["pre_run_cell"]
    assert len([hook for hook in hooks if hook.__name__ == "before_cell"]) == 1


def test_start_seeds_styles_and_prints_one_line(monkeypatch, capsys):
    monkeypatch.setattr(workbook, "_ipython", lambda: None)
    with plt.rc_context():
        workbook.start(seed=3)
        assert plt.rcParams["image.interpolation"] == "nearest"
    first = np.random.rand()  # noqa: NPY002
    workbook.start(seed=3)
    assert first == np.random.rand()  # noqa: NPY002
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Python 3.")
    assert f"NumPy {np.__version__}" in lines[0]


def test_show_source_prints_the_file_as_it_is_now(package, names, monkeypatch, capsys):
    monkeypatch.setattr(workbook, "_ipython", lambda: None)
    source = """\
        import functools


        @functools.cache
        def layer():
            return 99
        """
    (package / "exercises" / "conv.py").write_text(textwrap.dedent(source))
    workbook.show_source(names["layer"])
    said = capsys.readouterr().out
    assert "conv.py, lines 4 to 6\n\n@functools.cache\ndef layer():\n" in said
    assert said.rstrip().endswith("return 99")


def test_show_source_is_markdown_in_a_notebook(shell, package, names, monkeypatch):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda data, raw: shown.append((data, raw))
    )
    write(package, 'return "```"')
    workbook.show_source(names["layer"], names["Box"])
    (layer, raw), (box, _) = shown
    assert raw
    assert layer["text/markdown"].startswith("`")
    assert '````python\ndef layer():\n    return "```"\n````' in layer["text/markdown"]
    assert "lines 5 to 5" in box["text/plain"]


def test_show_source_names_what_it_cannot_show(package, names):
    with pytest.raises(TypeError, match=r"show_source got 3, expected functions"):
        workbook.show_source(3)
    write(package, "return 1", name="renamed")
    with pytest.raises(TypeError, match=r"conv\.py no longer defines layer\."):
        workbook.show_source(names["layer"])


def test_time_call_keeps_the_first_call_apart(monkeypatch):
    # Four calls, seen on the clock as 9 s, 3 s, 2 s and 5 s.
    ticks = iter([0.0, 9.0, 10.0, 13.0, 20.0, 22.0, 30.0, 35.0])
    monkeypatch.setattr(workbook.time, "perf_counter", lambda: next(ticks))
    assert workbook.time_call(max, 4, 7) == (9.0, 2.0, 7)


def test_time_call_without_repeats(monkeypatch):
    ticks = iter([1.0, 5.0])
    monkeypatch.setattr(workbook.time, "perf_counter", lambda: next(ticks))
    assert workbook.time_call(abs, -2, repeat=0) == (4.0, 4.0, 2)
    with pytest.raises(ValueError, match="repeat is -1, expected 0 or more"):
        workbook.time_call(abs, -2, repeat=-1)


def test_print_timings(capsys):
    workbook.print_timings({"conv forward": (4.0, 0.5, 0.016)})
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["milliseconds", "naive", "fast", "speed-up", "first"]
    assert row.split() == ["conv", "forward", "4000.0", "16.00", "250x", "500.0"]
    assert len(header) == len(row)


def test_require_names_what_is_missing():
    workbook.require(model=0, solver="")
    with pytest.raises(NotImplementedError, match=r"^solver is still None: write"):
        workbook.require(model=1, solver=None)


def run_notebook(folder, monkeypatch, *sources):
    """Run code cells in a fresh kernel that stands in `folder`; return what they print.

    Only the folder's own copy of utils is found.
    """
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=120, resources=resources).execute()
    return [
        "".join(output.get("text", "") for output in cell.outputs)
        for cell in notebook.cells
    ]


def test_in_a_real_kernel_an_edit_is_seen_by_the_next_cell(tmp_path, monkeypatch):
    utils = tmp_path / "utils"
    (utils / "exercises").mkdir(parents=True)
    names = ("workbook.py", "run_log.py", "workbook.mplstyle", "__init__.py")
    for name in names:
        shutil.copy(workbook.PACKAGE / name, utils)
    (utils / "exercises" / "__init__.py").write_text("")
    file = utils / "exercises" / "conv.py"
    file.write_text("def layer():\n    return 1\n")
    edit = "open({!r}, 'w').write({!r}) and None"
    printed = run_notebook(
        tmp_path,
        monkeypatch,
        "from utils import workbook\nworkbook.start()",
        "from utils.exercises.conv import layer\nprint(layer())",
        edit.format(str(file), "def layer():\n    return 2000\n"),
        "print(layer())",
        edit.format(str(file), "def layer(:\n"),
        "print(layer())",
        edit.format(str(file), "raise SystemExit\n"),
        "print(layer())",
        edit.format(str(file), "def layer():\n    return 3000\n"),
        "print(layer())",
        "workbook.start()",
    )
    assert printed[1] == "1\n"
    assert printed[3] == "reloaded: conv.py\n2000\n"
    assert printed[5].startswith("utils/exercises/conv.py, line 1: ")
    assert printed[5].endswith("\n2000\n")
    assert printed[7].startswith(
        "utils/exercises/conv.py, line 1: SystemExit. The code"
    )
    assert printed[7].endswith("\n2000\n")
    assert printed[9] == "reloaded: conv.py\n3000\n"
    assert printed[10].count("Python 3") == 1
