"""The HTML that notebooks really hold: tables, emphasis, lists, pictures, code.

Browsers' HTML is a world of its own; what is not known here keeps its text and
loses its looks.
"""

import re
from html.parser import HTMLParser

from utils.pdf import images
from utils.pdf.highlight import class_style
from utils.pdf.lines import PLAIN, Span, Style, typst_lines, wrap_all
from utils.pdf.tables import Cell, table
from utils.pdf.typst_source import call, colour, string

# Inline elements: what opens them in markup; "]" closes them.
INLINE = {
    "b": "#strong[",
    "strong": "#strong[",
    "i": "#emph[",
    "em": "#emph[",
    "var": "#emph[",
    "cite": "#emph[",
    "u": "#underline[",
    "ins": "#underline[",
    "s": "#strike[",
    "del": "#strike[",
    "strike": "#strike[",
    "sub": "#sub[",
    "sup": "#super[",
    "mark": "#highlight[",
    "small": "#text(size: 0.85em)[",
    "big": "#text(size: 1.2em)[",
    "kbd": "#text(font: mono, size: 0.88em)[",
    "tt": "#text(font: mono, size: 0.88em)[",
    "code": "#text(font: mono, size: 0.88em)[",
    "samp": "#text(font: mono, size: 0.88em)[",
}
BLOCKS = {
    name: "\n#block["
    for name in (
        "div p details section article header footer figure figcaption address "
        "dl dt caption"
    ).split()
}
BLOCKS |= {name: "\n#strong[" for name in ("h1", "h2", "h3", "h4", "h5", "h6")}
BLOCKS |= {
    "summary": "\n#strong[",
    "center": "\n#align(center)[",
    "blockquote": "\n#quote(block: true)[",
    "dd": "\n#pad(left: 1.5em)[",
}
LISTS = {"ul": "\n#list(", "ol": "\n#enum("}
SILENT = frozenset({"style", "script", "head", "title", "template", "svg"})
_ALERTS = {
    "info": "#e8f1fb",
    "success": "#e9f6ec",
    "warning": "#fff4ce",
    "danger": "#fdeaea",
}
_MATH = re.compile(r"\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^\s$](?:[^$]*[^\s$])?)\$")
_COLUMNS_IN_TABLE = 50


def element_opening(tag, attributes):
    """Return the markup that opens an inline element, or None if it is none."""
    if tag in INLINE:
        return INLINE[tag]
    if tag in ("span", "font"):
        fill = _style_colour(attributes)
        return f"#text(fill: {fill})[" if fill else "#text["
    if tag == "a":
        address = attributes.get("href") or ""
        if re.match(r"(https?|mailto):", address):
            return f"#link({string(address)})["
        return "#underline["
    return None


def opening_of(raw):
    """Return tag name and attributes of one tag's source, as ``<b class=x>``."""
    reader = _OneTag()
    reader.feed(raw)
    return reader.found


def _style_colour(attributes):
    style = re.search(r"(?:^|;)\s*color\s*:\s*([^;]+)", attributes.get("style") or "")
    return colour(style[1] if style else attributes.get("color") or "")


def image_options(attributes):
    """Return ``width`` and ``inline`` for the `images` functions."""
    width = (attributes.get("width") or "").strip()
    match = re.fullmatch(r"([1-9][0-9]{0,3})(px|%)?", width)
    if not match:
        return {}
    if match[2] == "%":
        return {"width": f"{min(100, int(match[1]))}%"}
    # A CSS pixel is three quarters of a point.  Small ones stand in the line.
    points = 0.75 * int(match[1])
    return {"width": f"{points:g}pt", "inline": points < 40}


class _OneTag(HTMLParser):
    found = ("", {})

    def handle_starttag(self, tag, attrs):
        self.found = (tag, dict(attrs))


