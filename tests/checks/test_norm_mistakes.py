"""Known mistakes of normalisation: each is one, no two are the same, some by hand."""

import numpy as np
import pytest

from utils.checks import norm_mistakes, oracle
from utils.checks.norm_mistakes import PIXELS
from utils.checks.normalisation import BatchNorm, BatchNormInTestMode, GroupNorm
from utils.checks.spatial_batchnorm import BATCH_CASES, GROUP_CASES, TEST_CASES

KINDS = {
    "batch": (BatchNorm(), BATCH_CASES),
    "test": (BatchNormInTestMode(), TEST_CASES),
    "group": (GroupNorm(), GROUP_CASES),
}


def answers(kind, name, case):
    """Return the right values, and wrong ones by their text."""
    layer, _ = KINDS[kind]
    arguments = layer.arguments(case)
    if name == "out":
        right, wrong = layer.forward(**arguments), layer.out_suspects(**arguments)[0]
    else:
        dout = layer.dout(case, arguments)
        gradients = layer.backward(dout, **arguments)
        right = dict(zip(layer.gradients, gradients, strict=True))[name]
        wrong = layer.gradient_suspects(dout, **arguments)[name][0]
    by_text = {}
    for text, values in wrong:
        by_text.setdefault(text, []).append(values())
    return right, by_text


COUNTS = {
    ("batch", "out"): 20,
    ("batch", "dx"): 21,
    ("batch", "dgamma"): 7,
    ("batch", "dbeta"): 4,
    ("test", "out"): 16,
    ("test", "dx"): 4,
    ("test", "dgamma"): 7,
    ("test", "dbeta"): 3,
    ("group", "out"): 20,
    ("group", "dx"): 20,
    ("group", "dgamma"): 6,
    ("group", "dbeta"): 3,
}


@pytest.mark.parametrize(("kind", "name"), COUNTS)
def test_every_mistake_is_wrong_somewhere_and_no_two_are_the_same(kind, name):
    cases = [answers(kind, name, case) for case in KINDS[kind][1]]
    texts = list(dict.fromkeys(text for _, by_text in cases for text in by_text))
    assert len(texts) >= COUNTS[kind, name]

    def values(text):
        return [by_text.get(text) or [right] for right, by_text in cases]

    def same(a, b):
        return a is b or (
            a is not None and b is not None and np.allclose(a, b, 1e-10, 1e-10)
        )

    def differ(a, b):
        return any(
            not any(same(x, y) for y in ys)
            for xs, ys in zip(values(a), values(b), strict=True)
            for x in xs
        )

    for text in texts:
        for other in ["the right answer", *texts]:
            if other != text:
                assert differ(text, other) or differ(other, text), (text, other)


# One channel with two pixels, 1 and 5: mean 3, variance 4; eps is 12, so x is
# divided by 4 and becomes -1/2, 1/2; gamma is 2 and beta 10.
X = np.array([1.0, 5.0]).reshape(1, 1, 1, 2)
ONE = np.ones(1)


@pytest.mark.parametrize(
    ("words", "out"),
    [
        ("gamma is not used", [9.5, 10.5]),
        ("beta is not used", [-1, 1]),
        ("gamma and beta are exchanged", [-3, 7]),
        ("divided by M - 1", [10 - 4 / 20**0.5, 10 + 4 / 20**0.5]),
        ("the mean is not subtracted", [10.5, 12.5]),
        ("added to the deviation", [10 - 4 / 14, 10 + 4 / 14]),
        ("expected by its root", [9.75, 10.25]),
        ("nothing is divided", [6, 14]),
        ("eps is not used", [8, 12]),
    ],
)
def test_outputs_by_hand(words, out):
    statistics = norm_mistakes.own_statistics(X, PIXELS, [])
    tries = norm_mistakes.outputs(X, 2 * ONE, 10 * ONE, 12.0, statistics)
    wrong = next(values for text, values in tries if words in text)()
    np.testing.assert_allclose(wrong.ravel(), out)


