"""A training that is killed by its tests: ``python -m tests.solver.long_run KIND ...``.

Arguments: "lesson", "steps" or "engine", the checkpoints' prefix, the file for the
result, and seconds by which each update and each checkpoint is slowed down.
"""

import os
import sys
import time

import numpy as np

from tests.solver.small_net import Net, make_data, make_solver
from tests.solver.stand_ins import PictureNet, Pull, make_pictures, make_steps

KINDS = "lesson", "steps", "engine"


def slowed(model, pause):
    """Let each update of a model take longer."""
    real_loss = model.loss

    def loss(X, y=None):
        time.sleep(0 if y is None else pause)
        return real_loss(X, y)

    model.loss = loss
    return model


def make(kind, pause=0.0, **options):
    """Make the solver of a kind: 60 updates."""
    if kind == "lesson":
        model = slowed(Net(use_bn=True), pause)
        rule = {"update_rule": "adam", "optim_config": {"learning_rate": 0.02}}
        data = make_data(noise=2.5)  # so hard that the best weights are not the last
        return make_solver(model, data, num_epochs=12, lr_decay=0.9, **rule, **options)
    if kind == "engine":
        return make_engine(pause, **options)
    timetable = {"sizes": ((0, 3), (0.5, 4)), "freeze": ((0.7, "W1"),)}
    how = {"averaging": Pull(), "evaluate": 7, "num_epochs": 15, **timetable}
    return make_steps(slowed(PictureNet(), pause), **(how | options))


def make_engine(pause, **options):
    """Make a solver with all that recipes use: engine, views, Muon, averages."""
    from utils.augment import Augment
    from utils.network import Affine, BatchNorm, Conv, ConvNet, GlobalMaxPool, Relu
    from utils.optim import AdamW, Group, Lookahead, Muon, Optimizer, linear

    layers = [Conv(16, 3), BatchNorm(), Relu(), Conv(16, 3), GlobalMaxPool()]
    net = ConvNet([*layers, Affine(3)], input_shape=(3, 8, 8), seed=0)
    groups = [Group("conv*.w", Muon(), linear(0.1)), Group("*", AdamW(), 3e-3)]
    data = make_pictures(size=8)
    for part in ("X_train", "X_val"):
        data[part] = np.repeat(data[part], 3, axis=1)
    how = {"optimizer": Optimizer(groups), "averaging": Lookahead()}
    how |= {"augment": Augment(translate=1), "evaluate": 7, "num_epochs": 15}
    how |= {"sizes": ((0, 6), (0.5, 8)), "freeze": ((0.7, "conv1.w"),)}
    return make_steps(slowed(net, pause), data, **(how | options))


def result(solver):
    """Give all that must be equal, bit by bit."""
    names = ("loss_history", "train_acc_history", "val_acc_history", "best_val_acc")
    histories = {name: np.array(getattr(solver, name)) for name in names}
    model = solver.model
    bn = model.bn_params[0] if hasattr(model, "bn_params") else model.state
    kept = {"bn." + key: value for key, value in bn.items()}
    best = {"best." + name: w for name, w in (solver.best_params or {}).items()}
    steps = np.array([solver.step, solver.epoch])
    rows = {"rows": np.array(solver.history["step"])}
    return {**model.params, **histories, **kept, **best, **rows, "steps": steps}


def main(kind, prefix, output, pause):
    """Train, and write down the result."""
    pause, real_fsync = float(pause), os.fsync

    def fsync(file):
        time.sleep(pause)
        real_fsync(file)

    os.fsync = fsync
    solver = make(kind, pause, checkpoint=prefix, checkpoint_every=1e-6)
    print("ready", flush=True)
    solver.train()
    np.savez(output, **result(solver))


if __name__ == "__main__":
    main(*sys.argv[1:])
