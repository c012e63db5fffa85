"""The training loop: shuffle, loss, gradients, one update per batch, best weights.

Given code.  A `Solver` knows nothing about layers; it needs a model with

- ``model.params``, a dictionary of weights by name, float32 or float64;
- ``model.loss(X)``, the scores in test mode, shape (N, classes);
- ``model.loss(X, y)``, the loss and a dictionary of gradients, one per weight;
- ``model.bn_params``, if there is batch normalisation: a list or dictionary of the
  ``bn_param`` dictionaries, whose running statistics belong to the weights.
"""

import copy
import math
import numbers
import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from utils.optim import UPDATE_RULES

# One refresh per second, erased at the end, plain characters: saved output stays small.
BAR = dict(unit=" images", leave=False, ascii=True, ncols=88, mininterval=1, delay=1)


class Solver:
    """Train a model by gradient descent and leave its best weights in it.

    Each epoch visits every training image exactly once, in a new random order, in
    batches of at most ``batch_size`` images whose sizes differ by at most one (so that
    no epoch ends with a batch of two or three).  Then the accuracies are measured.  At
    the end the model holds the weights, and the running statistics of batch
    normalisation, with the highest validation accuracy.

    Batches are converted to the dtype of the weights: a float32 model is trained in
    float32 whatever the data are.  Weights are updated in place (see `utils.optim`).

    Parameters
    ----------
    model : object
        As described at the top of this file.
    data : dict
        ``X_train``, ``X_val``: arrays of shape (N, ...), or anything that has a
        ``shape`` and gives such an array for an array of indices; ``y_train``,
        ``y_val``: integer arrays of shape (N,).
    update_rule, optim_config : str, default "sgd", and dict, optional
        A name of `utils.optim.UPDATE_RULES`; options like ``{"learning_rate": 1e-3}``.
    lr_decay : float > 0, default 1.0
        The learning rate is multiplied by this after each epoch.
    batch_size, num_epochs : int >= 1, default 100 and 10
        Images per update, at most; epochs per call of `train`.
    num_train_samples, num_val_samples : int >= 1 or None, default 1000 and None
        Images per accuracy, always the same ones; None means all.
    verbose, progress : bool, default True
        Print one line per epoch, or nothing at all; in a terminal or notebook, show a
        bar during epochs of more than a second, and erase it at the end.
    print_every : int >= 1, default 10
        Iterations between two updates of the loss beside the bar.
    seed : int >= 0 or None, default 0
        Seed of the order of the images.  Equal seeds and an equal number of threads
        give equal results.
    time_limit : float > 0 or None, default None
        Seconds after which `train` ends, even within an epoch.

    Attributes
    ----------
    loss_history, epoch_seconds : list of float
        Loss of each iteration; time spent on the updates of each epoch.
    train_acc_history, val_acc_history : list of float
        Accuracy before training and after each epoch.
    best_val_acc, best_params : float, dict or None
        Highest validation accuracy so far, and the weights that reached it.
    epoch, learning_rate : int, float
        Epochs so far, also those cut short; the present learning rate, which you may
        change between calls.
    stopped : str or None
        Why the last call of `train` ended early, in one sentence.

    Raises
    ------
    ValueError
        If an argument makes no sense; the message says what was expected.
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
    ):
        self.model, self._dtype = model, _common_dtype(model)
        self.X_train, self.y_train = _split(data, "train")
        self.X_val, self.y_val = _split(data, "val")
        self.learning_rate = _default_rate(update_rule, optim_config)
        self.update_rule, self.optim_config = update_rule, dict(optim_config or {})
        self.lr_decay = _positive("lr_decay", lr_decay)
        self.batch_size = _whole("batch_size", batch_size)
        if batch_size > len(self.y_train):
            want = f"at most {len(self.y_train)}, the number of images in X_train"
            raise ValueError(f"batch_size is {batch_size}, expected {want}.")
        self.num_epochs = _whole("num_epochs", num_epochs)
        self.num_train_samples = _whole("num_train_samples", num_train_samples, True)
        self.num_val_samples = _whole("num_val_samples", num_val_samples, True)
        self.print_every = _whole("print_every", print_every)
        self.verbose, self.progress = verbose, progress
        self.time_limit = _positive("time_limit", time_limit, True)
        self._rng = np.random.default_rng(_whole("seed", seed, True, least=0))
        self.loss_history, self.train_acc_history, self.val_acc_history = [], [], []
        self.best_val_acc, self.best_params, self._best_bn_params = 0.0, None, []
        self.epoch, self.epoch_seconds, self.stopped = 0, [], None

    def train(self):
        """Train for ``num_epochs`` epochs, then restore the best weights.

        Training ends early, without an exception, when the loss, a gradient or a
        weight is not finite, when ``time_limit`` is over, or at Ctrl-C (Interrupt in a
        notebook); ``stopped`` says why.  In the last two cases an epoch that was begun
        is evaluated and counts as one; a second Ctrl-C does not wait for that.  The
        best weights are restored in each case.

        Calling `train` again adds ``num_epochs`` more epochs: from the weights the
        model holds, with the present learning rate and a fresh memory of the update
        rule; histories and best weights go on.

        Raises
        ------
        ValueError
            If the model's gradients do not match its weights, or its scores are not
            one row per image; found before the first update.
        """
        self.stopped = None
        try:
            # Threads inside BLAS that wait for each other at each small product crawl
            # as soon as another program runs; the layers bring their own threads.
            with threadpool_limits(1, "blas"), np.errstate(all="ignore"):
                reason = self._run_epochs()
        except KeyboardInterrupt:
            reason = "interrupted"
        except _NotFinite as error:
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
        X, y = _labelled(X, y, "X", "y")
        num_samples = _whole("num_samples", num_samples, True)
        batch_size = _whole("batch_size", batch_size)
        # A generator of its own leaves the order of the training images alone.
        chosen = np.sort(np.random.default_rng(0).permutation(len(y))[:num_samples])
        right = 0
        for start in range(0, len(chosen), batch_size):
            index = chosen[start : start + batch_size]
            scores = _scores(self.model, np.asarray(X[index], dtype=self._dtype))
            right += int((scores.argmax(axis=1) == y[index]).sum())
        return right / len(chosen)

    def _run_epochs(self):
        """Run all epochs; return why it ended early, or None."""
        deadline = time.perf_counter() + (self.time_limit or math.inf)
        last, reason = self.epoch + self.num_epochs, None
        configs = {name: dict(self.optim_config) for name in self.model.params}
        if not self.val_acc_history:
            self._evaluate()
            self._say_epoch(last)
        while self.epoch < last and not reason:
            done, start, steps = len(self.loss_history), time.perf_counter(), []
            try:
                self._run_epoch(configs, deadline, last, steps)
                self._evaluate()
            except KeyboardInterrupt:
                if not steps:
                    raise
                reason = "interrupted"
                self._evaluate()  # a second Ctrl-C is not caught here
            num_images, seconds = sum(n for n, _ in steps), steps[-1][1] - start
            self.epoch += 1
            self.epoch_seconds.append(seconds)
            self.learning_rate *= self.lr_decay
            speed = f"   {seconds:6.1f} s   {num_images / seconds:6.0f} images/s"
            self._say_epoch(last, f"{np.mean(self.loss_history[done:]):.4f}", speed)
            early = num_images < len(self.y_train) or self.epoch < last
            if not reason and early and time.perf_counter() > deadline:
                reason = f"time_limit of {self.time_limit:g} s is over"
        return reason

    def _run_epoch(self, configs, deadline, last, steps):
        """Visit each training image once; note images and time of every update."""
        order = self._rng.permutation(len(self.y_train))
        with self._bar(len(order), last) as bar:
            for index in np.array_split(order, math.ceil(len(order) / self.batch_size)):
                loss = self._step(index, configs)
                steps.append((len(index), time.perf_counter()))
                bar.update(len(index))
                if len(self.loss_history) % self.print_every == 0:
                    bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
                if steps[-1][1] > deadline:
                    break

    def _step(self, index, configs):
        """Update every weight once; return the loss of the batch."""
        params = self.model.params
        X = np.asarray(self.X_train[index], dtype=self._dtype)
        loss, grads = _loss_and_grads(self.model, X, self.y_train[index])
        self._require_finite(grads, "gradient", loss)
        self.loss_history.append(loss)
        rule = UPDATE_RULES[self.update_rule]
        for name, w in params.items():
            configs[name]["learning_rate"] = self.learning_rate
            params[name], configs[name] = rule(w, grads[name], configs[name])
        return loss

    def _require_finite(self, arrays, kind, loss=0.0):
        """End training at a loss, gradient or weight that is infinite or no number."""
        found = [] if math.isfinite(loss) else [f"the loss is {loss:g}"]
        for name in self.model.params:
            # The sum of anything not finite is not finite, and it is quick to compute.
            array = arrays[name]
            if not np.isfinite(array.sum()) and not np.isfinite(array).all():
                found.append(f"the {kind} of {name} is the first that is not finite")
                break
        if found:
            advice = "try a smaller one" if self.loss_history else "no update yet"
            found[-1] += f" (learning_rate is {self.learning_rate:g}, {advice})"
            raise _NotFinite(" and ".join(found))

    def _evaluate(self):
        """Measure both accuracies, and keep the weights if they are the best."""
        self._require_finite(self.model.params, "value")
        train = self.check_accuracy(self.X_train, self.y_train, self.num_train_samples)
        val = self.check_accuracy(self.X_val, self.y_val, self.num_val_samples)
        if self.best_params is None or val > self.best_val_acc:
            best = copy.deepcopy((val, self.model.params, _bn_params(self.model)))
            self.best_val_acc, self.best_params, self._best_bn_params = best
        self.train_acc_history.append(train)
        self.val_acc_history.append(val)

    def _finish(self, reason):
        """Restore the best weights; keep and print why training ended early."""
        text = f"Stopped after iteration {len(self.loss_history)}: {reason}"
        if self.best_params is not None:
            for name, w in self.best_params.items():
                self.model.params[name][...] = w
            best = copy.deepcopy(self._best_bn_params)
            for bn_param, best_param in zip(_bn_params(self.model), best, strict=False):
                bn_param.update(best_param)
            text += f"; best weights restored, val acc {self.best_val_acc:.3f}"
        if reason:
            self.stopped = f"{text}."
            self._say(self.stopped)

    def _bar(self, N, last):
        # Nobody watches a bar in a log file, and it would fill the file.
        out = sys.stdout
        live = out.isatty() or type(out).__module__.startswith("ipykernel")
        hide = not (self.verbose and self.progress and live)
        title = f"epoch {self.epoch + 1}/{last}"
        return tqdm(desc=title, total=N, file=out, disable=hide, **BAR)

    def _say_epoch(self, last, loss="-", speed=""):
        train, val = self.train_acc_history[-1], self.val_acc_history[-1]
        epoch = f"epoch {self.epoch:{len(str(last))}}/{last}   loss {loss:>7}"
        self._say(f"{epoch}   train acc {train:.3f}   val acc {val:.3f}{speed}")

    def _say(self, text):
        if self.verbose:
            print(f"{text}\n", end="", flush=True)  # one write: Ctrl-C cannot split it


class _NotFinite(ArithmeticError):
    """Ends training; its text is the reason."""


def _bn_params(model):
    bn_params = getattr(model, "bn_params", None) or []
    return list(bn_params.values() if isinstance(bn_params, dict) else bn_params)


def _scores(model, X):
    scores = model.loss(X)
    if getattr(scores, "ndim", 0) != 2 or len(scores) != len(X):
        have = f"model.loss(X) gave {_describe(scores)} for {len(X)} images"
        raise ValueError(f"{have}, expected scores, one row per image.")
    return scores


def _loss_and_grads(model, X, y):
    """Return what the model computes for one batch, or say what is wrong with it."""
    result = model.loss(X, y)
    pair = isinstance(result, tuple) and len(result) == 2
    loss, grads = result if pair else (None, None)
    if loss is None or np.shape(loss) != () or not isinstance(grads, dict):
        have = ", ".join(map(_describe, result)) if pair else _describe(result)
        want = "a number and a dictionary of gradients"
        raise ValueError(f"model.loss(X, y) gave {have}, expected {want}.")
    wanted = {name: w.shape for name, w in model.params.items()}
    got = {name: getattr(dw, "shape", None) for name, dw in grads.items()}
    for name in wanted | got:
        if wanted.get(name) != got.get(name):
            have = f"has shape {got[name]}" if name in got else "is missing"
            want = wanted.get(name, f"none, model.params has {', '.join(wanted)}")
            raise ValueError(f"The gradient of {name} {have}, expected {want}.")
    return float(loss), grads


def _common_dtype(model):
    """Check the model's weights; return the dtype in which to train."""
    params = getattr(model, "params", None)
    if not isinstance(params, dict) or not params:
        have = f"model.params is {_describe(params)}"
        raise ValueError(f"{have}, expected a dictionary of arrays by name.")
    for name, w in params.items():
        if not isinstance(w, np.ndarray) or w.dtype not in (np.float32, np.float64):
            have = f"model.params[{name!r}] is {_describe(w)}"
            raise ValueError(f"{have}, expected a float32 or float64 array.")
    return np.result_type(*(w.dtype for w in params.values()))


