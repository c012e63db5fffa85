import pytest

from tests.staff.conftest import EXERCISE
from utils.staff import markers
from utils.staff.fingerprints import Fingerprints, words_of

REGIONS = markers.find(EXERCISE, "conv_layers.py")
LINE = "weights = np.full(X.shape, 0.125)"


@pytest.fixture
def known():
    return Fingerprints(REGIONS, ["import numpy as np", "total.reshape(x.shape)"])


def places(known, text):
    return [(line, region.begin) for line, region, _ in known.find(text)]


def test_words():
    assert words_of("dx[:, n] += 0.5  # 'a'") == "dx [ : n ] + = 0 . 5 a".split()


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        f"a\n\n    {LINE}\nb",
        f"# {LINE}",
        "weights=np.full( X.shape,0.125 )",
        "weights = np.full(X.shape,\n    0.125)",
        f"> {LINE}",
        f'"{LINE}\\n",',
        "np.full(X.shape, 0.125)\nreturn",
    ],
)
def test_a_line_is_found_however_it_is_written(known, text):
    assert {begin for _, begin in places(known, text)} == {REGIONS[1].begin}


def test_a_line_of_the_text_is_said(known):
    assert places(known, f"a\nb\n{LINE}")[0] == (3, REGIONS[1].begin)


def test_a_canary_is_found(known):
    assert places(known, f"a\n{REGIONS[0].canary}") == [(2, REGIONS[0].begin)]


@pytest.mark.parametrize(
    "text", ["", "x = 1", "total.reshape(x.shape)", "np.full(y.shape)", "return total"]
)
def test_what_is_given_anyway_or_too_short_is_no_leak(known, text):
    assert places(known, text) == []


@pytest.mark.parametrize("text", ["r_1 = 'm1'", "a\n  # r_1=m1\nb", "\nr_1 = m1"])
def test_a_short_line_is_found_as_a_whole_line(text):
    region = REGIONS[0]._replace(lines=["r_1 = 'm1'"])
    short = Fingerprints([region], ["if r_1 = m1:"])
    assert len(list(short.find(text))) == 1
    assert not list(short.find("so r_1 = m1"))
    assert not list(short.find("r_1 = m1 + 1"))
    assert not list(Fingerprints([region], ["a\nr_1 = m1"]).find(text))


def test_what_is_given_is_no_fingerprint():
    everything = Fingerprints(REGIONS, [])
    assert list(everything.find("return total.reshape(x.shape)"))
    assert len(Fingerprints(REGIONS, [EXERCISE])) == len(REGIONS)  # the canaries
    assert Fingerprints(REGIONS, [EXERCISE]).without() == REGIONS
    assert everything.without() == []
