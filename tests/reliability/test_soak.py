"""Memory, threads and open files stay what they are; a thousand updates: `soak`."""

import pytest

from tests.reliability.soak import GROWTH, KINDS, soak

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_grows(kind):
    (memory, threads, files), sentence = soak(kind, 150)
    assert memory < GROWTH and threads <= 0 and files <= 0, sentence
