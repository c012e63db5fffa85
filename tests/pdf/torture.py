"""Cells that hold everything that ever broke a PDF, and small helpers."""

import base64
import struct
import zlib

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

# Words at the far end of things that are too long: each must be on a page.
SENTINELS = [
    "ENDLONGCODE",
    "ENDTOKEN",
    "ENDOUTPUTTOKEN",
    "ENDWORDS",
    "ENDFENCED",
    "ENDINLINE",
    "ENDNESTED",
    "ENDCELL",
    "ENDFRAME",
    "ENDPRE",
]
INJECTION = "#set page(fill:red) $ @ref <label> [ // \\ *b* _u_ `r` = - + /* ~ https:x"


def png(width, height, dpi=72):
    """Return a grey picture of so many pixels, without any library."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    per_metre = round(dpi / 0.0254)
    pixels = (b"\0" + bytes(x * 255 // width for x in range(width))) * height
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def encoded(data):
    return base64.b64encode(data).decode()


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def display(**data):
    names = {"text": "text/plain", "html": "text/html", "png": "image/png"}
    names |= {
        "latex": "text/latex",
        "markdown": "text/markdown",
        "svg": "image/svg+xml",
    }
    return new_output("display_data", {names[kind]: data[kind] for kind in data})


def code(source, *outputs, count=1):
    return new_code_cell(source, outputs=list(outputs), execution_count=count)


def question(name, title, points, source):
    data = {"id": name, "title": title, "points": points}
    return new_markdown_cell(source, metadata={"question": data})


def frame_html():
    head = "".join(f"<th>column_{i}</th>" for i in range(18))
    row = "<tr>" + "".join(f"<td>{i}.123456</td>" for i in range(18)) + "</tr>"
    last = row.replace("17.123456", "ENDFRAME")
    return (
        "<div><style scoped>.dataframe {color: red}</style>"
        f'<table border="1" class="dataframe"><thead><tr>{head}</tr></thead>'
        f"<tbody>{row * 4}{last}</tbody></table></div>"
    )


TRACEBACK = [
    "\x1b[31m---------------------------------------------------------------\x1b[39m",
    "\x1b[31mZeroDivisionError\x1b[39m        Traceback (most recent call last)",
    "\x1b[36mCell\x1b[39m\x1b[32m In[3]\x1b[39m, line 1",
    "\x1b[32m----> \x1b[39m\x1b[32m1\x1b[39m \x1b[32;43m1\x1b[39;49m/\x1b[32m0\x1b[39m",
    "\x1b[31mZeroDivisionError\x1b[39m: division by zero",
]


def torture_cells():
    token = "abcdefghij" * 30
    words = " ".join(f"word{i}" for i in range(60))
    bar = "\r 10%|#    | 1/10\r 50%|##   | 5/10\r100%|#####| 10/10\n"
    lines = "".join(
        f"(Iteration {i + 1} / 400) loss: {2.3 / (i + 1):.6f}\n" for i in range(400)
    )
    table = f"| a | b |\n|---|---|\n| {token}ENDCELL | {'prose ' * 40} |\n"
    cells = [
        new_markdown_cell("# Torture ✓ 中文 🚀\n\nGreek α–ω ∂ ∇ ├── █ “quotes” ✅ é"),
        question("lines", "Long lines", 10, "## Question 1: lines"),
        code(f"x = f({words})  # ENDLONGCODE\ny = '{token}ENDTOKEN'  # {INJECTION}"),
        code("print()", stream(f"{token}ENDOUTPUTTOKEN\n{words} ENDWORDS\n├── █ 中\n")),
        question("outputs", "Outputs", 5, f"{INJECTION}\n\n`{token}ENDINLINE`"),
        code("train()", stream(lines), stream(bar, "stderr")),
        code(
            "1/0",
            new_output(
                "error",
                ename="ZeroDivisionError",
                evalue="division by zero",
                traceback=TRACEBACK,
            ),
        ),
        code("frame", display(html=frame_html(), text="frame")),
        code(
            "x", stream("nul \x00 bell \x07 vt \x0b esc \x1b[9999999C| \x1b]0;\x07ok\n")
        ),
        code(
            "show",
            display(
                html=f"<pre>{token}ENDPRE</pre><video src='x'>", text=f"{token}ENDPRE"
            ),
        ),
        question("broken", "Broken things", 15, "# Answer"),
        new_markdown_cell(
            "Bad $\\notacommand{x}$, $\\left( x$, good $\\frac{a}{b}$.\n\n"
            "![gone](gone.png) ![far](https://example.org/x.png)\n\n" + table
        ),
        new_markdown_cell(
            f"- a\n  - b\n\n    ```python\n    z = '{token}ENDFENCED'\n    ```\n\n"
            f"> {token}ENDNESTED"
        ),
        code("plot", display(png=encoded(png(200, 100)[:-40]), text="<Figure>")),
        code("wide", display(png=encoded(png(1800, 100)))),
        code("tall", display(png=encoded(png(100, 1500)))),
        new_raw_cell(INJECTION),
        new_markdown_cell("*Your answer here.*", metadata={"answer": "why"}),
    ]
    for number, cell in enumerate(c for c in cells if c.cell_type == "code"):
        cell.execution_count = number + 1
    return cells