# dout is 0 and 4, so gamma * dout is 0 and 8, its mean 4; times x_hat it has the mean
# 2, so that dx = (0 - 4 + 1, 8 - 4 - 1) / 4.
@pytest.mark.parametrize(
    ("words", "dx"),
    [
        ("mean and the variance is missing", [0, 2]),
        ("through the mean is missing", [0.25, 1.75]),
        ("through the variance is missing", [-1, 1]),
        ("through the mean has the wrong sign", [5 / 4, 11 / 4]),
        ("through the variance is 0.5 times", [-3.5 / 4, 3.5 / 4]),
        ("through the mean holds a sum", [-7 / 4, -1 / 4]),
        ("gamma is not used", [-3 / 8, 3 / 8]),
        ("not divided by the deviation", [-3, 3]),
        ("divided by the variance", [-3 / 16, 3 / 16]),
        ("eps is not used", [0, 0]),
    ],
)
def test_dx_by_hand(words, dx):
    dout = np.array([0.0, 4.0]).reshape(X.shape)
    tries = norm_mistakes.dx(dout, X, 2 * ONE, 12.0, PIXELS, X.shape)
    wrong = next(values for text, values in tries if words in text)()
    np.testing.assert_allclose(wrong.ravel(), dx, atol=1e-12)


@pytest.mark.parametrize(
    ("words", "dgamma"),
    [
        ("x is not normalised", 20),
        ("(x - mean)", 8),
        ("dout * out", 44),
        ("eps is not used", 4),
        ("this is dbeta", 4),
        ("this is a mean", 1),
    ],
)
def test_dgamma_by_hand(words, dgamma):
    dout = np.array([0.0, 4.0]).reshape(X.shape)
    hat = (X - 3) / 4
    tries = norm_mistakes.dgamma(dout, X, hat, 2 * hat + 10, (X - 3) / 2)
    wrong = next(values for text, values in tries if words in text)()
    np.testing.assert_allclose(wrong, [dgamma])


def test_rows_and_images_are_each_others_way_back(rng):
    x = rng.normal(size=(2, 3, 4, 5))
    for order in norm_mistakes.ORDERS:
        matrix = norm_mistakes.rows(x, order)
        assert matrix.shape == (40, 3)
        back = norm_mistakes.images(matrix, x.shape, order)
        np.testing.assert_array_equal(back, x)
    rows = norm_mistakes.rows(x, norm_mistakes.PIXEL_ROWS)
    np.testing.assert_allclose(rows.mean(axis=0), x.mean(axis=PIXELS))


def test_reshaping_there_and_back_is_the_matrix_read_wrongly(rng):
    x = rng.normal(size=(2, 3, 4, 5))
    tries = norm_mistakes.reshaped_outputs(x, lambda rows: rows - rows.mean(axis=0))
    matrix = x.reshape(-1, 3)
    wrong = (matrix - matrix.mean(axis=0)).reshape(x.shape)
    found = {text for text, values in tries if np.allclose(values(), wrong)}
    assert found == {norm_mistakes.RESHAPED}


def test_moments_over_few_values():
    mean, var = norm_mistakes.moments(X, PIXELS, less=1)
    assert (mean.item(), var.item()) == (3, 8)
    assert norm_mistakes.moments(X[..., :1], PIXELS, less=1) is None


def test_without_a_mistake_dx_is_right(rng, monkeypatch):
    x, dout = rng.normal(size=(2, 2, 3, 2, 3))
    gamma = np.array([2.0, -3.0, 0.5])
    found = []

    def without(compute, *parts):
        found.append(compute(*(right for right, _ in parts)))
        return []

    monkeypatch.setattr(norm_mistakes, "misreadings", without)
    norm_mistakes.dx(dout, x, gamma, 0.1, PIXELS, x.shape)
    gamma = gamma[:, None, None]
    right, _ = oracle.normalise_backward(dout, x, gamma, 0.1, PIXELS)
    np.testing.assert_allclose(found[0], right)
