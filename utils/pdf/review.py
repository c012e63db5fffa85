"""What a student may have overlooked before handing in."""

import re

from utils.pdf.notebook import is_skipped

_BLANK_ANSWER = re.compile(r"your answer here", re.IGNORECASE)


def review(notebook):
    """Return sentences about cells that were not run and answers left empty."""
    return [*_runs(notebook), *_answers(notebook)]


def has_outputs(notebook):
    """Return whether any cell of a notebook has printed or drawn something."""
    return any(cell.get("outputs") for cell in notebook.cells)


def _runs(notebook):
    cells = [
        (number, cell.get("execution_count"))
        for number, cell in enumerate(notebook.cells, 1)
        if cell.cell_type == "code" and cell.source.strip() and not is_skipped(cell)
    ]
    missing = [str(number) for number, count in cells if not count]
    counts = [count for _, count in cells if count]
    if missing and not counts:
        return ["no cell of this notebook was run: its results are missing"]
    notes = []
    if missing:
        many = len(missing) > 1
        notes.append(
            f"cell{'s' if many else ''} {', '.join(missing)} "
            f"{'were' if many else 'was'} never run"
        )
    if counts != sorted(counts):
        notes.append(
            "the cells were not run from top to bottom: "
            "restart the kernel, run all and save"
        )
    return notes


def _answers(notebook):
    return [
        f"the answer in cell {number} ({cell.metadata['answer']}) is empty"
        for number, cell in enumerate(notebook.cells, 1)
        if "answer" in cell.metadata
        and (not cell.source.strip() or _BLANK_ANSWER.search(cell.source))
    ]
