"""The bank of wrong and of correct implementations, and what the checks say of them.

    python -m tests.exercises.bank [GROUP [NAME]]

An implementation is a small module in `wrong/<group>/` or `correct/<group>/`.  It
defines what a student would write, under the names of the exercise; a name that it
leaves out is taken from the solved exercise.  A wrong one has ``CAUSE``: the words
which the message of the first failing result must contain, so that whoever reads it
knows what to change.  Those in `unseen/<group>/` are wrong, too, but serve to measure:
nothing in the checks is written for them, so they tell what a new mistake gets.
"""

import contextlib
import functools
import importlib
import importlib.util
import io
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from utils.checks.runner import EXERCISE_BY_ID

FOLDER = Path(__file__).resolve().parent
IDS_BY_GROUP = {
    "conv_forward": ("conv-forward",),
    "conv_backward": ("conv-backward",),
    "max_pool_forward": ("max-pool-forward",),
    "max_pool_backward": ("max-pool-backward",),
    "spatial_batchnorm_forward": ("spatial-batchnorm-forward",),
    "spatial_batchnorm_backward": ("spatial-batchnorm-backward",),
    "spatial_groupnorm": ("spatial-groupnorm",),
    "cnn": ("cnn-init", "cnn-loss"),
    "receptive_field": ("receptive-field",),
}
OUTCOMES = {}  # what has been judged in this process, for the summary


@dataclass(frozen=True)
class Implementation:
    """One module of the bank; ``kind`` is the folder: wrong, unseen or correct."""

    kind: str
    group: str
    name: str

    def __str__(self):
        return f"{self.kind}/{self.group}/{self.name}"

    def load(self):
        """Execute the module afresh: what it keeps in globals is nobody else's."""
        path = FOLDER / self.kind / self.group / f"{self.name}.py"
        spec = importlib.util.spec_from_file_location(f"bank.{self.name}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


@dataclass(frozen=True)
class Outcome:
    """What the checks of an implementation found, and the cause it should have."""

    results: tuple
    report: str
    cause: tuple

    @property
    def accepted(self):
        """Whether every result is a pass."""
        return all(result.passed is True for result in self.results)

    @property
    def refused(self):
        """Whether a result is a failure; "todo" is none."""
        return self.first is not None

    @property
    def first(self):
        """The first failing result, or None."""
        return next((r for r in self.results if r.passed is False), None)

    @property
    def named(self):
        """Whether the message of the first failing result has all words of CAUSE."""
        return self.refused and says(self.first.message, self.cause)


def says(message, cause):
    """Tell whether a message has all words of a cause, as whole words."""
    return all(_word(word).search(message) for word in cause)


@functools.cache
def _word(word):
    """Compile a pattern of a word by itself, or with the s of a plural."""
    begin, end = r"(?<!\w)", r"s?(?!\w)"
    begin, end = begin if word[0].isalnum() else "", end if word[-1].isalnum() else ""
    return re.compile(begin + re.escape(word) + end, re.IGNORECASE)


def implementations(kind, group=None, name=None):
    """List the modules of the bank, or those of a group, or one."""
    paths = sorted(FOLDER.glob(f"{kind}/{group or '*'}/{name or '*'}.py"))
    return [Implementation(kind, path.parent.name, path.stem) for path in paths]


@functools.cache
def judge(implementation):
    """Run the checks of an implementation's exercise on it."""
    module = implementation.load()
    results, report = [], io.StringIO()
    for exercise_id in IDS_BY_GROUP[implementation.group]:
        exercise = EXERCISE_BY_ID[exercise_id]
        solved = importlib.import_module(f"utils.exercises.{exercise.module}")
        subjects = [
            getattr(module, name, getattr(solved, name)) for name in exercise.names
        ]
        with contextlib.redirect_stdout(report):
            results += exercise.check(*subjects)
    cause = getattr(module, "CAUSE", ())
    cause = (cause,) if isinstance(cause, str) else tuple(cause)
    outcome = Outcome(tuple(results), report.getvalue(), cause)
    OUTCOMES[implementation] = outcome
    return outcome


def summary(outcomes):
    """Sum up what was judged: a line on the bank, and one on what is unseen."""
    wrong, correct, unseen = (
        [outcome for each, outcome in outcomes.items() if each.kind == kind]
        for kind in ("wrong", "correct", "unseen")
    )
    accepted = sum(outcome.accepted for outcome in correct)
    return (
        f"{len(wrong)} wrong implementations, {_all_or(_caught(wrong), wrong)} caught; "
        f"{len(correct)} correct variants, {_all_or(accepted, correct)} accepted; "
        f"cause named for {_named(wrong)} of {len(wrong)}\n"
        f"unseen: {_caught(unseen)} caught of {len(unseen)}, cause named for "
        f"{_named(unseen)}"
    )


def _caught(outcomes):
    return sum(outcome.refused for outcome in outcomes)


def _named(outcomes):
    return sum(outcome.named for outcome in outcomes)


def _all_or(count, outcomes):
    return "all" if count == len(outcomes) else f"only {count}"


def main(group=None, name=None):
    """Print what the checks say first about each implementation, and the totals."""
    outcomes = {
        implementation: judge(implementation)
        for kind in ("wrong", "unseen", "correct")
        for implementation in implementations(kind, group, name)
    }
    for implementation, outcome in outcomes.items():
        if implementation.kind == "correct":
            word = "ok" if outcome.accepted else "REFUSED"
        else:
            word = "named" if outcome.named else "caught" if outcome.refused else "PASS"
        print(f"{word:8}{implementation}")
        if outcome.first:
            print(f"        {outcome.first.name}: {outcome.first.message}")
        if word == "caught":
            print(f"        expected the words: {', '.join(outcome.cause)}")
        if name:
            print(outcome.report)
    for each, count in Counter(i.group for i in outcomes).items():
        print(f"{each}: {count}")
    print(summary(outcomes))


if __name__ == "__main__":
    main(*sys.argv[1:3])
