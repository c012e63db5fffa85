"""A study: trials of one objective in one space, shared by any number of workers."""

import contextlib
import math
import os
import re
import socket
import time
import warnings
import weakref
from pathlib import Path

from utils.sweep import agreement, crew, database, journal, points, results
from utils.sweep import space as spaces
from utils.sweep.library import Pruned, SweepError, optuna, sampler
from utils.sweep.trial import Trial, as_accuracy

POLL = 0.5  # seconds between two looks while others compute


class _Gone(Exception):
    """The trial was given to another worker; its result is not wanted any more."""


class Study:
    """A search for good hyper-parameters that can be stopped and continued.

    Parameters
    ----------
    name : str
        Of the study: letters, digits, ``.``, ``_`` and ``-``.
    space : dict, optional
        Name -> ``sweep.linear``, ``log``, ``whole`` or ``choice``; None takes the space
        that the study has already.
    storage : str or Path, optional
        None is the file ``build/sweeps/NAME.log``; else the name of a file, or
        ``postgresql://user:password@host/database``.
    seed : int, default 0
        A single worker with the same seed tries the same parameters again (if its
        objective gives the same accuracies).
    rung : int, default 10
        The step at which trials are judged first.
    keep : int, default 3
        One in so many goes on; the next rung is `keep` times higher: 10, 30, 90.
    worker : str, optional
        Name of this worker in the table; machine and process if not given.
    grace : float, default 30
        Seconds without a sign of life after which a trial is given to another worker;
        there are six signs in that time.

    Raises
    ------
    SweepError
        If Optuna is missing, the storage cannot be used, or the study exists with
        another space.
    """

    def __init__(
        self,
        name,
        space=None,
        storage=None,
        seed=0,
        *,
        rung=10,
        keep=3,
        worker=None,
        grace=30.0,
    ):
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name):
            raise ValueError(
                f"the name of the study is {name!r}; use letters, digits, '.', '_', '-'"
            )
        if not grace > 0:
            raise ValueError(
                f"grace is {grace!r}, expected a number of seconds above 0"
            )
        self.name, self.seed, self.space = name, seed, space
        self.worker = worker or f"{socket.gethostname()}-{os.getpid()}"
        self._beat, self._watch = grace / 6, crew.Watch(grace)
        self._address = None
        self._library = optuna()
        self._pruner = self._library.pruners.SuccessiveHalvingPruner(rung, keep)
        if space is not None:
            spaces.check(space)
        if storage is not None and "://" in str(storage):
            self._address = database.Address(str(storage))
        path = Path(storage or journal.FOLDER / f"{name}.log")
        self.where = str(self._address or path)
        if space is None and self._address is None and not path.exists():
            raise self._missing()  # and leaves no file behind
        with self._alone():
            self._meet(self._open(path))

    def _alone(self):
        """Keep other workers from making or joining a study meanwhile."""
        if self._address is not None:
            return database.alone(self._address)
        return journal.alone(Path(self.where))

    def _open(self, path):
        if self._address is not None:
            opened = database.open_database(self._address)
            weakref.finalize(self, opened.engine.dispose)  # closes connections
            return opened
        opened, sentence = journal.open_journal(path)
        if sentence:
            print(sentence)
        return opened

    def _meet(self, storage):
        """Make the study or join it, and settle on a space."""
        names = [s.study_name for s in self._library.get_all_study_summaries(storage)]
        if self.space is None and self.name not in names:
            raise self._missing()
        how = {"pruner": self._pruner, "sampler": sampler(self.seed, 0)}
        where = {"storage": storage, "study_name": self.name}
        if self.name in names:  # looking at a study leaves its journal as it is
            self._study = self._library.load_study(**where, **how)
        else:
            how |= {"direction": "maximize", "load_if_exists": True}
            self._study = self._library.create_study(**where, **how)
        self.space = agreement.join_space(self._study, self.space, self.where)

    def _missing(self):
        return SweepError(
            f"there is no study {self.name!r} in {self.where} yet; its first worker "
            "must be given a space"
        )

    def run(self, objective, trials, time_limit=None):
        """Search until the study has so many trials in all.

        Trials of earlier runs and of other workers count.  In a space of choices and
        whole numbers no point is tried twice, and the search ends when all have been.
        Ctrl-C ends the run and leaves the study as it is; the trial it hit is done
        again next time.

        Parameters
        ----------
        objective : callable
            ``objective(trial) -> accuracy``.  An ArithmeticError or an accuracy that
            is not finite counts as a trial with bad parameters; any other exception
            ends the run.  It may have an attribute ``about``: a dict of all else that
            its accuracy depends on, such as `recipe_objective` gives it, and
            ``check``: a function of the space that raises where it makes no sense.
        trials : int
            Finished and pruned ones of the study in the end.
        time_limit : float, optional
            Seconds after which this worker begins no other trial.

        Returns
        -------
        bool
            Whether the study has all its trials, or has tried all points of its space.

        Raises
        ------
        SweepError
            If the study has trials of another objective, as far as ``about`` tells,
            or the storage does not answer any more.
        """
        if not isinstance(trials, int) or trials < 1:
            raise ValueError(f"trials is {trials!r}, expected a whole number above 0")
        getattr(objective, "check", lambda space: None)(self.space)
        end = math.inf if time_limit is None else time.monotonic() + time_limit
        try:
            with database.hidden(self._address):
                self._agree(objective)
                self._settled = False
                return self._work(objective, trials, end)
        except KeyboardInterrupt:
            done = sum(map(crew.is_done, self._trials()))
            print(f"Stopped with {done} of {trials} trials; run again to go on.")
            return False

    def _agree(self, objective):
        """Refuse to work on what the study does not search or train."""
        with self._alone():
            agreement.join_space(self._study, self.space, self.where)
            agreement.join_about(self._study, objective, self.space, self.where)

    def _work(self, objective, slots, end):
        waiting = False
        while True:
            found = self._trials()
            self._mend(found)
            if sum(map(crew.is_done, found)) >= slots:
                return True
            if time.monotonic() >= end:
                return False
            states = set(map(crew.state_of, found))
            size = points.count(self.space)
            tried = len(points.taken(found, self.space)) >= size
            if tried and not states & {"waiting", "running"}:
                print(f"All {size} points of the space have been tried.")
                return True
            full = tried or len(crew.holders(found)) >= slots
            if full and "waiting" not in states:
                if not waiting:
                    print(f"Waiting for {results.running(found)}.")
                waiting = True
                time.sleep(POLL)
                continue
            waiting = False
            self._begin(objective, slots)

    def _begin(self, objective, slots):
        """Take a trial that waits, or a new one, and do it if it has a slot."""
        trial = self._study.ask()
        trial.set_user_attr(crew.WORKER, self.worker)
        trial.set_user_attr(crew.BEAT, 0)
        found = self._trials()
        if not crew.may_go_on(found[trial.number], found, slots):
            self._give_up(trial)
            return
        if not self._settled:
            try:
                self._agree(objective)  # nobody can change it now that we have a trial
            except SweepError:
                self._give_up(trial)
                raise
            self._settled = True
        with crew.Pulse(lambda n: trial.set_user_attr(crew.BEAT, n), self._beat):
            self._do(trial, objective, slots)

    def _give_up(self, trial, why=crew.SURPLUS):
        trial.set_user_attr(crew.WHY, why)
        self._tell(trial, "FAIL")

    def _do(self, trial, objective, slots):
        """Compute one trial and store how it ended."""
        self._study.sampler = sampler(self.seed, trial.number)
        start = time.perf_counter()
        try:
            if not points.place(self._study, trial, self.space):
                # A copy must not be copied again, for want of a point, for ever.
                is_copy = crew.COPY_OF in trial.user_attrs
                self._give_up(trial, points.NONE_LEFT if is_copy else crew.SURPLUS)
                return
            params = {key: r.value(trial.params[key]) for key, r in self.space.items()}
            accuracy = objective(Trial(trial.number, params, self._listen(trial)))
            accuracy = as_accuracy(accuracy, "the objective")
            if not math.isfinite(accuracy):
                raise ArithmeticError(f"the accuracy is {accuracy}")
            told = self._tell(trial, "COMPLETE", accuracy)
        except Pruned:
            told = self._tell(trial, "PRUNED")
        except ArithmeticError as error:
            with contextlib.suppress(_Gone):
                self._note(trial, _sentence(error))
            told = self._tell(trial, "PRUNED")
        except _Gone:
            told = False
        except KeyboardInterrupt:
            self._give_back(trial)
            raise
        except Exception as error:
            with contextlib.suppress(_Gone):
                self._note(trial, _sentence(error))
                self._tell(trial, "FAIL")
            raise
        if told:
            self._say(trial.number, time.perf_counter() - start, slots)
        else:
            print(f"Trial {trial.number} was given to another worker meanwhile.")

    def _listen(self, trial):
        """Make what `Trial.report` calls."""

        def tell(step, accuracy):
            with self._while_ours():
                trial.report(accuracy, step)
                if trial.should_prune():
                    raise Pruned(f"pruned at step {step} with accuracy {accuracy:.4f}")

        return tell

    @contextlib.contextmanager
    def _while_ours(self):
        """Do something with a trial that others may have declared lost."""
        try:
            yield
        except self._library.exceptions.UpdateFinishedTrialError:
            raise _Gone from None

    def _note(self, trial, text):
        with self._while_ours():
            trial.set_user_attr(crew.WHY, text)

    def _tell(self, trial, state, value=None):
        """Store the end of a trial; tell whether it was still ours."""
        state = self._library.trial.TrialState[state]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                self._study.tell(trial, value, state=state)
        except (ValueError, self._library.exceptions.UpdateFinishedTrialError):
            return False  # finished already: by the one who declared it lost
        return True

    def _give_back(self, trial):
        """Let another worker, or the next run, do a trial again."""
        self._tell(trial, "FAIL")
        found = self._trials()
        if found[trial.number] in crew.lost(found):
            self._copy(found[trial.number], trial.user_attrs.get(crew.LOSSES, 0))

    def _mend(self, found):
        """Fail the trials whose workers are silent, and queue copies of lost ones."""
        for trial in self._watch.silent(found):
            self._tell(trial.number, "FAIL")
        for trial in crew.lost(found):
            self._copy(trial, trial.user_attrs.get(crew.LOSSES, 0) + 1)

    def _copy(self, lost, losses):
        whole = set(lost.params) == set(self.space)  # else it is drawn anew
        self._study.add_trial(
            self._library.create_trial(
                state=self._library.trial.TrialState.WAITING,
                params=lost.params if whole else {},
                distributions=lost.distributions if whole else {},
                user_attrs={crew.COPY_OF: lost.number, crew.LOSSES: losses},
            )
        )

    def _trials(self):
        return self._study.get_trials(deepcopy=False)

    def _say(self, number, seconds, slots):
        found = self._trials()
        row = results.row(found[number], self.space)
        done = sum(map(crew.is_done, found))
        best = self.best
        top = f", best {best['accuracy']:.4f} in trial {best['trial']}" if best else ""
        print(f"{results.line(row, seconds)}; {done} of {slots}{top}")

    @property
    def best(self):
        """The row of the best finished trial, or None; see `table`."""
        rows = [row for row in self.table() if row["state"] == "finished"]
        return rows[0] if rows else None

    @property
    def scales(self):
        """Name of each hyper-parameter -> "linear", "log" or "choice", for plots."""
        return {name: found.scale for name, found in self.space.items()}

    def table(self):
        """Give all trials, the best first.

        Returns
        -------
        Table
            A list of dicts that prints as a table; see `utils.sweep.table.Table`.
        """
        with database.hidden(self._address):
            return results.table(self._trials(), self.space)

    def importances(self):
        """Estimate how much of the differences in accuracy each parameter explains.

        By PED-ANOVA: how differently a parameter is distributed among the best
        trials and among all.

        Returns
        -------
        dict
            Name -> share, the largest first; the sum is 1.  Empty with fewer than
            four finished trials.
        """
        with database.hidden(self._address):
            return results.importances(self._library, self._study)


def _sentence(error):
    return f"{type(error).__name__}: {error}"[:200]
