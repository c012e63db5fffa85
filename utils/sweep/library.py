"""Optuna, which may be missing, and the two exceptions of a sweep."""

import importlib
import warnings

INSTALL = 'python -m pip install "optuna>=4" "psycopg[binary]>=3.2"'


class SweepError(Exception):
    """A study that cannot go on; its text says what is wrong and what to do."""


class Pruned(Exception):
    """Raised by ``trial.report`` where a trial is not worth its remaining time."""


def optuna():
    """Import Optuna.

    Returns
    -------
    module

    Raises
    ------
    SweepError
        If it is not installed.
    """
    try:
        library = importlib.import_module("optuna")
    except ImportError as error:
        raise SweepError(
            f"a sweep needs Optuna, which cannot be imported here ({error}); install "
            f"it with: {INSTALL}"
        ) from None
    library.logging.set_verbosity(library.logging.WARNING)  # we print lines of our own
    return library


def sampler(seed, number):
    """Make the sampler of one trial.

    It is seeded with the number of its trial.  So a study that was stopped goes on
    with the parameters it would have had, and workers that share a seed do not all
    try the same.

    Parameters
    ----------
    seed, number : int
        Of the study; of the trial in it.

    Returns
    -------
    optuna.samplers.TPESampler
    """
    library = optuna()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", library.exceptions.ExperimentalWarning)
        return library.samplers.TPESampler(
            seed=(1_000_003 * seed + number) % 2**32,
            n_startup_trials=10,
            multivariate=False,
            constant_liar=True,  # not again what other workers are trying right now
        )


def fixed(point, base):
    """Make the sampler that gives the values of a point.

    Parameters
    ----------
    point : dict
        Name -> what Optuna stores.
    base : optuna sampler
        For everything else.
    """
    library = optuna()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", library.exceptions.ExperimentalWarning)
        return library.samplers.PartialFixedSampler(point, base)
