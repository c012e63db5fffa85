"""Markdown to Typst, with the grammar of nbconvert's own HTML (mistune)."""

import html
import re
from itertools import zip_longest

import mistune
from nbconvert.filters.markdown_mistune import MathBlockParser, MathInlineParser

from utils.pdf import images, pipes
from utils.pdf.highlight import highlight
from utils.pdf.html import HtmlReader, element_opening, image_options, opening_of
from utils.pdf.lines import typst_lines, wrap_all
from utils.pdf.tables import Cell, table
from utils.pdf.typst_source import call, content, string

COLUMNS = 100
_COLUMNS_PER_LEVEL = 6
_PLUGINS = ("strikethrough", "url", "task_lists", "def_list", "footnotes")
_REFERENCE = re.compile(r"(\\(?:eq)?ref\{[^{}]*\})")


def heading_in_output(level, markup, plain):
    """Return a heading that stays out of contents and bookmarks."""
    return call_heading(min(6, level + 3), markup, outlined="false")


def call_heading(level, markup, label="", **options):
    """Return a heading of the document."""
    mark = f" <{label}>" if label else ""
    return "#" + call("heading", content(markup), level=str(level), **options) + mark


def parse(source):
    """Return mistune's tokens for one Markdown cell."""
    # A new parser each time: mistune keeps footnotes and links of the last text.
    parser = mistune.Markdown(
        renderer=None,
        block=MathBlockParser(),
        inline=MathInlineParser(hard_wrap=False),
        plugins=[pipes.tables, *map(mistune.import_plugin, _PLUGINS)],
    )
    return parser(source)


def plain(tokens):
    """Return the bare text of inline tokens."""
    out = []
    for token in tokens:
        if token["type"] in ("softbreak", "linebreak"):
            out.append(" ")
        elif "children" in token:
            out.append(plain(token["children"]))
        elif token["type"] != "inline_html":
            out.append(html.unescape(token.get("raw", "")))
    return "".join(out)


def _introduces(token, following):
    """Return whether a block is a line about the code below: both on one page."""
    is_line = token["type"] == "paragraph" and len(plain([token])) <= COLUMNS
    return is_line and following.get("type") == "block_code"


