"""Trials as rows, and rows as text that lines up."""


class Table(list):
    """A list of rows (plain dicts) that prints as a table.

    Each row has ``trial`` (its number), ``state`` ("finished", "pruned", "running",
    "waiting" or "failed"), ``accuracy`` (float or None; of a pruned or running trial
    the last one it reported), ``seconds`` (float or None), ``worker`` (str),
    ``params`` (dict) and ``note`` (str, why it failed or diverged).
    """

    def __repr__(self):
        """Give the table as text."""
        return render(self)

    __str__ = __repr__


def order(row):
    """Give the key to sort rows by: finished ones first, the best on top."""
    states = ("finished", "pruned", "running", "waiting", "failed")
    accuracy = row["accuracy"]
    return (
        states.index(row["state"]),
        -accuracy if accuracy is not None else float("inf"),
        row["trial"],
    )


def render(rows):
    """Write rows as a table of text.

    Parameters
    ----------
    rows : list of dicts
        As in `Table`.

    Returns
    -------
    str
        A line of titles, a rule, a line per row; numbers to the right, texts to
        the left.
    """
    if not rows:
        return "no trials yet"
    names = list(dict.fromkeys(name for row in rows for name in row["params"]))
    several = len({row["worker"] for row in rows if row["worker"]}) > 1
    notes = any(row["note"] for row in rows)
    after = ["state", *["worker"] * several, *["note"] * notes]
    titles = ["trial", "accuracy", *names, "seconds", *after]
    lines = [
        [
            str(row["trial"]),
            _number(row["accuracy"], ".4f"),
            *[short(row["params"].get(name, "")) for name in names],
            _number(row["seconds"], ",.1f"),
            *[row[title] for title in after],
        ]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(titles, *lines, strict=True)]
    left = {"state", "worker", "note"}
    left |= {n for n in names if any(isinstance(r["params"].get(n), str) for r in rows)}

    def line(cells):
        parts = [
            cell.ljust(width) if title in left else cell.rjust(width)
            for title, cell, width in zip(titles, cells, widths, strict=True)
        ]
        return "  ".join(parts).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([line(titles), rule, *map(line, lines)])


def short(value):
    """Write a value of a hyper-parameter in few characters."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _number(value, form):
    return "" if value is None else format(value, form)
