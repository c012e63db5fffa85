"""Tables, from Markdown and from HTML: columns that wrap, type that fits."""

from dataclasses import dataclass

from utils.pdf.typst_source import array, call, content, string

# A cell with more characters than this is prose: its column wraps.
PROSE = 45


@dataclass
class Cell:
    """One cell: its markup, and how many characters of text it shows."""

    markup: str = ""
    length: int = 0
    is_header: bool = False
    columns: int = 1
    rows: int = 1

    def typst(self, rows_left):
        """Return the cell in code mode; it never reaches below its table."""
        body = f"#strong[{self.markup}]" if self.is_header else self.markup
        height = min(self.rows, rows_left)
        if self.columns == height == 1:
            return content(body)
        return call(
            "table.cell", content(body), colspan=str(self.columns), rowspan=str(height)
        )


def table(context, rows, alignment=None, **look):
    """Return a table that fits the page's width and breaks across pages.

    Parameters
    ----------
    context : utils.pdf.context.Context
    rows : list of list of Cell
    alignment : list of str, optional
        One of left, center, right for each column; by default prose stands left
        and numbers stand right.
    **look
        Further arguments of Typst's ``table``, in code mode.

    Returns
    -------
    str
        Typst markup.
    """
    rows = [row for row in rows if row]
    if not rows:
        return ""
    count = max(sum(cell.columns for cell in row) for row in rows)
    filled = _filled(rows, count)
    widths = _widths(rows, count)
    if alignment is None:
        alignment = ["left" if "1fr" in widths else "right"] * count
    head = _header_rows(filled)
    cells = [[c.typst(len(rows) - i) for c in row] for i, row in enumerate(filled)]
    arguments = [cell for row in cells[head:] for cell in row]
    if head:
        header = [cell for row in cells[:head] for cell in row]
        arguments.insert(0, call("table.header", *header))
    return "\n#" + call(
        "fit-table",
        string(context.place),
        *arguments,
        columns=array(widths),
        align=array((alignment + ["left"] * count)[:count]),
        **look,
    )


def _filled(rows, count):
    """Fill short rows, unless cells reach down into them and make them full."""
    if any(cell.rows > 1 for row in rows for cell in row):
        return rows
    return [
        row + [Cell()] * (count - sum(cell.columns for cell in row)) for row in rows
    ]


def _widths(rows, count):
    longest = [0] * count
    for row in rows:
        column = 0
        for cell in row:
            if cell.columns == 1:
                longest[column] = max(longest[column], cell.length)
            column += cell.columns
    return ["1fr" if length > PROSE else "auto" for length in longest]


def _header_rows(rows):
    """Return how many rows at the top repeat on every page: at most all but one."""
    count = 0
    for row in rows[:-1]:
        if not all(cell.is_header and cell.rows == 1 for cell in row):
            break
        count += 1
    return count
