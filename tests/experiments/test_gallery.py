import numpy as np
import pytest

from utils.augment import Augment
from utils.experiments import gallery


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (5, 3, 32, 32), np.uint8)


def test_pixels_come_back(images):
    X = Augment().plain(images, [3, 1])
    np.testing.assert_array_equal(gallery.to_pixels(X), images[[3, 1]])


def test_rows_are_ways_and_columns_are_epochs(images):
    ways = {"as it is": {}, "flip": {"flip": "alternating"}}
    pictures = gallery.gallery(images, 2, epochs=3, ways=ways)
    assert len(pictures) == 6
    for picture in pictures[:3]:
        np.testing.assert_array_equal(picture, images[2])
    mirrored = [np.array_equal(one, images[2][..., ::-1]) for one in pictures[3:]]
    assert mirrored in ([True, False, True], [False, True, False])


def test_all_ways_change_the_picture(images):
    pictures = gallery.gallery(images, 0, epochs=4, size=20)
    assert len(pictures) == 4 * len(gallery.WAYS)
    assert {p.shape for p in pictures} == {(3, 20, 20)}
    rows = np.reshape(pictures, (len(gallery.WAYS), 4, -1))
    for name, row in zip(gallery.WAYS, rows, strict=True):
        assert (np.ptp(row.astype(int), axis=0).max() > 0) == (name != "as it is")


def test_alternating_shows_both_sides_after_two_epochs():
    assert gallery.seen_both_ways("alternating", 3) == [0, 1, 1]
    assert gallery.seen_both_ways(None, 2) == [0, 0]
    coin = gallery.seen_both_ways("random", 4)
    np.testing.assert_allclose(coin, [0, 1 / 2, 3 / 4, 7 / 8], atol=0.04)
