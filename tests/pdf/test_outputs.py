import pytest
from nbformat.v4 import new_output

from tests.pdf.torture import TRACEBACK, display, encoded, png, stream
from utils.pdf.outputs import OutputWriter, merged, text_of


@pytest.fixture
def convert(context):
    def run(output):
        markup = OutputWriter(context).convert(output)
        assert context.engine.part_error(markup) is None, markup
        return markup

    return run


def test_neighbouring_messages_of_one_stream_are_one():
    outputs = [stream("10%"), stream("\r20%"), stream("x", "stderr"), stream("y")]
    joined = merged(outputs)
    assert [o["text"] for o in joined] == ["10%\r20%", "x", "y"]
    assert outputs[0]["text"] == "10%"


def test_merging_leaves_displays_apart():
    assert len(merged([display(text="a"), display(text="b")])) == 2


def test_stream(convert):
    assert convert(stream("a\rb\n")) == '#output-cell((row("b"), ))'
    assert convert(stream("\n")) == ""


def test_error_is_tinted_and_noted(convert, context):
    error = new_output("error", ename="E", evalue="v", traceback=TRACEBACK)
    assert convert(error).endswith("error: true)")
    assert context.notes[0].message == "the cell stopped with E"


def test_error_without_traceback(convert):
    error = new_output("error", ename="E", evalue="v", traceback=[])
    assert '"E: v"' in convert(error)


@pytest.mark.parametrize(
    ("limit", "count", "printed"),
    [(10, 10, 10), (10, 11, 11), (10, 400, 11), (0, 400, 400)],
)
def test_long_outputs_are_shortened_visibly(convert, context, limit, count, printed):
    context.max_output_lines = limit
    markup = convert(stream("".join(f"line {i}\n" for i in range(count))))
    assert markup.count("row(") == printed
    assert '"line 0"' in markup
    assert f'"line {count - 1}"' in markup
    shortened = limit and count > limit
    assert (f"{count - limit} lines not printed" in markup) == bool(shortened)
    assert len(context.notes) == bool(shortened)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"png": encoded(png(3, 3)), "text": "<Figure>"}, "image("),
        (
            {
                "svg": "<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>",
                "png": "broken",
            },
            ".svg",
        ),
        ({"latex": r"$\displaystyle x^2$"}, "attach(x, t: 2)"),
        ({"latex": r"\begin{align} a &= b \end{align}", "text": "t"}, "math.equation"),
        ({"latex": r"\begin{Verbatim} a \end{Verbatim}", "text": "t"}, 'row("t")'),
        ({"markdown": "**x**", "html": "<b>y</b>"}, '#strong[#"x"]'),
        ({"html": "<b>x</b>", "text": "y"}, '#strong[#"x"]'),
        ({"html": " ", "text": "y"}, 'row("y")'),
        ({"text": "x\ny"}, 'row("x"), row("y")'),
        (
            {"html": '<script>1</script><table class="dataframe"><td>7</td></table>'},
            "fit-table",
        ),
    ],
)
def test_best_form_of_a_display(convert, context, data, expected):
    assert expected in convert(display(**data))
    assert context.notes == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"text/html": "<video></video>", "text/plain": "v"}, "needs a browser"),
        ({"application/vnd.jupyter.widget-view+json": {}, "text/plain": "w"}, "widget"),
        ({"application/json": {"a": 1}}, "no printable form"),
    ],
)
def test_what_paper_cannot_show_is_noted(convert, context, data, message):
    convert(new_output("display_data", data))
    assert message in context.notes[0].message


def sized(width):
    return new_output(
        "display_data",
        {"image/png": encoded(png(8, 8))},
        metadata={"image/png": {"width": width, "height": 100}},
    )


def test_width_of_a_figure_in_css_pixels(convert):
    assert "width: 75pt" in convert(sized(100))


@pytest.mark.parametrize("width", [0, -3, 10**400, float("inf"), float("nan"), "1"])
def test_a_width_that_makes_no_sense_is_left_out(convert, width):
    assert "width" not in convert(sized(width))


def test_a_number_in_the_place_of_text(convert):
    output = display(text="")
    output.data["text/plain"] = 7
    assert 'row("7")' in convert(output)
    assert text_of(output) == "7"


def test_text_of():
    assert text_of(stream("a")) == "a"
    assert text_of(display(text="a", html="b")) == "a\nb"
    assert text_of(new_output("error", ename="E", evalue="v", traceback=[])) == ""


def test_a_script_leaves_no_trace(convert, context):
    data = {"application/javascript": "alert(1)", "text/plain": "<Javascript object>"}
    assert convert(new_output("display_data", data)) == ""
    assert context.notes == []


def test_captions_describe_figures_in_their_order(convert, context):
    context.captions = ["first", "second"]
    output = display(png=encoded(png(3, 3)), text="<Figure>")
    assert 'alt: "first"' in convert(output)
    assert 'alt: "second"' in convert(output)
    assert "alt" not in convert(output)
    assert context.notes == []
    context.tagged = True
    convert(output)
    assert "no description for readers who cannot see it" in context.notes[0].message