class HtmlReader(HTMLParser):
    """Turns one fragment of HTML into Typst markup."""

    def __init__(self, context):
        super().__init__(convert_charrefs=True)
        self.context = context
        self.out = [[]]  # markup; one more list for each open table cell
        self.open = []  # names of open elements
        self.tables = []  # open tables: lists of rows of Cell
        self.cells = []  # open cells
        self.silent = 0
        self.code = None  # spans of an open <pre>, with the styles around them
        self.code_styles = []

    def convert(self, source):
        """Return ``source`` as Typst markup; what is left open is closed."""
        self.feed(source)
        self.close()
        while self.open:
            self._end(self.open[-1])
        return "".join(self.out[0])

    # Events.

    def handle_data(self, data):
        """Print text; in <pre> keep its lines."""
        if self.silent:
            return
        if self.code is not None:
            style = self.code_styles[-1] if self.code_styles else PLAIN
            self.code.append(Span(self.context.clean(data), style))
        elif self._between_cells() or self._directly_in_list() and not data.strip():
            return
        else:
            self._open_item_if_needed()
            self._emit(self._text(re.sub(r"\s+", " ", data)))

    def handle_starttag(self, tag, attrs):
        """Open an element."""
        attributes = dict(attrs)
        if self.silent or tag in SILENT:
            self.silent += tag in SILENT
            if tag == "svg":
                self.context.note("a drawing inside HTML (svg) is not printed")
        elif self.code is not None:
            self._open_in_code(tag, attributes)
        elif tag == "li":
            if any(name in LISTS for name in self.open):
                self._close_up_to("li", unless=LISTS)
                self._begin("li", "[")
        else:
            self._open_item_if_needed()
            self._open_element(tag, attributes)

    def _open_element(self, tag, attributes):
        if tag == "br":
            self._emit("#linebreak()")
        elif tag == "hr":
            self._emit("\n#rule()\n")
        elif tag == "img":
            self._emit(self._image(attributes))
        elif tag == "pre":
            self.code, self.code_styles = [], []
            self.open.append(tag)
        elif tag in ("table", "tr", "td", "th"):
            self._open_table_part(tag, attributes)
        elif tag in LISTS:
            self._begin(tag, LISTS[tag])
        elif tag in BLOCKS:
            self._begin(tag, self._block_opening(tag, attributes))
        elif (opening := element_opening(tag, attributes)) is not None:
            self._begin(tag, opening)

    def handle_endtag(self, tag):
        """Close an element and whatever was left open inside it."""
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif self.silent:
            return
        elif self.code is not None and tag != "pre":
            if tag in ("span", "b", "i") and self.code_styles:
                self.code_styles.pop()
        elif tag in self.open:
            while self.open[-1] != tag:
                self._end(self.open[-1])
            self._end(tag)

    # Pieces.

    def _emit(self, markup):
        self.out[-1].append(markup)

    def _begin(self, tag, markup):
        self._emit(markup)
        self.open.append(tag)

    def _end(self, tag):
        self.open.pop()
        if tag in ("td", "th"):
            self.cells.pop().markup = "".join(self.out.pop())
        elif tag == "table":
            look = "(x, y) => if calc.odd(y) { luma(244) }"
            rows = self.tables.pop()
            markup = table(self.context, rows, stroke="none", fill=look, size="9pt")
            self._emit(markup + "\n")
        elif tag == "pre":
            self._emit(self._code())
        elif tag in LISTS:
            self._emit(")\n")
        elif tag == "li":
            self._emit("], ")
        elif tag != "tr":
            self._emit("]\n" if tag in BLOCKS else "]")

    def _directly_in_list(self):
        return bool(self.open) and self.open[-1] in LISTS

    def _open_item_if_needed(self):
        """Begin an item for what stands in a list, but in none of its items."""
        if self._directly_in_list():
            self._begin("li", "[")

    def _close_up_to(self, tag, unless):
        """Close an earlier sibling, as a browser does for <li> and <td>."""
        for name in reversed(self.open):
            if name in unless:
                return
            if name == tag:
                self.handle_endtag(tag)
                return

    def _text(self, data):
        out, start = [], 0
        for match in _MATH.finditer(data):
            out.append(self._plain(data[start : match.start()]))
            block = match["block"] is not None
            out.append(self.context.formula(match["block"] or match["inline"], block))
            start = match.end()
        return "".join(out) + self._plain(data[start:])

    def _plain(self, data):
        if self.cells:
            self.cells[-1].length += len(data)
        return self.context.text(data) if data.strip() else " " * bool(data)

    def _image(self, attributes):
        return images.image_from_url(
            self.context,
            attributes.get("src") or "",
            alt=attributes.get("alt") or "",
            **image_options(attributes),
        )

    def _block_opening(self, tag, attributes):
        page_break = "page-break" in (attributes.get("style") or "")
        prefix = "\n#pagebreak(weak: true)\n" if tag == "div" and page_break else ""
        for name, fill in _ALERTS.items():
            if f"alert-{name}" in (attributes.get("class") or ""):
                return prefix + f"\n#callout({string(fill)})["
        return prefix + BLOCKS[tag]

    # <pre>.

    def _open_in_code(self, tag, attributes):
        if tag not in ("span", "b", "i"):
            return
        style = self.code_styles[-1] if self.code_styles else PLAIN
        fill = re.search(r"color\s*:\s*(#[0-9a-fA-F]{6})", attributes.get("style", ""))
        if fill:
            style = style._replace(colour=fill[1])
        for name in (attributes.get("class") or "").split():
            style = class_style(name)
        if tag in "bi":
            style = Style(style.colour, style.flags + tag, style.background)
        self.code_styles.append(style)

    def _code(self):
        lines = [[]]
        for text, style in self.code:
            first, *others = text.split("\n")
            lines[-1].append(Span(first, style))
            lines += [[Span(piece, style)] for piece in others]
        self.code = None
        while lines and not "".join(span.text for span in lines[-1]).strip():
            lines.pop()
        columns = _COLUMNS_IN_TABLE if self.tables else 100 - 8 * len(self.open)
        rows = typst_lines(wrap_all(lines, max(30, columns)))
        return "\n#" + call("output-cell", rows) + "\n"

    # Tables.

    def _between_cells(self):
        """Return whether we are inside a table, but in none of its cells."""
        for name in reversed(self.open):
            if name in ("td", "th", "caption"):
                return False
            if name in ("table", "tr"):
                return True
        return False

    def _open_table_part(self, tag, attributes):
        if tag == "table":
            self.tables.append([])
        elif not self.tables:
            return
        elif tag == "tr":
            self._close_up_to("tr", unless=("table",))
            self.tables[-1].append([])
        else:
            for name in ("td", "th"):
                self._close_up_to(name, unless=("table", "tr"))
            if not self.tables[-1]:
                self.tables[-1].append([])
            columns, rows = attributes.get("colspan"), attributes.get("rowspan")
            cell = Cell("", 0, tag == "th", _count(columns), _count(rows))
            self.tables[-1][-1].append(cell)
            self.cells.append(cell)
            self.out.append([])
        self.open.append(tag)


def _count(value):
    """Read a span of columns or rows; nonsense counts as one."""
    return int(value) if re.fullmatch("[1-9][0-9]{0,2}", value or "") else 1
