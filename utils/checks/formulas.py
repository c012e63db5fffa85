"""Check of formulas in the cells of Receptive-Fields.ipynb, parts (a) to (c).

A formula is a text such as ``"2 * m1 - s1"``.  It is read, never executed: numbers,
the letters of the question, ``+ - * / **`` and brackets, nothing else.  Its values at
random whole numbers are computed exactly; a polynomial that agrees with the right
answer at all of them is the right answer.
"""

import ast
import operator
import re
from fractions import Fraction
from functools import partial

import numpy as np

from utils.checks.compare import Wrong
from utils.checks.misconceptions import MISCONCEPTIONS, span
from utils.checks.record import recorded
from utils.checks.report import run
from utils.checks.subject import NotWritten

OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
LARGEST = 1000  # numbers in a formula; larger ones are no answer to these questions
LONGEST = 200  # letters and signs of one formula
SIGNS = str.maketrans({"×": "*", "·": "*", "⋅": "*", "−": "-", "–": "-", "÷": "/"})
DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
# Small nets for counter-examples that can be drawn by hand.
SMALL = [[(3, 2), (4, 3), (2, 2)], [(2, 1), (3, 2), (5, 4)], [(5, 3), (2, 5), (3, 1)]]


@recorded("receptive-field-a", needs_file=False)
def check_one_layer(r_1):
    """Check the formula of part (a): the side length r_1 in terms of m1 and s1.

    Parameters
    ----------
    r_1 : str or None
        The formula; None if it is not written yet.

    Returns
    -------
    Results
        One `Result`; never raises because of what the formula is.
    """
    return run("one layer", [("r_1", partial(_agrees, "r_1", r_1, 1, True))])


@recorded("receptive-field-b", needs_file=False)
def check_two_layers(r_2):
    """Check the formula of part (b): r_2 in terms of m1 and m2, all strides 1.

    Parameters and result are those of `check_one_layer`.
    """
    return run(
        "two layers, strides 1", [("r_2", partial(_agrees, "r_2", r_2, 2, False))]
    )


@recorded("receptive-field-c", needs_file=False)
def check_strides(r_1, r_2, r_3):
    """Check the formulas of part (c): r_1, r_2 and r_3 with m1, m2, m3, s1, s2, s3.

    Parameters and result are those of `check_one_layer`, one for each formula.
    """
    formulas = enumerate((r_1, r_2, r_3), start=1)
    rows = [
        (f"r_{k}", partial(_agrees, f"r_{k}", text, k, True)) for k, text in formulas
    ]
    return run("layers with strides", rows)


def value(text, letters):
    """Compute a formula exactly.

    Parameters
    ----------
    text : str
        The formula.
    letters : dict
        Name of each letter that may be used to its int.

    Returns
    -------
    Fraction

    Raises
    ------
    Wrong
        If the text is no formula in these letters, in words for who wrote it.
    """
    return _Reader(letters).read(text)