class MarkdownWriter:
    """Turns Markdown into Typst markup.

    Parameters
    ----------
    context : utils.pdf.context.Context
    heading : callable
        ``heading(level, markup, plain_text)`` returns a heading's markup: who
        writes a whole notebook decides about levels, bookmarks and page breaks.
    """

    def __init__(self, context, heading=heading_in_output):
        self.context = context
        self.heading = heading
        self.depth = 0

    def convert(self, source):
        """Return one Markdown cell as markup."""
        self.depth = 0  # whatever an earlier cell that failed has left
        return self.blocks(parse(source))

    def blocks(self, tokens):
        """Return block elements; neighbouring pieces of HTML belong together."""
        out, fragments = [], []
        tokens = [token for token in tokens if token["type"] != "blank_line"]
        for token, following in zip_longest(tokens, tokens[1:], fillvalue={}):
            if token["type"] == "block_html":
                fragments.append(token["raw"])
                continue
            out.append(self._html(fragments))
            fragments = []
            markup = self._block(token)
            if _introduces(token, following):
                markup = f"#block(sticky: true)[{markup}]"
            out.append(markup)
        out.append(self._html(fragments))
        return "\n".join(markup for markup in out if markup)

    def inline(self, tokens):
        """Return inline elements."""
        out, opened = [], []
        for token in tokens:
            if token["type"] == "inline_html":
                out.append(self._inline_html(token["raw"], opened))
            else:
                out.append(self._inline(token))
        return "".join(out) + "]" * len(opened)

    def _html(self, fragments):
        return HtmlReader(self.context).convert("".join(fragments)) if fragments else ""

    def _inner(self, tokens):
        self.depth += 1
        markup = self.blocks(tokens)
        self.depth -= 1
        return markup

    # Blocks.

    def _block(self, token):
        write = getattr(self, "_block_" + token["type"], None)
        if write is None:
            return self._unknown(token)
        return write(token)

    def _unknown(self, token):
        self.context.note(f"Markdown element {token['type']} printed as plain text")
        return self.context.text(plain([token]))

    def _block_heading(self, token):
        level, children = token["attrs"]["level"], token["children"]
        return self.heading(level, self.inline(children), plain(children).strip())

    def _block_paragraph(self, token):
        # Never #par[...]: Typst drops pictures and formulas inside it.
        return "\n" + self.inline(token["children"]) + "\n\n"

    def _block_block_text(self, token):
        return self.inline(token["children"])

    def _block_thematic_break(self, token):
        return "#rule()"

    def _block_block_code(self, token):
        info = token.get("attrs", {}).get("info") or ""
        source = self.context.clean(token["raw"].rstrip("\n"))
        columns = max(30, COLUMNS - _COLUMNS_PER_LEVEL * self.depth)
        lines = wrap_all(highlight(source, info.split(" ")[0]), columns)
        return "#" + call("code-cell", '""', typst_lines(lines))

    def _block_block_quote(self, token):
        return f"#quote(block: true)[{self._inner(token['children'])}]"

    def _block_list(self, token):
        items = [content(self._item(item)) for item in token["children"]]
        if not token["attrs"].get("ordered"):
            return "#" + call("list", *items)
        start = token["attrs"].get("start")
        return "#" + call("enum", *items, **({"start": str(start)} if start else {}))

    def _item(self, item):
        mark = ""
        if item["type"] == "task_list_item":
            mark = "☑ " if item["attrs"]["checked"] else "☐ "
        return mark + self._inner(item["children"])

    def _block_table(self, token):
        rows, alignment = [], []
        for section in token["children"]:
            is_head = section["type"] == "table_head"
            for row in [section] if is_head else section["children"]:
                cells = row["children"]
                if not rows:
                    alignment = [c["attrs"].get("align") or "left" for c in cells]
                rows.append([self._cell(cell, is_head) for cell in cells])
        return table(self.context, rows, alignment) + "\n"

    def _cell(self, token, is_header):
        # In a table, code has to write \| for a bar that is none of the table's.
        children = [
            {**child, "raw": child["raw"].replace("\\|", "|")}
            if child["type"] == "codespan"
            else child
            for child in token["children"]
        ]
        return Cell(self.inline(children), len(plain(children)), is_header)

    def _block_def_list(self, token):
        return "\n".join(
            f"*{self.inline(item['children'])}*\n"
            if item["type"] == "def_list_head"
            else f"#pad(left: 1.5em)[{self._inner(item['children'])}]"
            for item in token["children"]
        )

    def _block_footnotes(self, token):
        notes = [content(self._inner(item["children"])) for item in token["children"]]
        return "#rule()\n#text(size: 9pt)[#" + call("enum", *notes) + "]"

    def _block_block_math(self, token):
        return self._inline(token)

    # Inline.

    def _inline(self, token):
        write = getattr(self, "_inline_" + token["type"], None)
        if write is None:
            return self._unknown(token)
        return write(token)

    def _inline_text(self, token):
        # MathJax reads references outside of formulas, too.
        pieces = _REFERENCE.split(html.unescape(token["raw"]))
        return "".join(
            self.context.formula(piece, block=False)
            if number % 2
            else self.context.text(piece)
            for number, piece in enumerate(pieces)
            if piece
        )

    def _inline_softbreak(self, token):
        return " "

    def _inline_linebreak(self, token):
        return "#linebreak()"

    def _inline_emphasis(self, token):
        return f"#emph[{self.inline(token['children'])}]"

    def _inline_strong(self, token):
        return f"#strong[{self.inline(token['children'])}]"

    def _inline_strikethrough(self, token):
        return f"#strike[{self.inline(token['children'])}]"

    def _inline_codespan(self, token):
        literal = self.context.text(html.unescape(token["raw"])).removeprefix("#")
        return "#" + call("inline-code", literal)

    def _inline_link(self, token):
        address, body = token["attrs"]["url"], self.inline(token["children"])
        if re.match(r"(https?|mailto):", address):
            return f"#link({string(address)})[{body}]"
        return f"#underline[{body}]"

    def _inline_image(self, token):
        alt = plain(token.get("children", []))
        return images.image_from_url(self.context, token["attrs"]["url"], alt=alt)

    def _inline_inline_math(self, token):
        return self.context.formula(token["raw"], block=False)

    def _inline_block_math(self, token):
        return self.context.formula(token["raw"], block=True)

    def _inline_latex_environment(self, token):
        name, body = token["attrs"]["name"], token["attrs"]["body"]
        source = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return self.context.formula(source, block=True)

    def _inline_footnote_ref(self, token):
        return f"#super[{token['attrs']['index']}]"

    def _inline_html(self, raw, opened):
        """Return what one tag inside a line becomes; ``opened`` is kept up to date."""
        if raw.startswith("</"):
            name = raw[2:].strip("/> \n").lower()
            if opened and opened[-1] == name:
                opened.pop()
                return "]"
            return ""
        name, attributes = opening_of(raw)
        if name == "br":
            return "#linebreak()"
        if name == "img":
            source, alt = attributes.get("src") or "", attributes.get("alt") or ""
            options = image_options(attributes)
            return images.image_from_url(self.context, source, alt=alt, **options)
        opening = element_opening(name, attributes)
        if opening is None:
            return ""
        opened.append(name)
        return opening
