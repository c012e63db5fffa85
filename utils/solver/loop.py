"""The loop inside `Solver`: from one evaluation to the next, update by update.

A call of `train` is cut into stretches that end where an epoch ends or accuracies are
measured.  Within a stretch only updates are made, and their time is counted; what a
person sees, measures or keeps happens between stretches, and checkpoints between two
updates.
"""

import contextlib
import math
import time

import numpy as np

from utils.kernels.interrupts import unbroken
from utils.solver import display, history
from utils.solver import model as models
from utils.solver import resume as resuming
from utils.solver.checkpoint import Checkpoints
from utils.solver.interrupts import Held


class Loop:
    """What `Solver` does; what it offers stands in ``solver.py``."""

    def _begin(self):
        """Prepare a call of `train`; return True if an earlier program has made it."""
        self._call += 1
        if self._call == 1:
            self._start_afresh()
            self._open_checkpoints()
        elif self._call > self._saved["call"]:
            self._start_afresh()
        return self._call < self._saved["call"]

    def _start_afresh(self):
        """Let a call of `train` begin at the first of its steps."""
        self._first_step, self._first_epoch = self.step, self.epoch
        self._row_step, self._seconds, self._images = self.step, 0.0, 0
        self._stale, self._is_finished, self._is_averaged = 0, False, False
        for pattern in self._frozen:
            self.model.unfreeze(pattern)
        self._frozen = set()
        filters = getattr(self.model, "filters", None)
        names = self.model.params if callable(filters) else ()
        self._updates.bind(
            self.model.params, filters={name: filters(name) for name in names} or None
        )
        if self.averaging is not None:
            self.averaging.bind(models.arrays_of(self.model))

    def _open_checkpoints(self):
        """Look for a checkpoint, and go on from there if `resume` is wanted."""
        if self.checkpoint is None:
            return
        settings = resuming.settings_of(self)
        self._checkpoints = Checkpoints(self.checkpoint, settings, self._say)
        tree = self._checkpoints.latest() if self.resume else None
        if tree is not None:
            resuming.load_state(self, tree)
            self._saved = {name: tree[name] for name in ("call", "done", "reason")}
            self._say(f"Going on after iteration {self.step} of {self.num_updates}.")
            warning = resuming.warning(tree)
            if warning is not None:
                self._say(warning)

    def _save(self, reason=None, done=False):
        """Write a checkpoint, if one was asked for; between two updates only."""
        if self._checkpoints is not None:
            tree = resuming.state_of(self, reason, done)
            self._checkpoints.save(self.step, tree)

    def _run(self):
        """Make all updates; return why training ended early, or None."""
        if self._call == self._saved["call"] and self._saved["done"]:
            return self._saved["reason"]
        start = time.perf_counter()
        deadline = start + (self.time_limit or math.inf)
        saves = self.checkpoint is not None
        self._next_save = start + (self.checkpoint_every if saves else math.inf)
        self._next_plot = math.inf if self.live_plot is None else start
        images = map(self._order.images, (self._plan.total, self._done()))
        reason = None
        with (
            Held(active=saves) as held,
            display.progress_bar(*images, self.verbose and self.progress) as self._bar,
        ):
            if not self.val_acc_history and self._plan.measures(0):
                self._evaluate()
                self._record(measured=True, epoch_over=True)
            while self.step < self.num_updates and not reason:
                reason = self._stretch(deadline, held)
        return reason

    def _done(self):
        """Give the number of updates in this call of `train`."""
        return self.step - self._first_step

    def _stretch(self, deadline, held):
        """Make updates up to the next stop and measure; return why to end, or None."""
        begun, stop = self.step, self._first_step + self._plan.next_stop(self._done())
        reason, torn = None, False
        try:
            self._make_updates(stop, deadline, held)
            measured = self._measure(stop)
        except KeyboardInterrupt:
            if self.step == begun:
                raise
            reason = "interrupted"
            torn, held.inside = held.inside, False  # some weights are new, some old
            measured = self._measure(stop)  # a second Ctrl-C is not caught here
        cut, done = self.step < stop, self._done()
        over = done % self._plan.per_epoch == 0 or done == self._plan.total
        self._record(measured, epoch_over=cut or over, interrupted=bool(reason))
        whole = done == self._plan.total
        if reason or whole:
            enough = whole
        elif self.patience and self._stale >= self.patience:
            reason = f"no better validation accuracy in {self._stale} evaluations"
            enough = True
        elif time.perf_counter() > deadline:
            reason = f"time_limit of {self.time_limit:g} s is over"
            enough = False
        if (reason or whole) and not (cut or torn):  # where it was cut, it was saved
            self._save(None if whole else reason, done=enough)
        return reason

    def _make_updates(self, stop, deadline, held):
        """Make updates up to a step, or until time is over; count their time."""
        title = f"epoch {self.epoch + 1}/{self._last_epoch()}"
        self._bar.set_description(title, refresh=False)
        begin = time.perf_counter()
        while self.step < stop:
            held.inside = True
            images = self._step()
            now = time.perf_counter()
            self._seconds += now - begin
            self.train_seconds += now - begin
            self._images += images
            begin, held.inside = now, False
            self._bar.update(images)
            if len(self.loss_history) % self.print_every == 0:
                loss = self.loss_history[-1]
                self._bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            # At the end of a stretch we save when it is measured.
            if (held.pending or now > deadline) and self.step < stop:
                self._save()
            if held.pending:
                raise KeyboardInterrupt
            if now > deadline:
                break
            if now > self._next_save and self.step < stop:
                self._save()
                begin = time.perf_counter()
                self._next_save = begin + self.checkpoint_every
            if now > self._next_plot:
                begin = self._draw()

    def _step(self):
        """Make one update; return the number of images in its batch."""
        done = self._done()
        k = done - (self.epoch - self._first_epoch) * self._plan.per_epoch
        index = self._order.batch(self.epoch, k)
        for pattern in self._plan.frozen(done):
            if pattern not in self._frozen:
                self.model.freeze(pattern)
                self._frozen.add(pattern)
        X, y = self._batch(index, self._plan.size(done)), self.y_train[index]
        loss, grads = models.loss_and_grads(self.model, X, y)
        # A lesson looks at every gradient.  With an optimizer we look at the loss,
        # which an infinite weight soon spoils, and at all weights when we evaluate.
        if self.optimizer is None or not math.isfinite(loss):
            self._require(models.not_finite(self.model, loss, grads, X))
        self.loss_history.append(loss)
        self._updates.step(self.model.params, grads, self._plan.progress(done))
        if self.averaging is not None:
            arrays = models.arrays_of(self.model)
            self.averaging.update(arrays, self._plan.progress(done + 1))
        return len(index)

    def _batch(self, index, size):
        """Give images to train with: augmented, or as they are."""
        if self.augment is None:
            return np.asarray(self.X_train[index], dtype=self._dtype)
        how = {} if size is None else {"size": size}
        # A model is done with a batch before it gets the next: one memory serves all.
        how["out"] = self._memory.get((size, len(index)))
        X = self.augment.batch(self.X_train, index, self.epoch, **how)
        self._memory = {(size, len(index)): X}
        return np.asarray(X, dtype=self._dtype)

    def _plain_images(self, X, index):
        """Give images to measure with, at the size with which training ends."""
        pixels = hasattr(X, "raw") or getattr(X, "dtype", None) == np.uint8
        if self.augment is None or not pixels:
            return np.asarray(X[index], dtype=self._dtype)
        size = {"size": self.sizes[-1][1]} if self.sizes else {}
        return np.asarray(self.augment.plain(X, index, **size), dtype=self._dtype)

    def _require(self, problem):
        """End training at a loss, gradient or weight that is infinite or no number."""
        if problem is None:
            return
        rates = self._updates.rates(self._plan.progress(self._done()))
        which = "" if self.optimizer is None else "the learning rate of "
        have = ", ".join(f"{which}{name} is {rate:g}" for name, rate in rates.items())
        advice = "try a smaller one" if self.loss_history else "no update yet"
        raise models.NotFinite(f"{problem} ({have}, {advice})")

    def _measure(self, stop):
        """Evaluate if it is time to; tell whether it was."""
        done = self._done()
        if done == self._plan.total and not self._is_finished:
            if self.finish is not None:
                self.finish(self.model)
            self._is_finished = True
        cut = self.step < stop and self.evaluate != "never"
        if cut or self._plan.measures(done):
            self._evaluate()
            return True
        if done == self._plan.total:
            self._require_finite_weights()
        return False

    def _require_finite_weights(self):
        name = models.first_not_finite(models.arrays_of(self.model))
        if name is not None:
            self._require(f"the value of {name} is the first that is not finite")

    def _evaluate(self):
        """Measure both accuracies, and keep the weights if they are the best."""
        with self._averages():
            self._require_finite_weights()
            train = self.check_accuracy(
                self.X_train, self.y_train, self.num_train_samples
            )
            val = self.check_accuracy(self.X_val, self.y_val, self.num_val_samples)
            first, better = not self.val_acc_history, val > self.best_val_acc
            self._stale = 0 if first or better else self._stale + 1
            if first or better:
                keep = self.keep_best and self.evaluate != "end"
                best = models.take(self.model) if keep else None
                self.best_val_acc, self._best = val, best
        self.train_acc_history.append(train)
        self.val_acc_history.append(val)

    @contextlib.contextmanager
    def _averages(self):
        """Let the model hold averaged weights, if they are kept beside its own."""
        try:
            self._hold_averages(True)
            yield
        finally:
            self._hold_averages(False)

    def _hold_averages(self, wanted):
        """Let the model hold averaged weights or its own, in any case whole ones."""
        if hasattr(self.averaging, "swap"):
            with unbroken():
                if self._is_averaged != wanted:
                    self.averaging.swap(models.arrays_of(self.model))
                    self._is_averaged = wanted

    def _record(self, measured, epoch_over, interrupted=False):
        """Add to the histories and tell a person and, unless at Ctrl-C, the caller."""
        done, plan = self._done(), self._plan
        losses = self.loss_history[self._row_step :]
        self._row_step = self.step
        row = history.add(
            self.history,
            step=self.step,
            epoch=self._first_epoch + done / plan.per_epoch,
            seconds=self.train_seconds,
            loss=np.mean(losses) if losses else None,
            rates=self._updates.rates(plan.progress(done)),
            train_accuracy=self.train_acc_history[-1] if measured else None,
            val_accuracy=self.val_acc_history[-1] if measured else None,
            size=plan.size(done),
        )
        last, speed = self._last_epoch(), ()
        if not epoch_over:
            title = f"step {self.step:{len(str(self.num_updates))}}/{self.num_updates}"
        else:
            if self._images:
                self.epoch += 1
                self.epoch_seconds.append(self._seconds)
                speed = self._seconds, self._images
                self._seconds, self._images = 0.0, 0
                if self.optimizer is None:
                    self.learning_rate *= self.lr_decay
            title = f"epoch {self.epoch:{len(str(last))}}/{last}"
        self._say(display.line(title, row, *speed))
        if measured and self.on_evaluate is not None and not interrupted:
            self.on_evaluate(self)

    def _last_epoch(self):
        return self._first_epoch + math.ceil(self._plan.total / self._plan.per_epoch)

    def _draw(self):
        """Bring the live plot up to date; return the time at the end of it."""
        start = time.perf_counter()
        self.live_plot.update(self)
        end = time.perf_counter()
        # Drawing may take a twentieth of the time, and happens once a second at most.
        self._next_plot = end + max(1.0, 20 * (end - start))
        return end

    def _finish(self, reason):
        """Restore the best weights; keep and print why training ended early."""
        text = f"Stopped after iteration {self.step}: {reason}"
        if self._best is not None:
            with unbroken():
                models.put_back(self.model, self._best)
            text += f"; best weights restored, val acc {self.best_val_acc:.3f}"
        elif self.loss_history:
            self._hold_averages(True)
        if reason:
            self.stopped = f"{text}."
            self._say(self.stopped)
        if self.live_plot is not None:
            self.live_plot.update(self)

    def _say(self, text):
        if self.verbose:
            if self._bar is not None:
                self._bar.clear()
            print(f"{text}\n", end="", flush=True)  # one write: Ctrl-C cannot split it
