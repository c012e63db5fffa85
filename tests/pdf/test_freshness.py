import json
import os

import pytest
from nbformat.v4 import new_notebook

from tests.pdf.torture import code, display, stream
from utils.pdf.freshness import read_log, stale
from utils.run_log import digest

IMPORT = "from utils.exercises.cnn import Net"
RUN_ALL = "restart the kernel, run all and save"
SOURCE = "import x\n\n\nclass Net:\n    pass\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "utils" / "exercises").mkdir(parents=True)
    (tmp_path / "utils" / "exercises" / "cnn.py").write_text(SOURCE, "utf-8")
    (tmp_path / "build" / "runs").mkdir(parents=True)
    return tmp_path


def entry(cell, count=1, notebook="N.ipynb", file=SOURCE, when=1.0):
    return {
        "notebook": notebook,
        "cell": cell.id,
        "count": count,
        "source": digest(cell.source),
        "files": {"cnn.py": digest(file.encode())},
        "when": when,
    }


def notes(root, cells, log):
    path = root / "N.ipynb"
    path.touch()
    os.utime(path, (100, 100))
    found = stale(new_notebook(cells=cells), path, root, log)
    return [(note.place, note.message) for note in found]


def cells():
    return [code(IMPORT), code("Net()", stream("x"), count=2)]


def test_outputs_of_the_present_code(root):
    first, second = cells()
    log = [entry(first), entry(second, 2)]
    assert notes(root, [first, second], log) == []
    assert notes(root, [first, second], []) == []


def test_a_cell_edited_after_it_was_run(root):
    first, second = cells()
    log = [entry(first), entry(second, 2)]
    second.source = "Net(1)"
    message = f"was edited after it was run: {RUN_ALL}"
    assert notes(root, [first, second], log) == [("N.ipynb, cell 2", message)]
    # Run on another computer with another number: nothing is known.
    second.execution_count = 7
    assert notes(root, [first, second], log) == []


def test_a_cell_of_another_notebook_says_nothing(root):
    first, second = cells()
    log = [entry(second, 2, notebook="M.ipynb")]
    second.source = "Net(1)"
    assert notes(root, [first, second], log) == []


def test_an_exercise_edited_after_the_cells_were_run(root):
    first, second = cells()
    log = [entry(first), entry(second, 2, file="old")]
    message = f"was run before utils/exercises/cnn.py was changed: {RUN_ALL}"
    assert notes(root, [first, second], log) == [("N.ipynb, cell 2", message)]
    log.append(entry(second, 2, when=2.0))
    assert notes(root, [first, second], log) == []


def test_a_notebook_that_was_not_saved(root):
    first, second = cells()
    log = [entry(first), entry(second, 9, when=102.0)]
    message = "cells were run after the notebook was last saved: save it"
    assert notes(root, [first, second], log) == [("N.ipynb", message)]


def test_shown_code_that_the_file_no_longer_holds(root):
    shown = "utils/exercises/cnn.py, lines 4 to 5\n\nclass Net:\n    pass"
    cell = code("show_source(Net)", display(text=shown, markdown="it"))
    assert notes(root, [cell], []) == []
    (root / "utils" / "exercises" / "cnn.py").write_text("class Net:\n    x = 1\n")
    message = "shows code that is not in utils/exercises/cnn.py (any more)"
    assert notes(root, [cell], []) == [("N.ipynb, cell 1", message)]
    outside = code("x", display(text=shown.replace("utils/", "../utils/")))
    assert len(notes(root, [outside], [])) == 1


def test_damaged_logs_are_read_as_far_as_they_go(root):
    cell = code(IMPORT)
    lines = ["", "{", "[]", "3", '{"when": "x"}', json.dumps(entry(cell)), "\x00"]
    (root / "build" / "runs" / "a.jsonl").write_text("\n".join(lines), "utf-8")
    (root / "build" / "runs" / "b.jsonl").mkdir()
    assert read_log(root) == [entry(cell)]
