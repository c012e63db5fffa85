"""What a student may have overlooked before handing in, and where to find it."""

import re

from utils.pdf.report import Note

SKIPPED_TAGS = frozenset({"no_pdf", "remove_cell", "remove-cell"})
_BLANK_ANSWER = re.compile(
    r"your answer here|\bTODO\b|^\s*(\.\.\.|…)\s*$", re.IGNORECASE | re.MULTILINE
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+)$", re.MULTILINE)
_FENCED = re.compile(r"^(```|~~~).*?^\1", re.DOTALL | re.MULTILINE)
_LONGEST_HEADING = 50
_LONGEST_LINE = 1000  # of which a heading is made
# More cells than this are counted, not listed one by one.
_LISTED = 3


def is_skipped(cell):
    """Return whether a cell is tagged to stay out of the PDF."""
    return not SKIPPED_TAGS.isdisjoint(cell.metadata.get("tags", ()))


def question_of(cell):
    """Return what a cell's metadata say about the question it opens: text only.

    Returns
    -------
    dict
        Empty if the cell opens none, or if what it says makes no sense.
    """
    question = cell.metadata.get("question")
    if not isinstance(question, dict):
        return {}
    return {key: str(question[key]) for key in question if question[key] is not None}


def has_outputs(notebook):
    """Return whether any cell of a notebook has printed or drawn something."""
    return any(cell.get("outputs") for cell in notebook.cells)


def headings(notebook):
    """Return of each cell the heading that it stands under; empty if there is none."""
    found, heading = [], ""
    for cell in notebook.cells:
        is_text = cell.cell_type == "markdown"
        own = _HEADING.findall(_FENCED.sub("", cell.source)) if is_text else []
        own = list(filter(None, map(_short, own)))
        found.append(own[0] if own else heading)
        heading = own[-1] if own else heading
    return found


def places(notebook, name):
    """Say of each cell where it is: Jupyter numbers no cells, but shows headings.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    name : str
        The notebook's file.

    Returns
    -------
    list of str
        As in ``CNN.ipynb, cell 14 (under "The data")``.
    """
    return [
        f"{name}, cell {number}" + (f' (under "{heading}")' if heading else "")
        for number, heading in enumerate(headings(notebook), 1)
    ]


def _short(heading):
    heading = heading[:_LONGEST_LINE].rstrip(" \t#")
    heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)  # links
    heading = re.sub(r"[*`$]|<[^>]*>", "", heading).strip()
    if len(heading) <= _LONGEST_HEADING:
        return heading
    return heading[: _LONGEST_HEADING - 1].rstrip() + "…"


def review(notebook, name):
    """Return notes about cells that were not run in order and answers left empty.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    name : str
        The notebook's file, for the notes.

    Returns
    -------
    list of Note
    """
    return [*_runs(notebook, name), *unanswered(notebook, name)]


def unanswered(notebook, name):
    """Return notes about written answers that are empty or unfinished.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    name : str
        The notebook's file.

    Returns
    -------
    list of Note
    """
    return [
        Note(place, f"the answer to {cell.metadata['answer']} is not written")
        for place, cell in zip(places(notebook, name), notebook.cells, strict=True)
        if "answer" in cell.metadata and not is_skipped(cell) and _is_blank(cell.source)
    ]


def gathered(notebook, name, cells, message, of_many):
    """Return a note for each of a few cells, or one for many, by their headings.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    name : str
        The notebook's file.
    cells : list of int
        Which cells, from 0.
    message, of_many : str
        What is said of one cell, and of several: the end of a sentence.

    Returns
    -------
    list of Note
    """
    if len(cells) <= _LISTED:
        where = places(notebook, name)
        return [Note(where[cell], message) for cell in cells]
    every = headings(notebook)
    over = list(filter(None, dict.fromkeys(every[cell] for cell in cells)))
    first = ", ".join(f'"{heading}"' for heading in over[:_LISTED])
    left = len(over) - _LISTED
    others = f" and {left} more heading{'s' * (left > 1)}" if left > 0 else ""
    where = f" (under {first}{others})" if over else ""
    return [Note(name, f"{len(cells)} cells{where} {of_many}")]


def _runs(notebook, name):
    cells = [
        (index, cell.get("execution_count"))
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and cell.source.strip() and not is_skipped(cell)
    ]
    missing = [index for index, count in cells if not count]
    if missing and len(missing) == len(cells):
        return [Note(name, "no cell of this notebook was run: its results are missing")]
    notes = gathered(notebook, name, missing, "was never run", "were never run")
    counted = [(index, count) for index, count in cells if count]
    for (_, before), (index, count) in zip(counted, counted[1:], strict=False):
        if count <= before:
            message = "was run before the cells above it"
            notes.append(
                Note(
                    places(notebook, name)[index],
                    f"{message}: restart the kernel, run all and save",
                )
            )
            break  # one is enough to make everything below it doubtful
    return notes


def _is_blank(answer):
    answer = _COMMENT.sub("", answer)
    return not answer.strip() or bool(_BLANK_ANSWER.search(answer))