class _Reader:
    """Walk the tree of a formula."""

    def __init__(self, letters):
        self.letters = letters

    def read(self, text):
        shown = repr(text) if len(text) <= 60 else f"{text[:40]!r}..."
        tidy = text.translate(SIGNS).translate(DIGITS).strip()
        if match := re.fullmatch(r"r_?\d\s*=(.*)", tidy, re.DOTALL):
            tidy = match[1].strip()
        if any(sign in tidy for sign in "\\${"):
            raise Wrong(
                f"{shown} looks like LaTeX; write it as in Python: 2 * m1 - s1."
            )
        tidy = tidy.replace("^", "**")
        if len(tidy) > LONGEST:
            raise Wrong(f"{shown} has {len(tidy)} letters: an answer here is short.")
        try:
            tree = ast.parse(tidy, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise Wrong(
                f"{shown} cannot be read as a formula: are all brackets closed, and "
                "is there a * between factors?"
            ) from None
        return self._value(tree)

    def _value(self, node):
        if isinstance(node, ast.Constant):
            return self._number(node.value)
        if isinstance(node, ast.Name):
            return self._letter(node.id)
        called = getattr(node, "func", None)
        if isinstance(called, ast.Name) and not self._is_letter(called.id):
            raise Wrong(f"{ast.unparse(node)!r}: no function is needed here.")
        if isinstance(node, ast.Call | ast.Subscript):
            raise Wrong(f"{ast.unparse(node)!r}: a * is missing between factors.")
        kind = OPERATIONS.get(type(getattr(node, "op", None)))
        if isinstance(node, ast.UnaryOp) and kind:
            return kind(self._value(node.operand))
        if isinstance(node, ast.BinOp) and kind:
            left, right = self._value(node.left), self._value(node.right)
            if kind is operator.truediv and right == 0:
                raise Wrong(f"{ast.unparse(node)!r} divides by 0.")
            if kind is operator.pow and right not in (0, 1, 2, 3, 4):
                raise Wrong(f"{ast.unparse(node)!r}: no answer here has such a power.")
            return kind(left, int(right) if kind is operator.pow else right)
        raise Wrong(f"{ast.unparse(node)!r} is more than + - * / ** and brackets.")

    def _number(self, number):
        known = isinstance(number, int | float) and not isinstance(number, bool)
        if not known or not abs(number) <= LARGEST:
            raise Wrong(f"{number!r} is no number that an answer here can need.")
        return Fraction(number)

    def _is_letter(self, name):
        return name.replace("_", "").lower() in self.letters

    def _letter(self, name):
        known = self.letters.get(name.replace("_", "").lower())
        if known is None and name[:1] == "s" and "s1" not in self.letters:
            raise Wrong(f"{name} is no letter of this question: all strides are 1.")
        if known is None:
            names = ", ".join(sorted(self.letters))
            raise Wrong(f"{name} is no letter of this question, which has {names}.")
        return Fraction(known)


def _agrees(name, text, k, strided):
    """Compare a formula for layer k with walking from the neuron down to its pixels."""
    if text is None or text is Ellipsis or text == "":
        raise NotWritten(f'{name} is not written yet: a formula in quotes, "2 * m1"')
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        raise Wrong(f"{name} is a {type(text).__name__}, expected a text in quotes.")
    nets = [*SMALL, *_random_nets(20)]
    if not strided:
        nets = [[(m, 1) for m, _ in net] for net in nets]
    answers = [value(text, _letters(net, k, strided)) for net in nets]
    right = [len(span(net[:k])) for net in nets]
    if answers == right:
        return
    pairs = enumerate(zip(answers, right, strict=True))
    place = next(n for n, (answer, truth) in pairs if answer != truth)
    numbers = _letters(nets[place][:k], k, strided, results=False)
    where = ", ".join(f"{letter} = {number}" for letter, number in numbers.items())
    sentence = f"for {where} this gives {answers[place]}, expected {right[place]}"
    own = _letter_amiss(text, nets[0], k, strided)
    hint = (
        (k == 1 and own)  # one layer knows of no misconception about two
        or _misconception(answers, nets, k, strided)
        or _always_beside(answers, right)
        or own
        or _growth_amiss(text, nets[0], k, strided)
    )
    raise Wrong(f"{sentence}: {hint}." if hint else f"{sentence}.")


def _misconception(answers, nets, k, strided):
    """Return the hint of what agrees with all answers, or ""."""
    for hint, wrong in MISCONCEPTIONS:
        told = strided or "stride" not in hint
        if told and all(a == wrong(n, k) for a, n in zip(answers, nets, strict=True)):
            return hint
    return ""


def _always_beside(answers, right):
    """Tell by how much all answers are too large or too small, if by one number."""
    beside, *others = {a - r for a, r in zip(answers, right, strict=True)}
    if others:
        return ""
    side = "large" if beside > 0 else "small"
    return f"it is too {side} by {abs(beside)} for every net"


def _letter_amiss(text, net, k, strided):
    """Name a letter that changes the answer and should not, or the other way round."""
    for j, part, letter in _places(k, strided):
        nets = [_changed(net, j, part, number) for number in (5, 7)]
        values = [value(text, _letters(one, k, strided)) for one in nets]
        matters, is_own = values[0] != values[1], part == 1 and j == k
        if matters and is_own:
            return (
                f"it changes with {letter}, but a layer's own stride moves its "
                "neurons apart and does not let them see more"
            )
        if not matters and not is_own:
            return f"it does not change with {letter}, but the field does"
    return ""


def _growth_amiss(text, net, k, strided):
    """Name a letter with which the answer grows faster or slower than the field."""
    for j, part, letter in _places(k, strided):
        nets = net, _changed(net, j, part, net[j - 1][part] + 1)
        values = [value(text, _letters(one, k, strided)) for one in nets]
        sizes = [len(span(one[:k])) for one in nets]
        found, wanted = values[1] - values[0], sizes[1] - sizes[0]
        if found != wanted:
            return (
                f"raising {letter} by 1 changes this by {found}, but the field by "
                f"{wanted}"
            )
    return ""


def _places(k, strided):
    """List layer, part (window or stride) and name of each letter, from above."""
    parts = range(1 + strided)
    return [(j, part, f"{'ms'[part]}{j}") for j in range(k, 0, -1) for part in parts]


def _changed(net, j, part, number):
    """Put another window or stride into layer j."""
    layer = [*net[j - 1]]
    layer[part] = number
    return [*net[: j - 1], tuple(layer), *net[j:]]


def _letters(net, k, strided, results=True):
    """Give the letters of layers 1 to k, and the right r of the layers before."""
    letters = {f"m{j}": m for j, (m, _) in enumerate(net[:k], start=1)}
    if strided:
        letters |= {f"s{j}": s for j, (_, s) in enumerate(net[:k], start=1)}
    if results:
        letters |= {f"r{j}": len(span(net[:j])) for j in range(1, k)}
    return letters


def _random_nets(count):
    rng = np.random.default_rng(11)
    return [
        [(int(m), int(s)) for m, s in rng.integers(2, 99, (3, 2))] for _ in range(count)
    ]
