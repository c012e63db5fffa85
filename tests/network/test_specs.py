import math
import re

import pytest

from utils import network
from utils.network import specs
from utils.network.specs import (
    Affine,
    AvgPool,
    BatchNorm,
    Conv,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Residual,
    Scale,
    Whiten,
    check_layers,
)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (Conv(8), (8, 11, 9)),
        (Conv(8, 5), (8, 11, 9)),
        (Conv(8, 2), (8, 10, 8)),
        (Conv(8, 3, pad=0), (8, 9, 7)),
        (Conv(8, 3, pad=2), (8, 13, 11)),
        (Conv(8, 3, stride=2), (8, 6, 5)),
        (Conv(8, 1, stride=3), (8, 4, 3)),
        (Whiten(), (24, 10, 8)),
        (Whiten(3), (54, 9, 7)),
        (BatchNorm(), (3, 11, 9)),
        (MaxPool(), (3, 5, 4)),
        (MaxPool(3, 2), (3, 5, 4)),
        (MaxPool(2, 1), (3, 10, 8)),
        (AvgPool(3), (3, 3, 3)),
        (GlobalMaxPool(), (3,)),
        (GlobalAvgPool(), (3,)),
        (Affine(7), (7,)),
        (Scale(2), (3, 11, 9)),
        (Residual([Conv(5), Conv(3)]), (3, 11, 9)),
    ],
)
def test_shapes_by_hand(layer, expected):
    assert tuple(layer.out_shape((3, 11, 9))) == expected


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Conv(0), "filters of Conv is 0, expected a whole number >= 1."),
        (lambda: Conv(8.0), "filters of Conv is 8.0, expected a whole number >= 1."),
        (lambda: Conv(True), "filters of Conv is True, expected a whole number >= 1."),
        (lambda: Conv(8, 0), "size of Conv is 0, expected a whole number >= 1."),
        (lambda: Conv(8, stride=0), "stride of Conv is 0, expected a whole number"),
        (lambda: Conv(8, pad=-1), "pad of Conv is -1, expected a whole number >= 0."),
        (lambda: Conv(8, start="hee"), "start of Conv is 'hee', expected one of he, "),
        (lambda: Conv(8, start=-1), "start of Conv is -1, expected one of he, uniform"),
        (lambda: Affine(8, start="dirac"), "start of Affine is 'dirac', expected one"),
        (lambda: Affine(8, start=math.inf), "start of Affine is inf, expected one of"),
        (lambda: Affine(8, start=math.nan), "start of Affine is nan, expected one of"),
        (lambda: Affine("8"), "units of Affine is '8', expected a whole number >= 1."),
        (lambda: Whiten(0), "size of Whiten is 0, expected a whole number >= 1."),
        (lambda: BatchNorm(eps=0), "eps of BatchNorm is 0, expected a number from"),
        (lambda: BatchNorm(momentum=1.5), "momentum of BatchNorm is 1.5, expected a n"),
        (lambda: BatchNorm(momentum=None), "momentum of BatchNorm is None, expected a"),
        (lambda: MaxPool(0), "size of MaxPool is 0, expected a whole number >= 1."),
        (lambda: MaxPool(2, 0), "stride of MaxPool is 0, expected a whole number >= 1"),
        (lambda: AvgPool(1.5), "size of AvgPool is 1.5, expected a whole number >= 1."),
        (lambda: Scale(math.nan), "factor of Scale is nan, expected a number from"),
        (lambda: Residual([]), "layers of Residual is empty, expected at least one"),
        (lambda: Residual([Relu]), "Number 1 of layers of Residual is Relu, expected"),
        (
            lambda: Residual([Conv(4)]).out_shape((3, 8, 8)),
            "Residual adds its input of shape (3, 8, 8) to an output of shape (4, 8, 8)"
            ", expected equal shapes.",
        ),
        (
            lambda: Conv(4).out_shape((7,)),
            "Conv(4) needs maps (channels, height, width), but what comes in has shape "
            "(7,).",
        ),
        (lambda: MaxPool().out_shape((7,)), "MaxPool() needs maps"),
        (lambda: GlobalAvgPool().out_shape((7,)), "GlobalAvgPool() needs maps"),
        (lambda: Whiten().out_shape((7,)), "Whiten() needs maps"),
        (lambda: MaxPool(3).out_shape((3, 2, 8)), "The window height is 3"),
        (lambda: Conv(4, 5, pad=0).out_shape((3, 8, 4)), "The window width is 5"),
        (lambda: check_layers([]), "layers is empty, expected at least one layer."),
        (
            lambda: check_layers([Relu(), Relu]),
            "Number 2 of layers is Relu, expected a layer such as Conv(32, 3) or "
            "Relu(), perhaps Relu().",
        ),
        (lambda: check_layers([3]), "Number 1 of layers is 3, expected a layer"),
    ],
)
def test_errors_are_sentences(make, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        make()


def test_layers_are_written_as_they_are_typed():
    layers = [
        *[Conv(8), Conv(8, size=5, pad=0, start="dirac"), Whiten(), Affine(10)],
        *[BatchNorm(scale=False), MaxPool(size=3, stride=2), Scale(0.5), Relu()],
    ]
    written = [
        *["Conv(8)", "Conv(8, size=5, pad=0, start='dirac')", "Whiten()", "Affine(10)"],
        *["BatchNorm(scale=False)", "MaxPool(size=3, stride=2)", "Scale(0.5)"],
        "Relu()",
    ]
    assert list(map(str, layers)) == written
    assert [eval(text, vars(specs)) for text in written] == layers
    assert str(Residual([Conv(8), Relu()])) == "Residual([Conv(8), Relu()])"


def test_layers_are_values():
    assert Conv(8) == Conv(8, 3) != Conv(8, 5)
    assert hash(Residual([Relu()])) == hash(Residual((Relu(),)))
    with pytest.raises(AttributeError):
        Conv(8).filters = 3


def test_the_package_lists_all_layers():
    listed = set(re.findall(r"(\w+)\(", network.__doc__.split("The files:")[0]))
    layers = set(network.__all__) - {"ConvNet"}
    assert layers <= listed
    # Short enough to be read where CNN.ipynb prints it.
    assert network.__doc__.count("\n") < 60
