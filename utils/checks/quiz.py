"""The self-test of Receptive-Fields.ipynb: eight questions, drawn from a seed.

The right answers are counted with the functions of `utils.receptive_field`, and so are
those of likely mistakes, whose reason a wrong answer gets to read.
"""

import numbers
import textwrap
from functools import partial
from typing import NamedTuple

import numpy as np

from utils.checks.compare import Wrong
from utils.checks.misconceptions import MISCONCEPTIONS
from utils.checks.report import run
from utils.checks.subject import NotWritten
from utils.receptive_field import Layer, chain, coverage, measured_size, span
from utils.receptive_field.layers import require_int


class Question(NamedTuple):
    """A question, its answer, and pairs of a hint and the answer that it explains.

    ``way`` is what to do about an answer that none of them explains.
    """

    text: str
    answer: int
    mistakes: tuple
    way: str = "draw the cone"


def questions(seed):
    """Draw the eight questions of a seed.

    Parameters
    ----------
    seed : int
        The same seed gives the same questions.

    Returns
    -------
    list of Question

    Raises
    ------
    ValueError
        If the seed is no int >= 0.
    """
    require_int("The seed", seed, 0)
    rng = np.random.default_rng(int(seed))
    kinds = (
        _no_strides,
        _strides,
        _inner_layer,
        _step,
        _one_stride_changed,
        _first_pixel,
        _dilation,
        _blind_pixels,
    )
    return [kind(rng) for kind in kinds]


def ask(seed):
    """Print the eight questions of a seed.

    Parameters
    ----------
    seed : int
        Any whole number >= 0.
    """
    for number, question in enumerate(questions(seed), start=1):
        print(textwrap.fill(question.text, 76, initial_indent=f"{number}. "))


def check_quiz(seed, answers):
    """Check the answers to the questions of a seed.

    Parameters
    ----------
    seed : int
        The seed they were asked with.
    answers : sequence of ints
        One per question, in order; None where there is none yet.

    Returns
    -------
    Results
        One `Result` per question; never raises because of what the answers are.
    """
    try:
        given = dict(enumerate(answers))
    except TypeError:
        given = {}
    rows = [
        (f"question {k + 1}", partial(_right, question, given.get(k)))
        for k, question in enumerate(questions(seed))
    ]
    return run(f"self-test {seed}", rows)


def _right(question, answer):
    if answer is None or answer is Ellipsis:
        raise NotWritten("not answered yet: answers holds one int per question")
    known = isinstance(answer, numbers.Real) and not isinstance(answer, bool)
    if not known or answer % 1 != 0:  # nan and inf are none, either
        raise Wrong(f"{answer!r} is no whole number.")
    if answer == question.answer:
        return
    hints = dict.fromkeys(h for h, wrong in question.mistakes if wrong == answer)
    reasons = "; or ".join([*hints][:2])  # one number tells no more
    side = "large" if answer > question.answer else "small"
    raise Wrong(f"{answer} is not right: {reasons or f'too {side}; {question.way}'}.")


def _draw(rng, count, strides=True, least=2):
    """Draw kernel sizes and strides, none of which is like its neighbour."""
    m = rng.choice([2, 3, 4, 5, 6, 7][least - 2 :], count, replace=False)
    s = rng.choice([2, 3, 4], count, replace=False) if strides else np.ones(count, int)
    return m.tolist(), s.tolist()


def _written(m, s):
    """Write a net down for a question."""
    layers = enumerate(zip(m, s, strict=True), start=1)
    return ", ".join(f"CL{k}: {a} x {a} stride {b}" for k, (a, b) in layers)


def _mistakes(m, s, k):
    """Give what misconceptions answer when they are asked for a size."""
    net, plain = list(zip(m, s, strict=True)), {*s} == {1}
    known = [pair for pair in MISCONCEPTIONS if not (plain and "stride" in pair[0])]
    known.sort(key=lambda pair: "odd windows" in pair[0])  # the rarest one, last
    return tuple((hint, wrong(net, k)) for hint, wrong in known)


def _size(m, s, k, place):
    text = f"{_written(m, s)}. How many pixels wide is what a neuron of {place} sees?"
    way = (
        f"draw the cone of one neuron of {place}: how many neurons of CL{k - 1} does "
        "it read, and how many pixels apart are they?"
    )
    answer = measured_size(chain(m, s)[:k])
    return Question(text, answer, _mistakes(m, s, k), way)


