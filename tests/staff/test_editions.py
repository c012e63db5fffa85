import ast
import json

import pytest

from tests.staff.conftest import EXERCISE, README, SCRIPT, notebook
from utils.staff import StaffError, editions

NAME = "utils/exercises/conv_layers.py"


def test_python_exactly():
    assert (
        editions.student_edition(EXERCISE, NAME)
        == '''\
"""Yours to edit."""

import numpy as np


def double(x):
    """Return twice x."""
    x = np.asarray(x)
    # Hint: add.
    # YOUR CODE HERE
    raise NotImplementedError(
        "double is not written yet "
        "(utils/exercises/conv_layers.py)"
    )


class Net:
    """A net."""

    def loss(self, X):
        """Return the sum."""
        # YOUR CODE HERE
        raise NotImplementedError(
            "Net.loss is not written yet "
            "(utils/exercises/conv_layers.py)"
        )
'''
    )


def test_the_exception_names_function_and_file():
    names = {}
    exec(editions.student_edition(EXERCISE, NAME), names)
    with pytest.raises(NotImplementedError) as caught:
        names["double"](1)
    assert str(caught.value) == f"double is not written yet ({NAME})"
    with pytest.raises(NotImplementedError, match=r"^Net.loss is not written yet"):
        names["Net"]().loss(1)


BODY = "def f(x):\n    # BEGIN SOLUTION\n    return x\n    # END SOLUTION\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n", 1, "inside of a function"),
        (
            "class A:\n    # BEGIN SOLUTION\n    x = 1\n    # END SOLUTION\n",
            2,
            "inside",
        ),
        (BODY + "    y\n", 4, "f goes on to line 5"),
        (BODY.replace("    #", "        #"), 2, "by 8 spaces"),
        (BODY.replace("    return x\n", "").replace("):", "): ..."), 2, "inside"),
        (BODY.replace("return x", "return x +"), 3, "invalid syntax"),
    ],
)
def test_a_solution_is_the_end_of_a_function(text, line, words):
    with pytest.raises(StaffError, match=words) as caught:
        editions.student_edition(text, "a.py")
    assert str(caught.value).startswith(f"a.py, line {line}: ")


def test_a_solution_inside_of_a_block_is_refused():
    text = (
        "def f(x):\n    if x:\n        # BEGIN SOLUTION\n        return 1\n"
        "        # END SOLUTION\n"
    )
    with pytest.raises(StaffError, match="body of f by 4"):
        editions.student_edition(text, "a.py")


def test_a_marker_in_a_string_does_not_count():
    text = 'x = """\n# BEGIN SOLUTION\n"""\n'
    assert editions.student_edition(text, "a.py") == text
    assert editions.regions(text, "a.py") == []


def test_markdown_and_script():
    assert editions.student_edition(README, "README.md") == "# Title\n\nText.\n"
    assert editions.student_edition(SCRIPT, "test.sh") == "#!/bin/sh\necho checks\n"


def test_notebook(solved):
    solved["cells"][2]["outputs"] = [{"output_type": "stream", "text": "48"}]
    kept = {"tags": ["parameters"], "caption": ["A curve.", "A picture."]}
    solved["cells"][2]["metadata"] = {**kept, "collapsed": True}
    solved["cells"][1]["attachments"] = {"a.png": {"image/png": "aaaa"}}
    text = editions.student_edition(json.dumps(solved), "CNN.ipynb")
    student = json.loads(text)
    assert text == json.dumps(student, indent=1, ensure_ascii=False) + "\n"
    question, answer, model = student["cells"]
    assert question["source"] == ["Why?"]
    assert question["metadata"] == {"question": {"id": "a"}}
    assert answer["source"] == ["*Your answer here.*"]
    assert answer["metadata"] == {"answer": "a"}
    assert "attachments" not in answer
    assert model["source"] == ["model = None\n", "# YOUR CODE HERE"]
    assert model["outputs"] == [] and model["execution_count"] is None
    assert model["metadata"] == kept
    assert set(student["metadata"]) == {"kernelspec", "language_info"}
    assert student["metadata"]["language_info"] == {"name": "python"}


def test_a_wrong_marker_in_a_notebook_is_said_with_cell_and_line(solved):
    solved["cells"][2]["source"] = ["a\n", "# BEGIN SOLUTION\n", "b"]
    with pytest.raises(StaffError, match=r"^CNN.ipynb, cell model, line 2: "):
        editions.student_edition(json.dumps(solved), "CNN.ipynb")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": [{"source": 1}]}'])
def test_no_notebook(text):
    with pytest.raises(StaffError, match="not a notebook"):
        editions.student_edition(text, "CNN.ipynb")


def test_what_is_outside_of_regions(solved):
    solved["cells"][2]["outputs"] = ["printed"]
    text = editions.outside(json.dumps(solved), "CNN.ipynb")
    assert text == "Why?\n\nmodel = None"
    assert "0.125" not in editions.outside(EXERCISE, NAME)
    assert "Hint: add." in editions.outside(EXERCISE, NAME)


@pytest.mark.parametrize("name", [NAME, "README.md", "test.sh"])
def test_canaries_do_not_change_the_edition(name):
    text = {NAME: EXERCISE, "README.md": README, "test.sh": SCRIPT}[name]
    planted = editions.with_canaries(text, name)
    for region in editions.regions(text, name):
        assert planted.count(region.canary) == 1
    assert editions.student_edition(planted, name) == editions.student_edition(
        text, name
    )


def test_canaries_in_a_notebook(solved):
    text = json.dumps(solved)
    planted = editions.with_canaries(text, "CNN.ipynb")
    regions = editions.regions(text, "CNN.ipynb")
    assert len(regions) == 2
    assert all(planted.count(region.canary) == 1 for region in regions)
    cells = json.loads(planted)["cells"]
    ast.parse("".join(cells[2]["source"]))


def test_an_unknown_kind_of_file_is_refused():
    assert editions.is_text("utils/a.py") and not editions.is_text("docs/a.png")
    assert editions.is_text("LICENSE") and editions.is_text(".gitignore")
    with pytest.raises(StaffError, match="no .npz files"):
        editions.is_text("a.npz")


def test_an_empty_notebook_stays_one():
    text = json.dumps(notebook())
    assert json.loads(editions.student_edition(text, "a.ipynb"))["cells"] == []
