"""Checks of CNN.ipynb: the three-layer network, and the accuracy it reaches.

The properties of the constructor are in `utils.checks.cnn_init`, those of ``loss`` in
`utils.checks.cnn_loss`, the right answers in `utils.checks.network`; a trained network
is kept in a file by `utils.checks.trained`.
"""

import numpy as np

from utils.checks.cnn_init import init_properties
from utils.checks.cnn_loss import loss_properties
from utils.checks.compare import Result, Wrong, require_array
from utils.checks.record import recorded
from utils.checks.report import Results, format_report, run
from utils.checks.subject import NotWritten, Subject

BATCH_SIZE = 100


def check_three_layer_convnet(cls):
    """Check the constructor and the loss of the network and print the report.

    Parameters
    ----------
    cls : type
        A class like ``ThreeLayerConvNet``: its arguments, ``params``, ``bn_params``
        and ``loss(X, y=None)``.

    Returns
    -------
    Results
        One `Result` per property; names begin with ``init:`` or ``loss:`` and so tell
        which exercise they belong to.
    """
    subject = Subject(cls)
    return run(subject.name, init_properties() + loss_properties(), subject)


@recorded("cnn-init")
def check_cnn_init(cls):
    """Check the constructor alone."""
    subject = Subject(cls)
    return run(subject.name, init_properties(), subject)


@recorded("cnn-loss")
def check_cnn_loss(cls):
    """Check the loss alone."""
    subject = Subject(cls)
    return run(subject.name, loss_properties(), subject)


@recorded("cnn-65-percent", needs_file=False)
def check_accuracy(model, data, threshold=0.65):
    """Check that a trained model classifies enough of the validation images.

    Parameters
    ----------
    model : object or None
        ``model.loss(X)`` returns the scores of images; None: not written yet.
    data : dict
        ``X_val`` and ``y_val``.  If ``synthetic`` is true or ``official`` is there
        and false, this is not CIFAR-10, and nothing passes.
    threshold : float, default 0.65
        Share of images that has to be **exceeded**.

    Returns
    -------
    Results
        A single `Result`; ``passed`` is None on data that is not CIFAR-10.
    """
    name = f"validation accuracy above {100 * threshold:.4g} %"
    found = ""
    if model is None:
        todo = "there is no model yet: the cell above has to make and train one."
        result = Result(name, None, message=todo)
    elif not hasattr(model, "loss"):
        result = Result(name, False, message="the model has no method loss.")
    else:
        subject = Subject(model.loss, "model.loss")
        result, found = _accuracy(subject, data, threshold, name)
    results = Results("trained network", [result])
    results.found = found
    print(format_report(results))
    return results


def _accuracy(subject, data, threshold, name):
    """Return the result, and what was measured if that says something."""
    X, y = data["X_val"], np.asarray(data["y_val"])
    right = 0
    try:
        for start in range(0, len(y), BATCH_SIZE):
            labels = y[start : start + BATCH_SIZE]
            scores = require_array("scores", subject(X[start : start + BATCH_SIZE]))
            if scores.ndim != 2 or len(scores) != len(labels) or not scores.size:
                raise Wrong(
                    f"scores has shape {scores.shape} for {len(labels)} images, "
                    "expected one row each."
                )
            if not np.isfinite(scores).all():
                raise Wrong("scores holds nan or infinity: did the training diverge?")
            right += int((scores.argmax(axis=1) == labels).sum())
    except Wrong as wrong:
        return Result(name, False, message=str(wrong)), ""
    except NotWritten as todo:
        return Result(name, None, message=str(todo)), ""
    accuracy = right / len(y) if len(y) else 0.0
    found = f"{100 * accuracy:.1f} % of {len(y)} images"
    if data.get("synthetic") or not data.get("official", True):
        kind = "the synthetic stand-in" if data.get("synthetic") else "other pictures"
        message = (
            f"{found}, but of {kind}: this says nothing about CIFAR-10. Get the "
            "real data and train again."
        )
        return Result(name, None, message=message), ""
    if accuracy > threshold:
        return Result(name, True, message=found), found
    message = f"{found} are right: tune and train on."
    return Result(name, False, message=message), found