def _no_strides(rng):
    return _size(*_draw(rng, 2, strides=False), 2, "CL2")


def _strides(rng):
    return _size(*_draw(rng, 3), 3, "CL3")


def _inner_layer(rng):
    return _size(*_draw(rng, 3), 2, "CL2")


def _step(rng):
    m, s = _draw(rng, 3)
    text = f"{_written(m, s)}. How many pixels apart are neighbouring neurons of CL3?"
    layers = chain(m, s)
    mistakes = (
        ("that is the size of a field; asked is the step", measured_size(layers)),
        ("strides multiply, they do not add up", sum(s)),
        ("a step in CL3 is s3 steps in CL2, its own stride included", s[0] * s[1]),
        ("that is the step in neurons of CL2; asked are pixels", s[2]),
    )
    return Question(text, span(layers, 1)[0] - span(layers, 0)[0], mistakes)


def _one_stride_changed(rng):
    m, s = _draw(rng, 3, strides=False)
    which = int(rng.integers(1, 3))
    changed = [*s[:which], 2, *s[which + 1 :]]
    sizes = [measured_size(chain(m, strides)) for strides in (s, changed)]
    text = (
        f"{_written(m, s)}. By how many pixels does the field of a neuron of CL3 grow "
        f"if the stride of CL{which + 1} becomes 2?"
    )
    mistakes = (
        ("a layer's own stride does not let its neurons see more", m[2] - 1),
        ("that is the new size; asked is by how much it grows", sizes[1]),
        ("what lies above a stride is stretched, and only that", 0),
        ("what lies above a stride is stretched, and only that", m[1] - 1),
        ("the last of m pixels is not m steps away from the first", m[2]),
    )
    return Question(text, sizes[1] - sizes[0], mistakes)


def _first_pixel(rng):
    m, s = _draw(rng, 2, least=3)
    pads, unit = [m[0] // 2, m[1] // 2], int(rng.integers(2, 6))
    text = (
        f"{_written(m, s)}; paddings {pads[0]} and {pads[1]}. Which is the first pixel "
        f"of neuron {unit} of CL2? (Neurons and pixels count from 0; the padding has "
        "negative numbers.)"
    )
    layers = chain(m, s, pads)
    first, step = span(layers, unit)[0], s[0] * s[1]
    mistakes = (
        ("that would be right without padding", step * unit),
        ("a zero of the padding of CL2 is s1 pixels wide", step * unit - sum(pads)),
        ("the padding of CL2 moves fields, too", step * unit - pads[0]),
        ("the padding of CL1 moves fields, too", step * unit - pads[1] * s[0]),
        ("neurons count from 0", first - step),
        ("that is the last pixel", span(layers, unit)[1]),
    )
    return Question(text, first, mistakes)


def _dilation(rng):
    (m, n), _ = _draw(rng, 2, strides=False)
    d = int(rng.integers(2, 5))
    text = (
        f"CL1: {m} x {m} stride 1, CL2: {n} x {n} stride 1 with dilation {d}. How many "
        "pixels wide is what a neuron of CL2 sees?"
    )
    mistakes = (
        ("m positions that are d apart span d (m - 1) + 1, not d m", m + d * n - 1),
        ("the dilation is not used", m + n - 1),
        ("only CL2 is dilated", d * (m - 1) + d * (n - 1) + 1),
        ("that is the window of CL2 alone", d * (n - 1) + 1),
        ("one pixel more than steps", m - 1 + d * (n - 1)),
    )
    layers = [Layer(m), Layer(n, dilation=d)]
    return Question(text, measured_size(layers), mistakes)


def _blind_pixels(rng):
    m = int(rng.integers(1, 4))
    s = m + int(rng.integers(1, 3))
    units = int(rng.integers(4, 7))
    size = s * (units - 1) + m + int(rng.integers(0, s))
    text = (
        f"One layer of {m} x {m}, stride {s}, no padding, over {size} pixels along an "
        "axis. How many of them does no neuron see?"
    )
    seen = coverage(chain([m], [s]), size)
    tail = size - (s * (units - 1) + m)
    blind = int(np.sum(seen == 0))
    mistakes = (
        ("that is how many are seen", size - blind),
        ("those behind the last window are not seen either", blind - tail),
        ("those between the windows are not seen either", tail),
    )
    return Question(text, blind, mistakes)
