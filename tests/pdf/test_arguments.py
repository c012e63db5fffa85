import pytest

from utils.pdf.arguments import parser


def test_defaults():
    given = parser().parse_args([])
    assert (given.engine, given.paper, given.max_output_lines) == (
        "auto",
        "us-letter",
        200,
    )
    assert given.execute is None and given.question_breaks
    assert not (given.check or given.strict or given.require_complete or given.tagged)


@pytest.mark.parametrize(
    "arguments",
    [["--timeout", "soon"], ["--execute", "--no-execute"], ["--paper", "a5"], ["CNN"]],
)
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit, match="1"):
        parser().parse_args(arguments)
    message = capsys.readouterr().err
    assert message.startswith("usage: python -m utils.pdf")
    assert "\nNo PDF: " in message
