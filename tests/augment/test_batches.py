"""Random views: each is one of those it may be, and all of those occur."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.augment import MEAN, STD, Augment
from utils.cifar10.images import Images

OFF = {"translate": 0, "flip": None}
UNIT = {"mean": (0, 0, 0), "std": (1 / 255,) * 3}  # pixels stay as they are
N = 400


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(7).integers(0, 256, (N, 3, 8, 8), np.uint8)


def everything(pixels, epoch=0, size=8, **settings):
    augment = Augment(**{**OFF, **UNIT, **settings})
    return augment.batch(pixels, np.arange(len(pixels)), epoch, size)


def test_all_off_normalises_only(pixels):
    expected = (pixels / 255 - np.reshape(MEAN, (3, 1, 1))) / np.reshape(STD, (3, 1, 1))
    index = np.arange(N)
    for X in (
        Augment(**OFF).batch(pixels, index, 3, size=8),
        Augment(cutout=3, brightness=1.0).plain(pixels, index, size=8),
    ):
        assert X.dtype == np.float32 and X.transpose(0, 2, 3, 1).flags.c_contiguous
        np.testing.assert_allclose(X, expected, rtol=0, atol=2e-6)


def test_images_are_taken_as_they_are_stored(pixels):
    images = Images(pixels, np.float32(100), np.float32(3))
    expected = Augment().batch(pixels, [5, 2], 1, size=6)
    np.testing.assert_array_equal(Augment().batch(images, [5, 2], 1, 6), expected)


def test_each_shift_occurs_equally_often(pixels):
    X = everything(pixels, translate=2)
    padded = np.pad(pixels, ((0, 0), (0, 0), (2, 2), (2, 2)), "reflect")
    counts = []
    for i, j in itertools.product(range(5), range(5)):
        shifted = padded[:, :, i : i + 8, j : j + 8]
        counts.append(np.isclose(X, shifted, atol=0.01).all(axis=(1, 2, 3)).sum())
    assert sum(counts) == N  # each picture is one of the 25
    assert min(counts) >= 4 and max(counts) <= 32  # 16 expected, standard deviation 4


def mirrored(pixels, X):
    """Tell which pictures are mirrored; all must be so or as they were."""
    as_it_was = np.isclose(X, pixels, atol=0.01).all(axis=(1, 2, 3))
    turned = np.isclose(X, pixels[..., ::-1], atol=0.01).all(axis=(1, 2, 3))
    assert (as_it_was ^ turned).all()
    return turned


def test_alternating_flip_shows_both_sides_in_two_epochs(pixels):
    views = [everything(pixels, epoch, flip="alternating") for epoch in range(4)]
    epochs = [mirrored(pixels, X) for X in views]
    assert 0.4 < epochs[0].mean() < 0.6
    np.testing.assert_array_equal(epochs[1], ~epochs[0])
    np.testing.assert_array_equal(epochs[2], epochs[0])
    np.testing.assert_array_equal(epochs[3], epochs[1])


def test_random_flip_tosses_a_coin_in_each_epoch(pixels):
    epochs = [mirrored(pixels, everything(pixels, e, flip="random")) for e in range(3)]
    for a, b in itertools.combinations(epochs, 2):
        assert 0.4 < a.mean() < 0.6 and 0.4 < (a == b).mean() < 0.6


def test_no_flip(pixels):
    assert not mirrored(pixels, everything(pixels, 1)).any()


@pytest.mark.parametrize("side", [1, 2, 3, 5, 20])
def test_cutout_is_a_square_with_its_centre_anywhere(side):
    white = np.full((N, 3, 8, 8), 255, np.uint8)
    hole = everything(white, cutout=side) == 0
    assert (hole == hole[:, :1]).all()  # the same in all channels
    hole = hole[:, 0]
    rows, columns = hole.any(axis=2), hole.any(axis=1)
    assert (hole == rows[:, :, None] & columns[:, None, :]).all()
    before, after = side // 2, side - 1 - side // 2
    for line in (rows, columns):
        expected = np.zeros((8, 8), bool)  # the line of each centre
        for centre in range(8):
            expected[centre, max(0, centre - before) : centre + after + 1] = True
        found = {tuple(row) for row in line}
        assert found == {tuple(row) for row in expected}


def test_light_changes_as_far_as_it_may(pixels):
    brightness, contrast = 20.0, 0.25
    X = everything(pixels, brightness=brightness, contrast=contrast).astype(float)
    mean = pixels.mean(axis=(1, 2, 3))
    change = np.empty((N, 2))
    for n in range(N):
        columns = np.stack([pixels[n].ravel() - mean[n], np.ones(192)], axis=1)
        change[n], error, *_ = np.linalg.lstsq(columns, X[n].ravel())
        assert error < 1e-4
    u, v = (change[:, 0] - 1) / contrast, (change[:, 1] - mean) / brightness
    for draw in (u, v):
        assert -1 <= draw.min() < -0.97 and 0.97 < draw.max() <= 1
        assert abs(draw.mean()) < 0.1
    assert abs(np.corrcoef(u, v)[0, 1]) < 0.15


SOME = {
    "translate": 2,
    "flip": "random",
    "cutout": 3,
    "brightness": 9.0,
    "contrast": 0.2,
}


@settings(max_examples=20)
@given(
    index=st.lists(st.integers(0, N - 1), max_size=6),
    epoch=st.integers(0, 5),
    size=st.sampled_from([5, 8]),
    flip=st.sampled_from(["alternating", "random", None]),
)
def test_a_view_does_not_depend_on_its_batch(pixels, index, epoch, size, flip):
    settings = {**SOME, "flip": flip}
    expected = everything(pixels, epoch, size, **settings)
    augment = Augment(**UNIT, **settings)
    augment.batch(pixels, [0], 3)  # something else in between
    index = np.array(index, int)
    X = augment.batch(pixels, index, epoch, size)
    np.testing.assert_array_equal(X, expected[index])


def test_a_view_does_not_depend_on_pictures_that_follow(pixels):
    few = everything(pixels[:10], 2, **SOME)
    np.testing.assert_array_equal(few, everything(pixels, 2, **SOME)[:10])


def test_a_view_does_not_depend_on_what_else_is_drawn(pixels):
    white = np.full((N, 3, 8, 8), 255, np.uint8)
    hole = everything(white, cutout=3) == 0
    X = everything(pixels, cutout=3, translate=2)
    expected = np.where(hole, 0, everything(pixels, translate=2))
    np.testing.assert_array_equal(X, expected)


def test_other_seeds_and_epochs_are_other_views(pixels):
    views = [
        everything(pixels, epoch, translate=2, seed=seed)
        for seed, epoch in [(0, 0), (0, 1), (1, 0)]
    ]
    for a, b in itertools.combinations(views, 2):
        alike = (a == b).all(axis=(1, 2, 3)).mean()
        assert alike < 0.12  # 1 / 25 expected


def test_views_are_not_drawn_from_the_order_of_the_pictures(pixels):
    """An epoch's order comes from default_rng([seed, epoch]): other numbers here."""
    draws = np.random.default_rng([0, 0]).random((N, 7))
    down = np.floor(draws[:, 0] * 5) - 2
    moves, _ = Augment()._draws(0, pixels.shape)
    assert (moves[:, 0] == down).mean() < 0.5


