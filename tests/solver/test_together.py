"""The solver with what it is made for: network, optimizer, augmentation."""

import numpy as np
import pytest

from tests.solver.long_run import result
from utils.augment import Augment
from utils.network import (
    Affine,
    BatchNorm,
    Conv,
    ConvNet,
    Gelu,
    GlobalMaxPool,
    MaxPool,
    Relu,
)
from utils.optim import AdamW, Group, Lookahead, Muon, Optimizer, Sgd, linear
from utils.solver import Solver, find_learning_rate

LAYERS = [Conv(16, 3), BatchNorm(), Relu(), MaxPool(2), Conv(16, 3), GlobalMaxPool()]


@pytest.fixture(scope="module")
def data():
    """Pictures of noise, brighter at the top for class 1."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 160)
    X = rng.integers(0, 120, (160, 3, 32, 32))
    X[y == 1, :, :16] += 60
    X = X.astype(np.uint8)
    return {"X_train": X[:120], "y_train": y[:120], "X_val": X[120:], "y_val": y[120:]}


def make_net(layers=LAYERS, **options):
    return ConvNet([*layers, Affine(2)], seed=0, **options)


def make(data, optimizer=None, net=None, **options):
    if optimizer is None:
        groups = [Group("conv*.w", Muon(), linear(0.1)), Group("*", AdamW(), 3e-3)]
        optimizer = Optimizer(groups)
    fixed = {"batch_size": 20, "num_epochs": 4, "verbose": False, "evaluate": 7}
    fixed |= {"augment": Augment(translate=2), "sizes": ((0, 20), (0.5, 32))}
    return Solver(net or make_net(), data, optimizer=optimizer, **(fixed | options))


def everything(solver):
    solver.model.bn_params = [solver.model.state]
    return result(solver)


def test_learns_and_goes_on_from_a_checkpoint_bit_by_bit(data, tmp_path):
    how = {"freeze": ((0.75, "conv1.w"),)}
    whole = make(data, averaging=Lookahead(), **how)
    whole.train()
    assert whole.stopped is None and whole.best_val_acc > 0.9
    how |= {"checkpoint": tmp_path / "run", "time_limit": 0.02}
    pieces = []
    while not pieces or pieces[-1] is not None:
        solver = make(data, averaging=Lookahead(), **how)
        solver.train()
        pieces.append(solver.stopped)
    assert len(pieces) > 2
    expected, got = everything(whole), everything(solver)
    assert expected.keys() == got.keys()
    for name, array in expected.items():
        assert array.tobytes() == got[name].tobytes(), name


def test_another_network_or_augmentation_is_refused(data, tmp_path):
    how = {"checkpoint": tmp_path / "run", "time_limit": 1e-9}
    make(data, **how).train()
    for old, new in ((BatchNorm(), BatchNorm(momentum=0.1)), (Relu(), Gelu())):
        layers = [new if layer == old else layer for layer in LAYERS]
        with pytest.raises(ValueError, match="model.layers was"):
            make(data, net=make_net(layers), **how).train()
    with pytest.raises(ValueError, match="model.label_smoothing was 0.0 and is 0.3"):
        make(data, net=make_net(label_smoothing=0.3), **how).train()
    with pytest.raises(ValueError, match="model.ghost was None and is 4"):
        make(data, net=make_net(ghost=4), **how).train()
    with pytest.raises(ValueError, match=r"augment was .*mean=.* and is .*mean=\(0.0"):
        make(data, augment=Augment(translate=2, mean=(0, 0, 0)), **how).train()
    again = make(data, net=make_net(), **how)
    again.train()
    assert again.step == 2


def test_a_rate_far_too_large_names_the_layer(data):
    solver = make(data, Optimizer([Group("*", Sgd(), rate=1e6)]))
    solver.train()
    assert (
        "iteration" in solver.stopped
        and "(layer" in solver.stopped
        or (", layer " in solver.stopped)
    )
    assert "the learning rate of * is 1e+06, try a smaller one" in solver.stopped


def test_the_finder_finds_a_rate(data):
    finding = find_learning_rate(
        make_net,
        data,
        optimizer=lambda rate: Optimizer([Group("*", AdamW(), rate=rate)]),
        augment=Augment(),
        size=20,
        batch_size=20,
        num_steps=60,
    )
    assert 1e-4 < finding.suggestion < 1
