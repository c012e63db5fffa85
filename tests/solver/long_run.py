"""A training that is killed by its tests: ``python -m tests.solver.long_run KIND ...``.

Arguments: "lesson" or "steps", the checkpoints' prefix, the file for the result, and
seconds that each update is slowed down by.
"""

import sys
import time

import numpy as np

from tests.solver.small_net import Net, make_data, make_solver
from tests.solver.stand_ins import PictureNet, Pull, make_steps


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
    timetable = {"sizes": ((0, 3), (0.5, 4)), "freeze": ((0.7, "W1"),)}
    how = {"averaging": Pull(), "evaluate": 7, "num_epochs": 15, **timetable}
    return make_steps(slowed(PictureNet(), pause), **(how | options))


def result(solver):
    """Give all that must be equal, bit by bit."""
    names = ("loss_history", "train_acc_history", "val_acc_history", "best_val_acc")
    histories = {name: np.array(getattr(solver, name)) for name in names}
    bn = solver.model.bn_params[0]
    kept = {"bn." + key: value for key, value in bn.items()}
    best = {"best." + name: w for name, w in (solver.best_params or {}).items()}
    steps = np.array([solver.step, solver.epoch])
    rows = {"rows": np.array(solver.history["step"])}
    return {**solver.model.params, **histories, **kept, **best, **rows, "steps": steps}


def main(kind, prefix, output, pause):
    solver = make(kind, float(pause), checkpoint=prefix, checkpoint_every=1e-6)
    print("ready", flush=True)
    solver.train()
    np.savez(output, **result(solver))


if __name__ == "__main__":
    main(*sys.argv[1:])
