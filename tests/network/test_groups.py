import pytest

from utils.network.groups import Group, group
from utils.network.parts import arrange
from utils.network.specs import (
    Affine,
    AvgPool,
    BatchNorm,
    Conv,
    Gelu,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Residual,
    Scale,
    Silu,
    StopGradient,
)


def describe(found):
    """Write a group in a line: what it has, where it pools, its first and last."""
    if not isinstance(found, Group):
        return found.name
    has = {
        "L": found.linear,
        "N": found.norm,
        "F": found.factor is not None,
        "C": found.curve,
    }
    letters = "".join(letter for letter, value in has.items() if value)
    return f"{letters or '-'} {found.pool} {found.name} {found.last}"


CASES = {
    "LC None conv1 relu1": [Conv(4), Relu()],
    "LNC None conv1 gelu1": [Conv(4), BatchNorm(), Gelu()],
    "LNC before conv1 relu1": [Conv(4), MaxPool(), BatchNorm(), Relu()],
    "LNC after conv1 silu1": [Conv(4), BatchNorm(), MaxPool(), Silu()],
    "LNC after conv1 pool1": [Conv(4), BatchNorm(), Relu(), MaxPool()],
    "LC before conv1 pool1": [Conv(4), Relu(), MaxPool()],
    "LC before conv1 gelu1": [Conv(4), MaxPool(), Gelu()],
    "L before conv1 pool1": [Conv(4), MaxPool()],
    "LN after conv1 pool1": [Conv(4), BatchNorm(), MaxPool()],
    "LC None conv1 gelu1; - before pool1 pool1": [Conv(4), Gelu(), MaxPool()],
    "LNC None conv1 silu1; - before pool1 pool1": [
        *[Conv(4), BatchNorm(), Silu(), MaxPool()]
    ],
    "L None conv1 conv1; F None scale1 scale1": [Conv(4), Scale(2)],
    "LF None conv1 scale1": [Conv(4, bias=False), Scale(2)],
    "LFC before conv1 pool1": [Conv(4, bias=False), Scale(2), Relu(), MaxPool()],
    "LFC None conv1 relu1; - before pool1 pool1": [
        *[Conv(4, bias=False), Scale(-2), Relu(), MaxPool()]
    ],
    "LC before conv1 pool1; - before pool2 pool2": [
        *[Conv(4), Relu(), MaxPool(), MaxPool()]
    ],
    "LC None conv1 relu1; pool1": [Conv(4), Relu(), MaxPool(3, 2)],
    "L None conv1 conv1; pool1; NC None bn1 relu1": [
        *[Conv(4), AvgPool(), BatchNorm(), Relu()]
    ],
    "NC after bn1 pool1; pool2; LF None affine1 scale1": [
        *[BatchNorm(), Relu(), MaxPool(), GlobalMaxPool(), Affine(3, bias=False)],
        Scale(0.1),
    ],
    "C before relu1 pool1; stopgradient1; residual1": [
        *[Relu(), MaxPool(), StopGradient(), Residual([Relu()])]
    ],
    "LC None affine1 relu1; LN None affine2 bn1": [
        *[Affine(5), Relu(), Affine(4), BatchNorm()]
    ],
}


@pytest.mark.parametrize("expected", CASES)
def test_groups_by_hand(expected):
    parts = arrange(CASES[expected], (3, 12, 12))
    assert "; ".join(map(describe, group(parts))) == expected


def test_the_map_of_the_linear_part():
    parts = arrange([Conv(5, stride=2), Relu(), Affine(7)], (3, 12, 12))
    first, second = group(parts)

    def wide(K):
        return -(-K // 4) * 4

    assert first.out_map((2, 12, 12, 3), wide) == (2, 6, 6, 8)
    assert first.out_map((9, 7, 15, 3), wide) == (9, 4, 8, 8)  # another size
    assert second.out_map((2, 6, 6, 8), wide) == (2, 1, 1, 8)
    assert Group(curve=Relu()).out_map((2, 6, 6, 8), wide) == (2, 6, 6, 8)
