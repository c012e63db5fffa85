"""Two notebooks that are hard on exporters, to compare exporters with."""

import base64
import io

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, ImageDraw

TOKEN = "abcdefghij" * 30
WORDS = " ".join(f"word{i}" for i in range(60))
CHARACTERS = "✓✗∂∇αωЖ├█“é"
# Each corner of each picture has a colour that is nowhere else.
CORNERS = {
    (1800, 200): [(230, 30, 30), (30, 200, 30), (30, 30, 230), (220, 200, 0)],
    (200, 1800): [(200, 0, 200), (0, 200, 200), (250, 120, 0), (120, 60, 20)],
}
FORMULAS = [
    r"\begin{aligned} y &= \sigma(Wx + b) \\ L &= -\log y_k \end{aligned}",
    r"\operatorname{ReLU}(x) = \begin{cases} x & x > 0 \\ 0 & \text{else} \end{cases}",
    r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}^\top \in \mathbb{R}^{2 \times 2}",
    r"\underbrace{\left\lVert W \right\rVert_F^2}_{\text{penalty}}",
    r"\frac{\partial L}{\partial w} = \sum_{n=1}^N \hat{x}_n \, \mathrm{dout}_n",
    r"\mathop{\mathrm{arg\,max}}_k \; \mathcal{N}(\mu, \sigma^2) \tag{3}",
]


def long_notebook():
    """Return a notebook whose lines, words, tables and pictures are too large.

    What ends too far to the right ends in a word that begins with END.
    """
    cells = [
        new_markdown_cell(
            f"# Too long\n\nCharacters: {CHARACTERS}\n\n`{TOKEN}ENDINLINE`"
        ),
        new_markdown_cell("\n\n".join(f"$${formula}$$" for formula in FORMULAS)),
        new_markdown_cell(f"## Fenced\n\n```python\nz = '{TOKEN}ENDFENCED'\n```"),
        new_markdown_cell(f"| a | b |\n|---|---|\n| {WORDS} ENDTABLE | {WORDS} |"),
        _code(f"y = f({WORDS})  # ENDCOMMENT\nx = '{TOKEN}ENDSTRING'"),
        _code("print()", _printed(f"{TOKEN}ENDOUTPUT\n{WORDS} ENDWORDS\n")),
        _code("frame", _shown({"text/html": _frame(), "text/plain": "frame"})),
        *(_code("plot()", _picture(size)) for size in CORNERS),
    ]
    return new_notebook(cells=cells)


def broken_notebook():
    """Return the same notebook with what real ones also hold, and a few mistakes."""
    notebook = long_notebook()
    circle = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'>"
    circle += "<circle cx='20' cy='20' r='18' fill='#446'/></svg>"
    picture = _picture((1800, 200))["data"]["image/png"]
    notebook.cells += [
        new_markdown_cell("Wrong: $\\notacommand{x}$, $\\left( x$ ![gone](gone.png)"),
        _code(
            "print()", _printed("bell \x07, nul \x00, back\x08\x08, esc \x1b[31mred\n")
        ),
        _code("draw()", _shown({"image/svg+xml": circle, "text/plain": "circle"})),
        _code("plot()", _shown({"image/png": picture[: len(picture) // 2]})),
    ]
    return notebook


def _code(source, *outputs):
    return new_code_cell(source, outputs=list(outputs), execution_count=1)


def _printed(text):
    return new_output("stream", name="stdout", text=text)


def _shown(data):
    return new_output("display_data", data)


def _picture(size):
    picture = Image.new("RGB", size, "lightgrey")
    draw, side = ImageDraw.Draw(picture), 80
    places = [(x, y) for y in (0, size[1] - side) for x in (0, size[0] - side)]
    for (x, y), colour in zip(places, CORNERS[size], strict=True):
        draw.rectangle((x, y, x + side - 1, y + side - 1), fill=colour)
    file = io.BytesIO()
    picture.save(file, "png")
    return _shown({"image/png": base64.b64encode(file.getvalue()).decode()})


def _frame():
    cells = [f"<td>{i}.123456</td>" for i in range(17)] + ["<td>ENDFRAME</td>"]
    head = "".join(f"<th>column_{i}</th>" for i in range(18))
    return (
        f'<table border="1" class="dataframe"><thead><tr>{head}</tr></thead>'
        f"<tbody><tr>{''.join(cells)}</tr></tbody></table>"
    )
