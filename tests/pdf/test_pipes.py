import time

import pytest

from utils.pdf.markdown import parse, plain


def rows(source):
    """Return the texts of a table's cells; None if it is none."""
    tables = [token for token in parse(source) if token["type"] == "table"]
    if not tables:
        return None
    head, body = tables[0]["children"]
    return [
        [plain(cell["children"]).strip() for cell in row["children"]]
        for row in [head, *body["children"]]
    ]


@pytest.mark.parametrize(
    ("source", "cells"),
    [
        ("| a | b |\n|--|:-:|\n| 1 | 2 |", [["a", "b"], ["1", "2"]]),
        ("a | b\n--|--\n1 | 2\nend", [["a", "b"], ["1", "2"]]),
        ("| a | b |\n|--|--|\n| 1 |", [["a", "b"], ["1", ""]]),
        ("| a | b |\n|--|--|\n| 1 | 2 | 3 |", [["a", "b"], ["1", "2 | 3"]]),
        ("| a | b |\n|--|--|\n| 1 | 2", [["a", "b"], ["1", "2"]]),
        ("| a | b |\n|--|--|\n| $|x|$ | y |", [["a", "b"], [r"\vert x\vert", "y"]]),
        ("| $|x|$ | b |\n|--|--|\n| 1 | 2 |", [[r"\vert x\vert", "b"], ["1", "2"]]),
        ("| a | b |\n|--|--|\n| $5 | $6 |", [["a", "b"], ["$5", "$6"]]),
        ("| a |\n|--|\n| $\\|x\\|$ |", [["a"], [r"\|x\|"]]),
        ("|a|\n|-|\n||", [["a"], [""]]),
        ("| a | b |\n|--|\n| 1 |", None),
        ("a | b\nc | d", None),
        ("a | b\n-----", None),
        ("```\n| a |\n|--|\n| $|x|$ |\n```", None),
    ],
)
def test_tables(source, cells):
    assert rows(source) == cells
    around = parse(f"before\n\n{source}\n\n# after")
    assert around[0]["type"] == "paragraph" and around[-1]["type"] == "heading"


@pytest.mark.parametrize("frame", ["- x\n\n  {}\n  {}\n  {}", "> {}\n> {}\n> {}"])
def test_tables_inside_of_others(frame):
    found = str(parse(frame.format("| a | b |", "|--|--|", "| 1 |")))
    assert "'table'" in found


def test_a_code_fence_stays_as_it_is():
    source = "| a |\n|--|\n| $|x|$ |\n"
    (token,) = parse(f"```\n{source}```")
    assert token["raw"] == source


@pytest.mark.parametrize("source", ["a | b\n" * 5000, "|a|\n|" + "-" * 50_000 + "x|"])
def test_what_is_no_table_takes_no_time(source):
    begin = time.process_time()
    assert rows(source) is None
    assert time.process_time() - begin < 5
