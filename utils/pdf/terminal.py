r"""What a terminal would show of a cell's output.

Progress bars rewrite their line with ``\r``, tracebacks carry colours as
escape sequences: printed one after the other they would be noise.
"""

import re

from utils.pdf.lines import PLAIN, merge

TAB = 8
# No terminal is wider; a hostile "move right by 10**9" must not fill memory.
MAX_COLUMN = 200

_PIECE = re.compile(
    r"\x1b\[(?P<numbers>[0-?]*)[ -/]*(?P<action>[@-~])"
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b."
    r"|(?P<control>[\n\r\b\t])"
    r"|(?P<ignored>[\x00\x07\x1b])"
    r"|(?P<run>[^\x1b\n\r\b\t\x00\x07]+)",
    re.DOTALL,
)

# The sixteen colours, darkened where the usual ones are too pale for paper.
_SIXTEEN = (
    "#000000 #b02020 #1a7a1a #9a6a00 #2040c0 #902090 #0f7a80 #777777 "
    "#555555 #d03030 #2a9a2a #b08000 #4060e0 #b040b0 #20a0a8 #999999"
).split()
_FLAGS = {1: ("b", True), 3: ("i", True), 4: ("u", True)}
_FLAGS |= {22: ("b", False), 23: ("i", False), 24: ("u", False)}


def render(text):
    """Return the lines a terminal shows for ``text``, each a list of spans."""
    screen = Screen()
    screen.feed(text)
    return screen.lines()


class Screen:
    """A terminal of unlimited height: rows of ``(character, style)`` cells."""

    def __init__(self):
        self.rows = [[]]
        self.row = self.column = 0
        self.style = PLAIN

    def feed(self, text):
        """Show more text."""
        for match in _PIECE.finditer(text.replace("\r\n", "\n")):
            if match["run"]:
                self._write(match["run"])
            elif match["control"]:
                self._control(match["control"])
            elif match["action"]:
                self._escape(match["action"], _numbers(match["numbers"]))

    def lines(self):
        """Return what is shown, without blank ends of lines and of the whole."""
        lines = [_without_blank_end(merge(row)) for row in self.rows]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _write(self, run):
        row = self.rows[self.row]
        if self.column > len(row):
            row.extend([(" ", PLAIN)] * (self.column - len(row)))
        end = self.column + len(run)
        row[self.column : end] = [(character, self.style) for character in run]
        self.column = end

    def _control(self, character):
        if character == "\n":
            self._down(1, scroll=True)
            self.column = 0
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(0, self.column - 1)
        else:
            self._write(" " * (TAB - self.column % TAB))

    def _down(self, count, scroll=False):
        self.row += count
        if scroll and self.row == len(self.rows):
            self.rows.append([])
        self.row = min(self.row, len(self.rows) - 1)

    def _escape(self, action, numbers):
        count = max(1, numbers[0])
        if action == "m":
            self.style = _graphics(self.style, numbers)
        elif action == "A":
            self.row = max(0, self.row - count)
        elif action == "B":
            self._down(count)
        elif action == "C":
            self.column = min(MAX_COLUMN, self.column + count)
        elif action == "D":
            self.column = max(0, self.column - count)
        elif action == "G":
            self.column = min(MAX_COLUMN, count - 1)
        elif action == "K":
            self._erase(numbers[0])

    def _erase(self, which):
        row = self.rows[self.row]
        if which == 0:
            del row[self.column :]
        elif which == 1:
            blank = min(self.column + 1, len(row))
            row[:blank] = [(" ", PLAIN)] * blank
        else:
            row.clear()


def _numbers(parameters):
    # Four digits are more than any use; Python refuses to read thousands of them.
    return [int(n[:4]) if n.isdigit() else 0 for n in re.split("[;:]", parameters)]


def _without_blank_end(spans):
    while spans and not spans[-1].style.background:
        last = spans.pop()
        if last.text.strip():
            spans.append(last._replace(text=last.text.rstrip()))
            break
    return spans


def _graphics(style, numbers):
    """Apply one "select graphic rendition" sequence to a style."""
    queue = list(numbers)
    while queue:
        number = queue.pop(0)
        if number == 0:
            style = PLAIN
        elif number in _FLAGS:
            letter, on = _FLAGS[number]
            flags = set(style.flags) - {letter} | ({letter} if on else set())
            style = style._replace(flags="".join(sorted(flags)))
        elif number in (38, 48):
            field = "colour" if number == 38 else "background"
            style = style._replace(**{field: _extended_colour(queue)})
        elif number in (39, 49):
            style = style._replace(**{"colour" if number == 39 else "background": ""})
        elif 30 <= number <= 37:
            style = style._replace(colour=_SIXTEEN[number - 30])
        elif 90 <= number <= 97:
            style = style._replace(colour=_SIXTEEN[number - 82])
        elif 40 <= number <= 47:
            style = style._replace(background=_SIXTEEN[number - 40])
        elif 100 <= number <= 107:
            style = style._replace(background=_SIXTEEN[number - 92])
    return style


def _extended_colour(queue):
    """Take ``5;n`` (palette) or ``2;r;g;b`` from the queue."""
    kind = queue.pop(0) if queue else 0
    if kind == 5 and queue:
        return _palette(min(255, queue.pop(0)))
    if kind == 2 and len(queue) >= 3:
        red, green, blue = (min(255, queue.pop(0)) for _ in range(3))
        return f"#{red:02x}{green:02x}{blue:02x}"
    queue.clear()
    return ""


def _palette(number):
    if number < 16:
        return _SIXTEEN[number]
    if number >= 232:
        return f"#{8 + 10 * (number - 232):02x}" + f"{8 + 10 * (number - 232):02x}" * 2
    number -= 16
    steps = (number // 36, number // 6 % 6, number % 6)
    return "#" + "".join(f"{55 + 40 * step if step else 0:02x}" for step in steps)
