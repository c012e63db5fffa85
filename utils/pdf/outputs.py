"""What cells have printed, drawn and displayed."""

import re

from utils.pdf import images
from utils.pdf.html import HtmlReader
from utils.pdf.lines import Span, Style, typst_lines, wrap_all
from utils.pdf.markdown import COLUMNS, MarkdownWriter
from utils.pdf.terminal import render
from utils.pdf.texsymbols import ALIGNED, CASES, MATRICES
from utils.pdf.typst_source import call, string

# HTML that only a browser can show.
_LIVE_HTML = re.compile(
    r"<(script|video|audio|iframe|canvas|object|embed|form|button|svg)\b", re.IGNORECASE
)
_DATA_FRAME = re.compile(r'<table[^>]*class="dataframe.*?</table>', re.DOTALL)
_WIDGET = "application/vnd.jupyter.widget-view+json"
# What `utils.workbook.show_source` displays as plain text.
SHOWN_SOURCE = re.compile(
    r"(?P<file>\S+\.py), lines (?P<first>\d+) to (?P<last>\d+)\n\n(?P<code>.*)",
    re.DOTALL,
)
_CUT = Style(colour="#b05000", flags="b")


def merged(outputs):
    r"""Join neighbouring messages of one stream: a ``\r`` may be split over two."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            joined[-1] = {**last, "text": last["text"] + _joined(output["text"])}
        elif output["output_type"] == "stream":
            joined.append({**output, "text": _joined(output["text"])})
        else:
            joined.append(output)
    return joined


def text_of(output):
    """Return the plain text of an output, for searching."""
    if output["output_type"] == "stream":
        return _joined(output["text"])
    if output["output_type"] == "error":
        return ""
    data = output.get("data", {})
    kinds = ("text/plain", "text/markdown", "text/html")
    return "\n".join(_joined(data[kind]) for kind in kinds if kind in data)


def plain_text(output):
    """Return what an output shows where nothing but text can be shown."""
    return _joined(output.get("data", {}).get("text/plain", ""))


def _joined(value):
    """Return text that may be stored as a list of lines, or wrongly as a number."""
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


class OutputWriter:
    """Turns the outputs of cells into Typst markup.

    Parameters
    ----------
    context : utils.pdf.context.Context
    """

    def __init__(self, context):
        self.context = context
        self._followed = False

    def convert(self, output, followed=False):
        """Return one output as markup.

        Parameters
        ----------
        output : dict
        followed : bool
            Whether another one of the same cell follows, to be kept on its page.
        """
        self._followed = followed
        kind = output["output_type"]
        if kind == "stream":
            return self.terminal(_joined(output["text"]))
        if kind == "error":
            return self._error(output)
        return self._display(output.get("data", {}), output.get("metadata", {}))

    def terminal(self, text, error=False):
        """Return text as a terminal would show it, shortened if it is long."""
        lines = wrap_all(render(text), COLUMNS)
        if not lines:
            return ""
        lines = self._shortened(lines)
        cleaned = [
            [Span(self.context.clean(s.text), s.style) for s in x] for x in lines
        ]
        options = {"error": "true"} if error else {}
        if self._followed:
            options["sticky"] = "true"
        return "#" + call("output-cell", typst_lines(cleaned), **options)

    def _shortened(self, lines):
        limit = self.context.max_output_lines
        if not limit or len(lines) <= limit:
            return lines
        head = -(-limit * 3 // 5)
        dropped = len(lines) - limit
        option = self.context.option("max-output-lines", "0")
        self.context.note(
            f"output of {len(lines)} lines: {dropped} of them are not printed "
            f"({option} prints all)"
        )
        mark = [Span(f"... {dropped} lines not printed ...", _CUT)]
        return lines[:head] + [mark] + lines[len(lines) - (limit - head) :]

    def _error(self, output):
        self.context.note(f"the cell stopped with {output['ename'] or 'an error'}")
        traceback = "\n".join(output.get("traceback") or [])
        text = traceback or f"{output['ename']}: {output['evalue']}"
        return self.terminal(text, error=True)

    def _display(self, data, metadata):
        if _WIDGET in data:
            self.context.note("an interactive widget is printed as text")
            return self.terminal(_joined(data.get("text/plain", "widget")))
        if "application/javascript" in data:
            return ""  # nothing to see anywhere
        kinds = (self._source, self._image, self._latex, self._markdown, self._html)
        for write in kinds:
            markup = write(data, metadata)
            if markup is not None:
                return markup
        if "text/plain" in data:
            return self.terminal(_joined(data["text/plain"]))
        self.context.note("an output has no printable form: " + ", ".join(data))
        return ""

    def _source(self, data, metadata):
        """Point to code that stands, line for line, in the source files at the end."""
        match = SHOWN_SOURCE.fullmatch(_joined(data.get("text/plain", "")))
        if not match or match["file"] not in self.context.sources:
            return None
        first, last = int(match["first"]), int(match["last"])
        lines = self.context.sources[match["file"]][first - 1 : last]
        if "\n".join(lines).rstrip() != match["code"].rstrip():
            return None
        label = self.context.line_label(match["file"], first)
        span = f"{match['file']}, lines {first} to {last}"
        return "#" + call("printed-below", string(span), f"<{label}>")

    def _image(self, data, metadata):
        for mime in images.EXTENSIONS:
            if mime not in data:
                continue
            value = _joined(data[mime])
            texts = {
                "alt": self._caption(),
                "label": _joined(data.get("text/plain", ""))[:80],
                "noted": True,
            }
            if mime == "image/svg+xml":
                return images.image(self.context, value.encode(), mime, **texts)
            width = (metadata.get(mime) or {}).get("width")
            if not isinstance(width, int | float) or not 0 < width < 10_000:
                width = None
            # A CSS pixel is three quarters of a point.
            width = width and f"{0.75 * width:g}pt"
            return images.image_from_text(
                self.context, value, mime, width=width, **texts
            )
        return None

    def _caption(self):
        if self.context.captions:
            return self.context.captions.pop(0)
        if self.context.tagged:
            self.context.note(
                "a figure has no description for readers who cannot see it: "
                'add "caption" to the metadata of its cell'
            )
        return ""

    def _latex(self, data, metadata):
        source = _joined(data.get("text/latex", "")).strip()
        match = re.fullmatch(r"\$\$?(?:\\displaystyle)?(.*?)\$\$?", source, re.DOTALL)
        if match:
            return self.context.formula(match[1], block=True)
        environment = re.match(r"\\begin\{([a-z]+\*?)\}", source)
        known = ALIGNED | CASES | MATRICES.keys()
        if environment and environment[1] in known:
            return self.context.formula(source, block=True)
        return None

    def _markdown(self, data, metadata):
        if "text/markdown" not in data:
            return None
        return MarkdownWriter(self.context).convert(_joined(data["text/markdown"]))

    def _html(self, data, metadata):
        source = _joined(data.get("text/html", ""))
        frame = _DATA_FRAME.search(source)
        if frame:
            source = frame[0]
        if not source.strip():
            return None
        if not _LIVE_HTML.search(source):
            return HtmlReader(self.context).convert(source)
        if "text/plain" in data:
            self.context.note("HTML that needs a browser is printed as text")
        return None
