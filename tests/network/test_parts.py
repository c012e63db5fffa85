import math
import re

import numpy as np
import pytest

from utils.network.parts import Layout, arrange, every, shapes, start
from utils.network.specs import (
    Affine,
    AvgPool,
    BatchNorm,
    Conv,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Residual,
    Whiten,
)

IMAGE = 3, 8, 8


def test_names_count_each_kind():
    layers = [Whiten(), Conv(4), BatchNorm(), Relu(), MaxPool(), AvgPool(1), Conv(5)]
    layers += [Residual([Conv(5), Relu()]), GlobalMaxPool(), Affine(3), Affine(2)]
    parts = arrange(layers, IMAGE)
    names = "whiten1 conv1 bn1 relu1 pool1 pool2 conv2 residual1 pool3 affine1 affine2"
    assert [part.name for part in parts] == names.split()
    inner = [part.name for part in every(parts)][7:10]
    assert inner == ["conv3", "relu2", "residual1"]
    assert [part.out_shape for part in parts[:3]] == [(24, 7, 7), (4, 7, 7), (4, 7, 7)]
    assert [part.in_shape for part in parts[-2:]] == [(5,), (3,)]


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([Conv(4)], [True]),
        ([Conv(4), Relu(), BatchNorm()], [True, False, False]),
        ([Conv(4), BatchNorm()], [False, False]),
        ([Conv(4), MaxPool(), BatchNorm()], [False, False, False]),
        ([Conv(4), MaxPool(), Relu(), BatchNorm()], [True, False, False, False]),
        ([Conv(4, bias=False)], [False]),
        ([Conv(4, bias=False), BatchNorm()], [False, False]),
        ([Affine(4), BatchNorm()], [False, False]),
        ([Affine(4), Affine(3, bias=False)], [True, False]),
        ([Whiten(), Relu()], [True, False]),
    ],
)
def test_a_bias_is_there_unless_a_batchnorm_follows(layers, expected):
    parts = arrange(layers, IMAGE)
    assert [part.bias for part in parts] == expected
    assert ["b" in shapes(part)[0] for part in parts] == expected


def test_only_the_first_convolution_reads_the_image():
    parts = arrange([Conv(3), Conv(3)], IMAGE)
    assert [part.image for part in parts] == [True, False]
    parts = arrange([Residual([Conv(3)]), Conv(3)], IMAGE)
    assert not any(part.image for part in every(parts))


@pytest.mark.parametrize(
    ("layers", "sentence"),
    [
        (
            [Conv(4, bias=True), BatchNorm()],
            "Layer conv1 has bias=True in front of a BatchNorm",
        ),
        ([Affine(4), Conv(4)], "Layer conv1, Conv(4): Conv(4) needs maps"),
        ([MaxPool(4), Conv(4), MaxPool(3)], "Layer pool2, MaxPool(size=3): The window"),
        ([Conv(4), Residual([Conv(5)])], "Layer residual1, Residual([Conv(5)]): Resid"),
        (
            [Residual([MaxPool(9)])],
            "Layer residual1, Residual([MaxPool(size=9)]): Laye",
        ),
        ([], "layers is empty"),
    ],
)
def test_errors_name_the_layer(layers, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        arrange(layers, IMAGE)


def first(layer, key="w", input_shape=(20, 8, 8)):
    part = arrange([layer, Relu()], input_shape)[0]
    return start(part, np.random.default_rng(0))[key]


def test_shapes_of_the_field():
    assert first(Conv(30, 5)).shape == (30, 20, 5, 5)
    assert first(Affine(30)).shape == (20 * 8 * 8, 30)
    assert first(Whiten(2)).shape == (160, 20, 2, 2)
    assert first(Conv(30), "b").shape == (30,) and not first(Conv(30), "b").any()
    assert first(BatchNorm(), "gamma").tolist() == [1] * 20
    assert first(BatchNorm(), "beta").tolist() == [0] * 20
    assert first(BatchNorm(), "var").tolist() == [1] * 20
    assert first(BatchNorm(), "mean").tolist() == [0] * 20


def test_starts_have_the_spread_they_promise():
    D = 20 * 9  # inputs of a filter
    w = first(Conv(300))
    assert w.std() == pytest.approx(math.sqrt(2 / D), rel=0.02)
    assert abs(w).max() > 3 * w.std()
    w = first(Conv(300, start="uniform"))
    assert w.std() == pytest.approx(1 / math.sqrt(3 * D), rel=0.02)
    assert 0.99 < abs(w).max() * math.sqrt(D) <= 1
    assert first(Conv(300, start=0.3)).std() == pytest.approx(0.3, rel=0.02)
    assert not first(Conv(3, start=0)).any()
    w = first(Affine(30), input_shape=(400, 1, 1))
    assert w.std() == pytest.approx(1 / math.sqrt(3 * 400), rel=0.02)
    w = first(Affine(30, start="he"), input_shape=(400, 1, 1))
    assert w.std() == pytest.approx(math.sqrt(2 / 400), rel=0.02)
    w = first(Affine(30, start="unit"), input_shape=(400, 1, 1))
    assert w.std() == pytest.approx(1) and abs(w).max() < 1.8


def test_a_dirac_start_copies_the_first_channels():
    w = first(Conv(30, start="dirac"))
    x = np.random.default_rng(1).standard_normal((20, 3, 3))
    assert np.array_equal(np.tensordot(w[:20], x, 3), x[:, 1, 1])
    assert w[20:].std() == pytest.approx(1 / math.sqrt(3 * 180), rel=0.05)
    w = first(Conv(5, start="dirac"))
    assert w.sum() == 5 and (w[range(5), range(5), 1, 1] == 1).all()


@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_packing_keeps_numbers_and_fills_up_with_zeros(lanes, rng):
    layout = Layout(lanes, np.zeros)
    layers = [Conv(5, 3), Conv(6, 3), BatchNorm(), Affine(7), Affine(2)]
    for part in arrange(layers, IMAGE):
        for key, shape in (shapes(part)[0] | shapes(part)[1]).items():
            array = rng.standard_normal(shape)
            packed = layout.pack(part, key, array)
            assert np.array_equal(layout.unpack(part, key, packed), array)
            assert np.count_nonzero(packed) == array.size
            assert packed.shape[-1] % lanes == 0
            assert not np.shares_memory(layout.unpack(part, key, packed), packed)


def test_where_packed_numbers_stand(rng):
    layout = Layout(4, np.zeros)
    first, second, affine = arrange([Conv(5), Conv(6), Affine(7)], IMAGE)
    w = rng.standard_normal((5, 3, 3, 3))
    assert layout.pack(first, "w", w).shape == (3, 3, 3, 8)  # an image has no padding
    w = rng.standard_normal((6, 5, 3, 3))
    packed = layout.pack(second, "w", w)
    assert packed.shape == (3, 3, 8, 8) and packed[2, 1, 4, 3] == w[3, 4, 2, 1]
    w = rng.standard_normal((6 * 8 * 8, 7))
    packed = layout.pack(affine, "w", w)
    assert packed.shape == (8 * 8 * 8, 8)
    # channel 5, row 2, column 7: (C, H, W) in the field, (H, W, C) here
    assert packed[(2 * 8 + 7) * 8 + 5, 6] == w[(5 * 8 + 2) * 8 + 7, 6]
