import pytest

from utils.staff import StaffError, markers

TEXT = """\
given
    # BEGIN SOLUTION
    secret
    # END SOLUTION
more
# BEGIN STAFF
for us
# END STAFF
"""


def test_regions_are_found():
    first, second = markers.find(TEXT, "a.sh")
    assert (first.kind, first.begin, first.end) == ("SOLUTION", 2, 4)
    assert (first.indent, first.lines) == ("    ", ["    secret"])
    assert first.place == "a.sh, lines 3 to 3"
    assert (second.kind, second.lines) == ("STAFF", ["for us"])


def test_markdown_has_markers_of_its_own():
    text = "<!-- BEGIN SOLUTION -->\na\n<!-- END SOLUTION -->"
    (region,) = markers.find(text, "a.md", "<!--")
    assert region.lines == ["a"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("# BEGIN SOLUTION\na", 1, "without END SOLUTION"),
        ("a\n# END SOLUTION", 2, "ends nothing"),
        ("# BEGIN SOLUTION\n# BEGIN SOLUTION\n# END SOLUTION", 2, "line 1 begins"),
        ("# BEGIN SOLUTION\n# BEGIN STAFF\n# END STAFF", 2, "never nested"),
        ("# BEGIN SOLUTION\n# END STAFF", 2, "needs a BEGIN STAFF"),
        ("#BEGIN SOLUTION", 1, "no marker, but looks like one"),
        ("### BEGIN SOLUTION", 1, "no marker"),
        ("# begin solution", 1, "no marker"),
        ("# BEGIN SOLUTION:", 1, "no marker"),
        ("# BEGIN SOLUTIONS", 1, "no marker"),
        ("# BEGIN_SOLUTION", 1, "no marker"),
        ("x = 1  # BEGIN SOLUTION", 1, "no marker"),
        ("\t# BEGIN SOLUTION", 1, "no marker"),
        ("# BEGIN SOLUTION ", 1, "no marker"),
        ("<!-- BEGIN SOLUTION -->", 1, "no marker"),
    ],
)
def test_a_wrong_marker_stops_with_name_and_line(text, line, words):
    with pytest.raises(StaffError, match=words) as caught:
        markers.find(text, "a.sh")
    assert str(caught.value).startswith(f"a.sh, line {line}: ")


def test_a_text_without_markers_may_have_none():
    with pytest.raises(StaffError, match="no marker"):
        markers.find("# BEGIN SOLUTION\n# END SOLUTION", "a.typ", "")
    assert markers.find("the end. A solution follows.", "a.typ", "") == []


def test_of_python_only_comments_count():
    text = (
        'x = """\n# BEGIN SOLUTION\n"""\nif x:\n    # END SOLUTION\n    y  # END STAFF'
    )
    comments = ["", "", "", "", "    # END SOLUTION", "    ... # END STAFF"]
    assert markers.comments(text, "a.py").split("\n")[:5] == comments[:5]
    assert markers.comments(text, "a.py").split("\n")[5] == "... # END STAFF"


@pytest.mark.parametrize("rest", ["x = (", 'x = """', "if x:\n        y\n    z"])
def test_no_python_is_said_with_name_and_line(rest):
    with pytest.raises(StaffError, match=r"^a.py, line \d+: "):
        markers.comments(f"# BEGIN SOLUTION\n{rest}\n", "a.py")


def test_something_else_takes_the_place():
    found = markers.find(TEXT, "a.sh")
    replaced = markers.replace(TEXT, found, lambda region: ["# yours", "go()"])
    assert replaced == "given\n    # yours\n    go()\nmore\n"


def test_of_two_blank_lines_one_is_left():
    text = "a\n\n# BEGIN STAFF\nb\n# END STAFF\n\nc\n"
    assert markers.replace(text, markers.find(text, "a"), None) == "a\n\nc\n"
    text = "# BEGIN STAFF\nb\n# END STAFF\n\nc\n"
    assert markers.replace(text, markers.find(text, "a"), None) == "c\n"


def test_canaries_stand_inside_and_differ():
    found = markers.find(TEXT, "a.sh")
    planted = markers.plant(TEXT, found)
    assert f"    # BEGIN SOLUTION\n    # {found[0].canary}\n" in planted
    assert found[1].canary in planted
    assert len({region.canary for region in found}) == 2
    stub = lambda region: []  # noqa: E731
    stripped = markers.replace(planted, markers.find(planted, "a.sh"), stub)
    assert stripped == markers.replace(TEXT, found, stub)
    assert "canary" not in stripped
