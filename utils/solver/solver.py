"""The training loop: shuffle, loss, gradients, one update per batch, best weights.

Given code.  A `Solver` knows nothing about layers; what it needs of a model stands at
the top of ``model.py``.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from utils.solver import arguments, history
from utils.solver import model as models
from utils.solver.loop import Loop
from utils.solver.plan import Order, Plan
from utils.solver.rule import Rule


class Solver(Loop):
    """Train a model by gradient descent and leave its best weights in it.

    Each epoch visits every training image exactly once, in a new random order, in
    batches of at most ``batch_size`` images whose sizes differ by at most one (so that
    no epoch ends with a batch of two or three).  Then the accuracies are measured.  At
    the end the model holds the weights, and the running statistics of batch
    normalisation, with the highest validation accuracy.

    Batches are converted to the dtype of the weights: a float32 model is trained in
    float32 whatever the data are.  Weights are updated in place (see `utils.optim`).

    With an ``optimizer`` all batches have exactly ``batch_size`` images, what is left
    over of an epoch is dropped, and learning rates follow their schedules.

    Parameters
    ----------
    model : object
        As described at the top of ``model.py``.
    data : dict
        ``X_train``, ``X_val``: arrays of shape (N, ...), or anything that has a
        ``shape`` and gives such an array for an array of indices; ``y_train``,
        ``y_val``: integer arrays of shape (N,).
    update_rule, optim_config : str, default "sgd", and dict, optional
        A name of `utils.optim.UPDATE_RULES`; options like ``{"learning_rate": 1e-3}``.
    lr_decay : float > 0, default 1.0
        The learning rate is multiplied by this after each epoch.
    batch_size, num_epochs : int >= 1, default 100 and 10
        Images per update, at most; epochs per call of `train`, or a fraction.
    num_train_samples, num_val_samples : int >= 1 or None, default 1000 and None
        Images per accuracy, always the same ones; None means all.
    verbose, progress : bool, default True
        Print one line per epoch, or nothing at all; in a terminal or notebook, show a
        bar during trainings of more than a second, and erase it at the end.
    print_every : int >= 1, default 10
        Iterations between two updates of the loss beside the bar.
    seed : int >= 0 or None, default 0
        Seed of the order of the images.  Equal seeds and an equal number of threads
        give equal results.
    time_limit : float > 0 or None, default None
        Seconds after which a call of `train` ends, even within an epoch.
    optimizer : utils.optim.Optimizer, optional
        Instead of ``update_rule``, ``optim_config`` and ``lr_decay``.
    augment : utils.augment.Augment, optional
        Makes the batches of training, and plain images for accuracies.
    num_steps : int >= 1, optional
        Updates per call of `train`, instead of ``num_epochs``.
    sizes : sequence of (float, int), optional
        (progress, size): images are that large from that part of the training on.
    freeze : sequence of (float, str), optional
        (progress, pattern): from then on, these weights are left alone.
    averaging : utils.optim.Ema or Lookahead, optional
        Averages weights and ``model.state``.
    evaluate : {"epoch", "end", "never"} or int >= 1, default "epoch"
        When accuracies are measured: before training and after each epoch; after the
        last update; not at all; after so many updates each time, and the last.
    keep_best : bool, default True
        Put the best weights back at the end.  With False the last ones stay (their
        averages, if ``averaging`` keeps them beside); so they do where there is nothing
        to choose from, with "end" and "never".
    patience : int >= 1, optional
        End after so many evaluations without a higher validation accuracy.
    checkpoint, checkpoint_every : str or Path, optional, and float > 0, default 60
        ``"build/run"`` writes ``build/run-<updates>.npz`` every so many seconds and at
        the end, and keeps two.
    resume : bool, default True
        Go on from the newest checkpoint, if there is one.
    on_evaluate : callable, optional
        Called with the solver after each evaluation, but not after Ctrl-C.
    live_plot : utils.plots.LivePlot, optional
        Draws the solver while it works.
    finish : callable, optional
        Called with the model after the last update, before it is measured.

    Attributes
    ----------
    loss_history, epoch_seconds : list of float
        Loss of each iteration; time spent on the updates of each epoch.
    train_acc_history, val_acc_history : list of float
        All accuracies that were measured.
    history : dict of lists
        One entry per epoch and evaluation, ready for JSON; see ``history.py``.
    train_seconds : float
        Time spent on all updates, without evaluations and checkpoints.
    best_val_acc, best_params : float, dict or None
        Highest validation accuracy so far, and the weights that reached it if they are
        to be put back.
    epoch, learning_rate : int, float
        Epochs so far, also those cut short; the present learning rate, which you may
        change between calls (None with an optimizer).
    stopped : str or None
        Why the last call of `train` ended early, in one sentence.

    Raises
    ------
    ValueError
        If an argument makes no sense; the message says what was expected.
    TypeError
        If there is no argument of that name; the message says where it may belong.
    """

    def __init__(
        self,
        model,
        data,
        *,
        update_rule="sgd",
        optim_config=None,
        lr_decay=1.0,
        batch_size=100,
        num_epochs=10,
        num_train_samples=1000,
        num_val_samples=None,
        print_every=10,
        verbose=True,
        seed=0,
        progress=True,
        time_limit=None,
        optimizer=None,
        augment=None,
        num_steps=None,
        sizes=None,
        freeze=None,
        averaging=None,
        evaluate="epoch",
        keep_best=True,
        patience=None,
        checkpoint=None,
        checkpoint_every=60,
        resume=True,
        on_evaluate=None,
        live_plot=None,
        finish=None,
        **unknown,
    ):
        given = dict(locals())
        for name in ("self", "model", "data", "unknown"):
            del given[name]
        arguments.refuse(unknown)
        self.model, self._dtype = model, models.common_dtype(model)
        self.X_train, self.y_train = arguments.split(data, "train")
        self.X_val, self.y_val = arguments.split(data, "val")
        for name, value in arguments.checked(given, model, len(self.y_train)).items():
            setattr(self, name, value)
        rate = arguments.first_rate(update_rule, optim_config)
        lesson = Rule(update_rule, self.optim_config, rate)
        self._updates = lesson if optimizer is None else optimizer
        self._order = Order(len(self.y_train), batch_size, seed, optimizer is None)
        per_epoch = self._order.per_epoch
        total = num_steps or max(1, round(self.num_epochs * per_epoch))
        self._plan = Plan(per_epoch, total, self.evaluate, self.sizes, self.freeze)
        self.loss_history, self.train_acc_history, self.val_acc_history = [], [], []
        self.history, self.train_seconds = history.empty(), 0.0
        self.best_val_acc, self._best, self._stale = 0.0, None, 0
        self.epoch, self.epoch_seconds, self.stopped = 0, [], None
        self._first_step, self._first_epoch, self._frozen = 0, 0, set()
        self._is_finished, self._is_averaged = False, False
        self._call, self._saved = 0, {"call": 0, "done": False, "reason": None}
        self._checkpoints, self._bar, self._memory = None, None, {}

    @property
    def step(self):
        """Number of updates so far."""
        return len(self.loss_history)

    @property
    def num_updates(self):
        """Number of updates when the present call of `train` ends."""
        return self._first_step + self._plan.total

    def phases(self):
        """Give (first step, end, size of images) of each part of this call of `train`.

        Returns
        -------
        list of (int, int, int)
            Empty without ``sizes``.
        """
        first = self._first_step
        phases = self._plan.phases()
        return [(first + begin, first + end, size) for begin, end, size in phases]

    def rate_curves(self, points=101):
        """Give learning rates over the steps of this call of `train`.

        Parameters
        ----------
        points : int, default 101
            Number of steps, evenly spaced; what lies ahead is among them.

        Returns
        -------
        dict
            Name -> (list of steps, list of rates).  For an update rule these are what
            it had so far, at the ends of epochs.
        """
        if self.optimizer is None:
            steps, rows = self.history["step"], self.history["rates"]
        else:
            parts = np.linspace(0, 1, points).tolist()
            steps = [self._first_step + part * self._plan.total for part in parts]
            rows = [self.optimizer.rates(part) for part in parts]
        names = rows[0] if rows else ()
        return {name: (list(steps), [row[name] for row in rows]) for name in names}

    @property
    def learning_rate(self):
        """The present learning rate; None with an optimizer, which has several."""
        return getattr(self._updates, "learning_rate", None)

    @learning_rate.setter
    def learning_rate(self, value):
        if self.optimizer is not None:
            raise AttributeError("Learning rates belong to the optimizer's groups.")
        self._updates.learning_rate = value

    @property
    def best_params(self):
        """The weights with the highest validation accuracy, by name, or None."""
        return None if self._best is None else self._best.params

    def train(self):
        """Train for ``num_epochs`` epochs, then put back the best weights.

        Training ends early, without an exception, when the loss, a gradient or a
        weight is not finite, when ``time_limit`` is over, when ``patience`` is, or at
        Ctrl-C (Interrupt in a notebook); ``stopped`` says why.  After Ctrl-C or the
        time limit an epoch that was begun is evaluated and counted as one; a second
        Ctrl-C does not wait for that.  The best weights are restored in each case.

        Calling `train` again adds ``num_epochs`` more epochs: from the weights the
        model holds, with the present learning rate and a fresh memory of the update
        rule; histories and best weights go on.

        With ``checkpoint`` the first call goes on where an earlier program was
        stopped, and ends with the same numbers as if it had not been.

        Raises
        ------
        ValueError
            If the model's gradients do not match its weights, or its scores are not
            one row per image; found before the first update.  If the checkpoint
            belongs to a training with other settings.
        """
        self.stopped = None
        if self._begin():
            return
        try:
            # Threads inside BLAS that wait for each other at each small product crawl
            # as soon as another program runs; the layers bring their own threads.
            with threadpool_limits(1, "blas"), np.errstate(all="ignore"):
                reason = self._run()
        except KeyboardInterrupt:
            reason = "interrupted"
        except models.NotFinite as error:
            reason = str(error)
        self._finish(reason)

    def check_accuracy(self, X, y, num_samples=None, batch_size=200):
        """Measure the fraction of images whose highest score is the right class.

        Parameters
        ----------
        X, y : array of shape (N, ...), ndarray of shape (N,)
            Images and their classes, as in ``data``.
        num_samples : int >= 1 or None, default None
            Use that many images, always the same random ones; None means all.
        batch_size : int >= 1, default 200
            Images per call of the model, which bounds the memory.

        Returns
        -------
        float
            Accuracy between 0 and 1.

        Raises
        ------
        ValueError
            If there is not one label, or not one row of scores, per image.
        """
        X, y = arguments.labelled(X, y, "X", "y")
        num_samples = arguments.whole("num_samples", num_samples, True)
        batch_size = arguments.whole("batch_size", batch_size)
        # A generator of its own leaves the order of the training images alone.
        chosen = np.sort(np.random.default_rng(0).permutation(len(y))[:num_samples])
        right = 0
        for start in range(0, len(chosen), batch_size):
            index = chosen[start : start + batch_size]
            scores = models.scores_of(self.model, self._plain_images(X, index))
            right += int((scores.argmax(axis=1) == y[index]).sum())
        return right / len(chosen)
