import re

import pytest

from utils.checks import check_wider
from utils.checks.wider import BASE, means
from utils.receptive_field import Layer

DILATED = [Layer(3, dilation=d) for d in (1, 2, 4)]
STRIDED = [Layer(3, 2, 1), Layer(3, 2, 1), Layer(3, pad=1)]
LARGE = [Layer(7), Layer(7), Layer(3)]
DEEP = [Layer(3)] * 7
POOLED = [Layer(3, pad=1), Layer(2, 2, kind="pool")] * 2 + [Layer(3, pad=1)]


def failures(*nets):
    results = check_wider(*nets)
    return {result.name: result.message for result in results if not result.passed}


@pytest.mark.parametrize(
    "nets",
    [(DILATED, STRIDED), (LARGE, DEEP), (POOLED, DILATED), (tuple(LARGE), POOLED)],
)
def test_nets_that_do_it(nets):
    assert failures(*nets) == {}


@pytest.mark.parametrize(
    ("net", "name", "words"),
    [
        (list(BASE), "sees 15 pixels", "sees 7 pixels, 8 too few; the base net sees 7"),
        ([Layer(5)] * 3, "sees 15 pixels", "sees 13 pixels, 2 too few"),
        ([Layer(3, dilation=7)], "no holes", "sees 3 of the 15 .* number 2 is skipped"),
        ([Layer(1, 2), Layer(8)], "no holes", "sees 8 of the 15"),
        (
            [Layer(3, 2), Layer(3, 2), Layer(3)],
            "no blind spots",
            "sees 1 of the 32 pixels .* at the end: 31. Does padding help",
        ),
        ([Layer(15, 17)], "no blind spots", "in between|at the end: 15, 16"),
    ],
)
def test_what_a_net_lacks_is_said(net, name, words):
    found = failures(net, DILATED if len(net) == 2 else POOLED)
    (text,) = [text for title, text in found.items() if name in title]
    assert re.search(words, text), text


def test_the_means_must_differ():
    (text,) = failures(DEEP, [Layer(3)] * 8).values()
    assert "first uses more layers, second more layers" in text
    (text,) = failures(DILATED, [Layer(3, dilation=d) for d in (1, 2, 4, 1)]).values()
    assert "each of them should use something that the other one does not" in text
    assert "changes nothing" in failures(list(BASE), DILATED)["two different means"]


def test_means_by_name():
    assert means(BASE) == set()
    assert means(DILATED) == {"dilation"}
    assert means(STRIDED) == {"strides"}
    assert means(LARGE) == means([Layer(5)] * 3) == {"larger windows"}
    assert means(DEEP) == {"more layers"}
    assert means(POOLED) == {"pooling"}


@pytest.mark.parametrize(
    "idle",
    [
        Layer(1, dilation=2),  # a window of one pixel has no taps to spread
        Layer(1),  # a layer that adds nothing
        Layer(1, 1, kind="pool"),
        Layer(3, 2, 1),  # a stride above which nothing is left to be stretched
    ],
)
def test_what_enlarges_nothing_is_no_means(idle):
    assert means([*DEEP, idle]) == {"more layers"}
    assert means([*LARGE[:2], idle]) <= {"larger windows"}
    (text,) = failures([*DEEP, idle], DEEP).values()
    assert "first uses more layers, second more layers" in text


def test_a_stride_is_a_means_in_a_layer_of_one_pixel_too():
    assert means([Layer(3), Layer(1, 2), Layer(5)]) == {"larger windows", "strides"}


@pytest.mark.parametrize(
    ("net", "sentence"),
    [
        ([3, 3], "first holds 3, expected Layer"),
        ("Layer(3)", "first is 'Layer.3.', expected a list"),
        ([], r"first is \[\], expected a list"),
        ([Layer((3, 5))], "square windows only"),
        ([Layer(40)], "On an image of 32 pixels: Layer 1"),
    ],
)
def test_what_is_no_net(net, sentence):
    text = failures(net, DILATED)["first: sees 15 pixels or more"]
    assert re.search(sentence, text), text


def test_not_written(capsys):
    (result,) = check_wider(None, None)
    assert result.passed is None
    assert capsys.readouterr().out.startswith("todo  first is not written yet")
    assert [r.passed for r in check_wider(DILATED, None)].count(None) == 4
