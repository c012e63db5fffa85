"""The student edition of one file, and what stands outside of its marked regions.

What a file may be marked with depends on its kind: Python, notebooks and Markdown on
their comments, scripts and settings on theirs; any other text may hold no marker.
"""

import ast
import functools
import json
from pathlib import PurePosixPath

from utils.staff import StaffError, markers

SCRIPTS = ".sh .toml .txt .gitignore .gitattributes".split()
TEXTS = ".cmd .cff .mplstyle .typ .json LICENSE".split()
PICTURES = [".png"]
# All that is kept of a notebook; outputs and execution counts are emptied.
METADATA = ("kernelspec", "language_info")
CELL_METADATA = ("question", "answer", "tags", "caption")
COMMENTS = {"markdown": "<!--", "code": "#"}


def kind_of(path):
    """Return the suffix of a file, or its name if it has none."""
    path = PurePosixPath(path)
    return path.suffix or path.name


def is_text(path):
    """Tell whether a file is read as text; raise StaffError if nobody knows it."""
    known = [".py", ".ipynb", ".md", *SCRIPTS, *TEXTS]
    if kind_of(path) not in known + PICTURES:
        raise StaffError(
            f"{path}: a handout can hold no {kind_of(path)} files so far; say in "
            "utils/staff/editions.py what they are."
        )
    return kind_of(path) in known


def regions(text, name):
    """Return the marked regions of a file's text.

    Parameters
    ----------
    text : str
    name : str
        The path; its end decides how the text is read.

    Returns
    -------
    list of Region

    Raises
    ------
    StaffError
        If a marker is wrong; with file and line (in a notebook: cell and line).
    """
    kind = kind_of(name)
    if kind == ".ipynb":
        cells = _read(text, name)["cells"]
        return [region for cell in cells for region in _cell_regions(cell, name)]
    if kind == ".py":
        found = markers.find(markers.comments(text, name), name)
        source = text.split("\n")
        return [r._replace(lines=source[r.begin : r.end - 1]) for r in found]
    comment = "<!--" if kind == ".md" else "#" if kind in SCRIPTS else ""
    return markers.find(text, name, comment)


def student_edition(text, name):
    """Return a file's text as students get it.

    Solutions are replaced: in Python by an exception that names the function, in
    Markdown by ``*Your answer here.*``.  STAFF regions are left out.  A notebook
    loses outputs, execution counts, attachments and all metadata but ours.
    """
    if kind_of(name) == ".ipynb":
        return _written(_student_notebook(_read(text, name), name))
    found = regions(text, name)
    if not found:
        return text
    if kind_of(name) != ".py":
        return markers.replace(text, found, _answer)
    tree = _parse(text, name)
    solved = [region for region in found if region.kind == "SOLUTION"]
    functions = {region.begin: _function(tree, region, name) for region in solved}
    stub = functools.partial(_exception, functions, name)
    stripped = markers.replace(text, found, stub)
    _parse(stripped, f"{name} without its solutions")
    return stripped


def outside(text, name):
    """Return what a file gives to students whatever happens: text outside regions.

    It shares nothing with `student_edition` but the place of the markers.
    """
    if kind_of(name) == ".ipynb":
        cells = _read(text, name)["cells"]
        return "\n".join(
            markers.replace(_source(cell), _cell_regions(cell, name), lambda _: [])
            for cell in cells
        )
    return markers.replace(text, regions(text, name), lambda _: [])


def with_canaries(text, name):
    """Return a file's text with a canary in each region."""
    if kind_of(name) == ".ipynb":
        notebook = _read(text, name)
        for cell in notebook["cells"]:
            found = _cell_regions(cell, name)
            if found:
                comment = COMMENTS[cell["cell_type"]]
                planted = markers.plant(_source(cell), found, comment)
                cell["source"] = planted.splitlines(keepends=True)
        return _written(notebook)
    comment = "<!--" if kind_of(name) == ".md" else "#"
    return markers.plant(text, regions(text, name), comment)


def _answer(region):
    return ["*Your answer here.*"]


def _to_do(region):
    return ["# YOUR CODE HERE"]


def _exception(functions, name, region):
    return [
        "# YOUR CODE HERE",
        "raise NotImplementedError(",
        f'    "{functions[region.begin]} is not written yet "',
        f'    "({name})"',
        ")",
    ]


def _parse(text, name):
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise StaffError(f"{name}, line {error.lineno}: {error.msg}.") from None


def _read(text, name):
    try:
        notebook = json.loads(text)
        cells = notebook["cells"]
        assert all(isinstance(_source(cell), str) for cell in cells)
    except (ValueError, KeyError, TypeError, AssertionError):
        raise StaffError(f"{name} is not a notebook.") from None
    return notebook


def _source(cell):
    return "".join(cell["source"])


def _written(notebook):
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _cell_regions(cell, name):
    place = f"{name}, cell {cell.get('id', '?')}"
    return markers.find(_source(cell), place, COMMENTS.get(cell["cell_type"], ""))


def _student_notebook(notebook, name):
    """Build a notebook anew from what is known, so that nothing else comes along."""
    metadata = {key: notebook["metadata"][key] for key in METADATA}
    metadata["language_info"] = {"name": metadata["language_info"]["name"]}
    return {
        "cells": [_student_cell(cell, name) for cell in notebook["cells"]],
        "metadata": metadata,
        "nbformat": notebook["nbformat"],
        "nbformat_minor": notebook["nbformat_minor"],
    }


def _student_cell(cell, name):
    kind, metadata = cell["cell_type"], cell["metadata"]
    stub = _to_do if kind == "code" else _answer
    source = markers.replace(_source(cell), _cell_regions(cell, name), stub)
    kept = {key: metadata[key] for key in CELL_METADATA if key in metadata}
    code = {"execution_count": None, "outputs": []} if kind == "code" else {}
    student = {"cell_type": kind, "id": cell["id"], "metadata": kept, **code}
    return dict(sorted(student.items())) | {"source": source.splitlines(keepends=True)}


def _function(tree, region, name):
    """Return the name of the function that a region is the end of."""
    around = list(_around(tree, region.begin))
    if not around or isinstance(around[-1], ast.ClassDef):
        raise StaffError(
            f"{name}, line {region.begin}: a solution stands inside of a function."
        )
    path, function = ".".join(node.name for node in around), around[-1]
    if len(region.indent) != function.body[0].col_offset:
        raise StaffError(
            f"{name}, line {region.begin}: the marker is indented by "
            f"{len(region.indent)} spaces, but the body of {path} by "
            f"{function.body[0].col_offset}."
        )
    if function.end_lineno > region.end:
        raise StaffError(
            f"{name}, line {region.end}: a solution runs to the end of its function, "
            f"but {path} goes on to line {function.end_lineno}."
        )
    return path


def _around(node, line):
    """Give the classes and functions around a line, from the outermost on."""
    named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for child in ast.iter_child_nodes(node):
        if getattr(child, "lineno", line + 1) < line <= getattr(child, "end_lineno", 0):
            if isinstance(child, named):
                yield child
            yield from _around(child, line)
            return
