"""What all trials of a study have in common: its space, and what it trains.

Accuracies say something about the searched numbers only where nothing else differs.
So the first worker writes into the study what it searches, and what its objective
trains; whoever comes later compares, and an error names the differences.

Two workers that come first at the same moment must not both write.  Callers hold the
lock of the storage (`journal.alone`, `database.alone`); as the lock of a worker that
seems dead is broken, it is read again what was written, when a study is joined, when
a run begins and when it has begun its first trial.

What a study trains is settled by its first trial: as long as nobody has one that
counts, a slip may be corrected, and the name of the study is not lost with it.
"""

from utils.sweep import crew, space
from utils.sweep.library import SweepError

SPACE, ABOUT = "space", "about"  # names in the study
WHAT = {SPACE: "searches another space", ABOUT: "trains something else"}


def join_space(study, given, where):
    """Settle on the space of a study.

    Parameters
    ----------
    study : optuna.Study
    given : dict or None
        Name -> range; None takes what the study has.
    where : str
        Its storage, for messages.

    Returns
    -------
    dict
        Name -> range.

    Raises
    ------
    SweepError
        If the study has another space, or none while none is given.
    """
    if given is not None:
        agree(study, SPACE, {name: repr(found) for name, found in given.items()}, where)
        return given
    known = study.user_attrs.get(SPACE)
    if not known:
        raise SweepError(
            f"the study {study.study_name!r} in {where} has no space yet; its first "
            "worker must be given one"
        )
    return {name: space.parse(text) for name, text in known.items()}


def join_about(study, objective, searched, where):
    """Settle on what a study trains: the ``about`` of its objective.

    Parameters
    ----------
    study : optuna.Study
    objective : callable
        With or without an attribute ``about``: a dict of plain values.
    searched : dict
        The space; what is searched is left out.
    where : str
        The storage of the study, for messages.

    Raises
    ------
    SweepError
        If its trials trained something else.
    """
    about = getattr(objective, "about", {})
    texts = {name: written(v) for name, v in about.items() if name not in searched}
    if not crew.holders(study.get_trials(deepcopy=False)):
        study.set_user_attr(ABOUT, texts)
    agree(study, ABOUT, texts, where)


def agree(study, key, texts, where):
    """Write texts into a study, or find the same ones there; see `join_space`."""
    if key not in study.user_attrs:
        study.set_user_attr(key, texts)
    differs = space.difference(study.user_attrs[key], texts)
    if differs:
        raise SweepError(
            f"the study {study.study_name!r} in {where} {WHAT[key]} ({differs}); give "
            "the new search another name"
        )


def written(value):
    """Write a value so that equal ones are written alike: 2 and 2.0, [1] and (1,)."""
    if isinstance(value, list | tuple):
        return f"({', '.join(map(written, value))})"
    if hasattr(value, "item"):  # a number of numpy
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return repr(value)
