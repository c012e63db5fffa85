"""What was measured in the course of a training: lists of equal length, for JSON."""

COLUMNS = (
    "step",
    "epoch",
    "seconds",
    "loss",
    "rates",
    "train_accuracy",
    "val_accuracy",
    "size",
)


def empty():
    """Give the lists, with nothing in them."""
    return {name: [] for name in COLUMNS}


def add(history, **row):
    """Add one row; numbers become Python's own, so that `json` takes them.

    Parameters
    ----------
    history : dict
        Lists by column, as made by `empty`.
    **row
        One value for each column: ``step``, updates so far; ``epoch``, epochs so far,
        with a fraction; ``seconds``, of all updates; ``loss``, mean since the row
        before, or None; ``rates``, learning rates by name; ``train_accuracy`` and
        ``val_accuracy``, or None; ``size`` of the images, or None.

    Returns
    -------
    row : dict
        As it was added.
    """
    row = {name: _plain(row[name]) for name in COLUMNS}
    for name, value in row.items():
        history[name].append(value)
    return row


def _plain(value):
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return value.item() if hasattr(value, "item") else value
