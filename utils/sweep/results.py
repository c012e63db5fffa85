"""What came out of a study, as plain Python: rows, sentences, shares."""

import warnings

from utils.sweep import crew
from utils.sweep.table import Table, order, short

STATES = {"complete": "finished", "fail": "failed"}


def row(trial, space):
    """Give a trial as a row; see `utils.sweep.table.Table`.

    Parameters
    ----------
    trial : FrozenTrial
    space : dict
        Name -> range of each hyper-parameter.

    Returns
    -------
    dict
    """
    state = crew.state_of(trial)
    reports = trial.intermediate_values
    accuracy = trial.value if state == "complete" else None
    if accuracy is None and reports:
        accuracy = reports[max(reports)]
    return {
        "trial": trial.number,
        "state": STATES.get(state, state),
        "accuracy": accuracy,
        "seconds": trial.duration.total_seconds() if trial.duration else None,
        "worker": trial.user_attrs.get(crew.WORKER, ""),
        "params": {
            name: space[name].value(trial.params[name])
            for name in space
            if name in trial.params
        },
        "note": trial.user_attrs.get(crew.WHY, ""),
    }


def table(trials, space):
    """Give all trials, the best first, without those that never began.

    A lost trial that was done again stands there once, as what it was then.
    """
    copied = crew.copies(trials)
    second = [
        t.number
        for t in trials
        if crew.COPY_OF in t.user_attrs
        and copied.get(t.user_attrs[crew.COPY_OF]) is not t
    ]
    hidden = {*copied, *second}
    rows = [
        row(trial, space)
        for trial in trials
        if trial.user_attrs.get(crew.WHY) != crew.SURPLUS and trial.number not in hidden
    ]
    return Table(sorted(rows, key=order))


def line(found, seconds):
    """Say in a line how a trial ended.

    Parameters
    ----------
    found : dict
        Its row.
    seconds : float
        How long it took here.
    """
    params = ", ".join(f"{k} {short(v)}" for k, v in found["params"].items())
    accuracy = found["accuracy"]
    result = "no accuracy" if accuracy is None else f"{accuracy:.4f}"
    if found["state"] == "pruned":
        result += f" ({found['note'] or 'pruned'})"
    return f"trial {found['trial']}: {result} in {seconds:.1f} s with {params}"


def running(trials):
    """Say which trials run, and whose they are."""
    parts = [
        f"trial {trial.number} of {trial.user_attrs.get(crew.WORKER, 'somebody')}"
        for trial in trials
        if crew.state_of(trial) == "running"
    ]
    return ", ".join(parts) or "other workers"


def importances(library, study):
    """Estimate each parameter's share of the differences; see `Study.importances`.

    Parameters
    ----------
    library : module
        Optuna.
    study : optuna.Study

    Returns
    -------
    dict
        Name -> share, the largest first.
    """
    trials = study.get_trials(deepcopy=False)
    if sum(crew.state_of(trial) == "complete" for trial in trials) < 4:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is experimental in some versions
        found = library.importance.get_param_importances(
            study, evaluator=library.importance.PedAnovaImportanceEvaluator()
        )
    shares = {name: float(share) for name, share in found.items()}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))
