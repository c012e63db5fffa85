"""Which part of the workbook earns how many points, and who gives them."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from utils.checks.runner import EXERCISE_BY_ID
from utils.staff import StaffError

RUBRIC = Path(__file__).with_name("rubric.toml")


class Part(NamedTuple):
    """A part of the rubric; ``auto`` tells that its check gives the points."""

    id: str
    notebook: str
    points: int
    auto: bool


def load(path=RUBRIC):
    """Read a rubric.

    Parameters
    ----------
    path : Path, optional
        The file.

    Returns
    -------
    list of Part
        In the order of the file.

    Raises
    ------
    StaffError
        If it cannot be read, or asks for a check that does not exist.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        parts = [
            Part(name, notebook, row["points"], {"auto": True, "manual": False}[by])
            for notebook, rows in table.items()
            for name, row in rows.items()
            for by in [row["by"]]
        ]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StaffError(f"{path.name}: {error}.") from None
    except (KeyError, TypeError, AttributeError):
        raise StaffError(
            f'{path.name}: every row is like conv-forward = {{ points = 10, by = "auto"'
            ' }, where by is "auto" or "manual".'
        ) from None
    for part in parts:
        if type(part.points) is not int or part.points < 0:
            raise StaffError(f"{path.name}: the points of {part.id} are no number.")
        if part.auto and part.id not in EXERCISE_BY_ID:
            raise StaffError(f"{path.name}: there is no check named {part.id}.")
    return parts


def maximum(parts):
    """Return the sum of all points."""
    return sum(part.points for part in parts)