def _split(data, split):
    names = f"X_{split}", f"y_{split}"
    for name in names:
        if name not in data:
            have = f"data has no {name}, only {', '.join(map(str, data)) or 'nothing'}"
            raise ValueError(f"{have}; expected X_train, y_train, X_val and y_val.")
    return _labelled(*(data[name] for name in names), *names)


def _labelled(X, y, X_name, y_name):
    """Check that there is one integer label per image."""
    y = np.asarray(y)
    if not getattr(X, "shape", None) or len(X) == 0:
        raise ValueError(f"{X_name} is {_describe(X)}, expected an array of images.")
    if y.shape != (len(X),) or y.dtype.kind not in "iu":
        want = f"{len(X)} integers, one per image of {X_name}"
        raise ValueError(f"{y_name} is {_describe(y)}, expected {want}.")
    return X, y


def _default_rate(update_rule, optim_config):
    """Try the rule on one weight; return the learning rate to start with."""
    rule = UPDATE_RULES.get(update_rule) if isinstance(update_rule, str) else None
    if rule is None:
        names = ", ".join(UPDATE_RULES)
        raise ValueError(f"update_rule is {update_rule!r}, expected one of {names}.")
    return rule(np.zeros(1), np.zeros(1), copy.copy(optim_config))[1]["learning_rate"]


def _whole(name, value, none=False, least=1):
    is_int = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not (is_int and value >= least or none and value is None):
        expected = f"an int >= {least}{' or None' if none else ''}"
        raise ValueError(f"{name} is {value!r}, expected {expected}.")
    return value


def _positive(name, value, none=False):
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not (is_number and 0 < value < math.inf or none and value is None):
        expected = f"a finite number > 0{' or None' if none else ''}"
        raise ValueError(f"{name} is {value!r}, expected {expected}.")
    return value if value is None else float(value)


def _describe(value):
    if hasattr(value, "shape"):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return "None" if value is None else f"a {type(value).__name__}"
