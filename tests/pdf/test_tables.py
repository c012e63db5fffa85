from utils.pdf.tables import PROSE, Cell, table


def test_a_small_table(context):
    rows = [[Cell("a", 1, True), Cell("b", 1, True)], [Cell("1", 1), Cell("2", 1)]]
    assert table(context, rows) == (
        '\n#fit-table("", table.header([#strong[a]], [#strong[b]]), [1], [2], '
        "columns: (auto, auto, ), align: (right, right, ))"
    )


def test_prose_gets_the_room_and_stands_left(context):
    markup = table(context, [[Cell("x", PROSE + 1), Cell("1", 1)]])
    assert "columns: (1fr, auto, )" in markup
    assert "align: (left, left, )" in markup


def test_short_rows_are_filled(context):
    markup = table(context, [[Cell("a"), Cell("b")], [Cell("c")]])
    assert "[a], [b], [c], []" in markup


def test_spans(context):
    rows = [[Cell("a", columns=2)], [Cell("b", rows=9), Cell("c")]]
    markup = table(context, rows)
    assert "table.cell([a], colspan: 2, rowspan: 1)" in markup
    assert "[b], [c]" in markup  # a cell of nine rows ends with its table
    assert context.engine.part_error(markup) is None


def test_a_table_of_headers_keeps_a_body(context):
    rows = [[Cell("a", 1, True)], [Cell("b", 1, True)]]
    assert table(context, rows).count("table.header") == 1


def test_nothing(context):
    assert table(context, []) == ""
    assert table(context, [[], []]) == ""