def test_draws_are_made_once_for_an_epoch(pixels, monkeypatch):
    augment = Augment()
    X = augment.batch(pixels, [1], 4)
    monkeypatch.setattr(np.random, "default_rng", None)
    np.testing.assert_array_equal(augment.batch(pixels, [1], 4), X)


def test_pictures_stay_as_they_are(pixels):
    kept = pixels.copy()
    everything(pixels, **SOME)
    np.testing.assert_array_equal(pixels, kept)


def test_repr_says_what_is_varied():
    assert repr(Augment(3, None, 4, contrast=0.5)) == (
        "Augment(translate=3, flip=None, cutout=4, brightness=0.0, contrast=0.5, "
        "seed=0, mean=(0.4914, 0.4822, 0.4465), std=(0.247, 0.2435, 0.2616))"
    )


def test_repr_is_another_where_batches_are(pixels):
    texts = [
        repr(Augment(**settings))
        for settings in (
            {},
            {"mean": (0.4, 0.4822, 0.4465)},
            {"mean": np.array([0.4, 0.4, 0.4])},
            {"std": [0.2, 0.2, 0.3]},
        )
    ]
    assert len(set(texts)) == 4
    augment = Augment(mean=np.float32([0.5, 0.25, 0.5]))
    again = eval(repr(augment), {"Augment": Augment})
    X, expected = (one.batch(pixels, [3, 4], 1, 8) for one in (again, augment))
    np.testing.assert_array_equal(X, expected)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 5},
        {"translate": 1},
        {"flip": None},
        {"cutout": 4},
        {"brightness": 1.0},
        {"contrast": 0.1},
        {"mean": (0.1, 0.2, 0.3)},
        {"std": (0.1, 0.2, 0.3)},
    ],
)
def test_what_is_changed_later_counts(pixels, change):
    augment = Augment(**SOME)
    before = augment.batch(pixels, np.arange(N), 1, 8)
    for name, value in change.items():
        setattr(augment, name, value)
    X = augment.batch(pixels, np.arange(N), 1, 8)
    expected = Augment(**(SOME | change)).batch(pixels, np.arange(N), 1, 8)
    np.testing.assert_array_equal(X, expected)
    assert (X != before).any()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"translate": -1}, "translate is -1, expected a whole number from 0 on"),
        ({"translate": 1.5}, "translate is 1.5, expected a whole number"),
        ({"cutout": -1}, "cutout is -1, expected a whole number from 0 on"),
        ({"seed": -3}, "seed is -3, expected a whole number from 0 on"),
        ({"flip": "vertical"}, "flip is 'vertical', expected one of 'alternating'"),
        ({"flip": True}, "flip is True, expected one of"),
        ({"brightness": -0.1}, "brightness is -0.1, expected a number from 0 to"),
        ({"brightness": np.inf}, "brightness is inf, expected a number from 0 to"),
        ({"contrast": 1.1}, "contrast is 1.1, expected a number from 0 to 1"),
        ({"contrast": "much"}, "contrast is 'much', expected a number from 0 to 1"),
        ({"contrast": np.nan}, "contrast is nan, expected a number from 0 to 1"),
    ],
)
def test_arguments_out_of_range(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Augment(**arguments)


def test_a_shift_as_far_as_the_picture_is_refused(pixels):
    with pytest.raises(ValueError, match="translate is 8, expected less than .*8, 8"):
        Augment(translate=8).batch(pixels, [0], 0)
    Augment(translate=7).batch(pixels, [0], 0)


@pytest.mark.parametrize("epoch", [-1, 0.5, None])
def test_epochs_are_whole_numbers(pixels, epoch):
    with pytest.raises(ValueError, match=f"epoch is {epoch}, expected a whole number"):
        Augment().batch(pixels, [0], epoch)
