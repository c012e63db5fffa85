"""Judges, each in a process of its own, that grade submissions side by side.

A judge is our code, but what it reads was written by others.  If one dies or does not
come back, its submission gets a record that says so, and the next judge takes over.
"""

import contextlib
import multiprocessing
import queue
import threading

from utils.staff import isolation, judge, receive

GRACE = 240.0  # seconds beyond the budget: what a last check may still take
MEMORY = 6 << 30  # bytes of address space of a judge


class Order:
    """What a judge needs to know; the same for all submissions of a batch."""

    def __init__(self, setting, level, memory, cache):
        self.setting, self.level = setting, level
        self.memory, self.cache = memory, cache


def serve(pipe, order):
    """Grade what comes through a pipe until it is closed; runs in a judge."""
    _limit_memory()
    with isolation.Room(order.level, order.memory, order.cache) as room:
        with contextlib.suppress(EOFError, OSError):
            while True:
                submission = receive.take(pipe.recv())
                pipe.send(judge.grade(submission, room, order.setting))


def _limit_memory():
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, most))


class Worker:
    """A judge that is started again whenever it is lost."""

    def __init__(self, order):
        self.order = order
        self.process = self.pipe = None

    def grade(self, path):
        """Return the record of a submission, whatever happens."""
        if self.process is None:
            context = multiprocessing.get_context("spawn")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(
                target=serve, args=(theirs, self.order), daemon=True
            )
            self.process.start()
            theirs.close()
        try:
            self.pipe.send(path)
            if self.pipe.poll(self.order.setting.budget + GRACE):
                return self.pipe.recv()
            reason = "did not come back"
        except (EOFError, OSError):
            reason = "was lost"
        self.close(at_once=True)
        return self._without(path, f"The judge of this submission {reason}.")

    def _without(self, path, reason):
        name = receive.safe_name(path.name)
        parts = {
            part.id: judge.without("stopped", reason) | {"points": 0}
            for part in self.order.setting.parts
        }
        record = {"submission": name, "digest": "", "handout": "", "notes": [reason]}
        return (
            record
            | {"level": self.order.level, "parts": parts, "seconds": 0.0}
            | {"limit": self.order.setting.seconds}
        )

    def close(self, at_once=False):
        """End the judge."""
        if self.process is not None:
            self.pipe.close()
            if at_once:
                self.process.kill()
            self.process.join(30)
            self.process.kill()
            self.process.join()
            self.process = None


def grade_all(paths, order, workers, take):
    """Grade submissions side by side.

    Parameters
    ----------
    paths : list of Path
    order : Order
    workers : int
        How many at the same time.
    take : callable
        Is handed each record, in this thread and as soon as it is there.
    """
    waiting, ready = queue.SimpleQueue(), queue.SimpleQueue()
    for path in paths:
        waiting.put(path)

    def work():
        worker = Worker(order)
        try:
            while True:
                ready.put(worker.grade(waiting.get_nowait()))
        except queue.Empty:
            pass
        except BaseException as error:
            ready.put(error)
        finally:
            worker.close()

    for _ in range(workers):
        threading.Thread(target=work, daemon=True).start()
    for _ in paths:
        record = ready.get()
        if isinstance(record, BaseException):
            raise record
        take(record)
