"""What an export tells: notes, questions and the finished document."""

from typing import NamedTuple


class Note(NamedTuple):
    """One thing the student should know about the PDF, and where it is."""

    place: str
    message: str


class Question(NamedTuple):
    """A row of the cover's table; ``label`` is that of the question's heading."""

    title: str
    points: str
    notebook: str
    label: str
    id: str = ""


class Report(NamedTuple):
    """A finished document and what to tell about it.

    ``questions`` are pairs of a `Question` and its page; ``pages`` is 0 and
    ``suffix`` is ``.html`` if the student has still to print it.
    """

    data: bytes
    pages: int
    questions: list
    notes: list
    banner: str
    engine: str
    suffix: str = ".pdf"
