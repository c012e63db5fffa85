"""What many cases say together: the cause they share, and what tells right from wrong.

One case alone may fit several causes: on an image with one channel and one filter,
many mistakes look the same.  So the cause that is told is the one that explains most
of the cases that failed.  And where some cases are right and others wrong, what they
have in common narrows the place down: "wrong in all cases with padding, right in all
others".
"""

from dataclasses import dataclass, replace
from itertools import combinations
from math import comb

from utils.checks.compare import Result, Wrong, as_sentence
from utils.checks.process import Dead
from utils.checks.subject import LONGEST, plain

MOST = 3  # cases in which all causes are tried; the others only count
CHANCE = 1 / 2  # a trait that is more likely than this to fit by chance is not told


@dataclass(frozen=True)
class InCase:
    """A property in one case: called with the student's functions, as any other."""

    test: object
    layer: object
    case: object

    def __call__(self, *subjects):
        """Test it."""
        return self.test(self.layer, self.case, *subjects)

    @property
    def traits(self):
        """What tells this case from others: names, and whether it has them."""
        return getattr(self.case, "traits", None)

    @property
    def group(self):
        """Cases of one group differ in nothing but the case."""
        return self.test, self.layer


@dataclass(frozen=True)
class Outcome:
    """A property, its result, and what was raised if it failed."""

    test: object
    result: Result
    wrong: Wrong | None = None


def settle(tested):
    """Return results whose messages say what all of them together show.

    Parameters
    ----------
    tested : list of Outcome
        In the order of the report.

    Returns
    -------
    list of Result
    """
    causes = shared_causes([t.wrong for t in tested if t.wrong is not None])
    results = [_told(t, causes) for t in tested]
    first = next((k for k, r in enumerate(results) if r.passed is False), None)
    if first is None:
        return results
    message = results[first].message
    elsewhere = _elsewhere(tested, first, causes)
    is_named = bool(elsewhere) or _is_named(tested[first], causes)
    for sentence in filter(None, (elsewhere, _contrast_for(tested, first, is_named))):
        if len(message) + len(sentence) < LONGEST:
            message = f"{as_sentence(message)} {sentence}"
    results[first] = replace(results[first], message=message)
    return results


def shared_causes(wrongs):
    """Find, for every array that is wrong, the cause that explains most cases.

    Parameters
    ----------
    wrongs : list of Wrong
        What was raised in the cases that failed.

    Returns
    -------
    dict
        Name of an array to its causes, those that explain most cases first.
    """
    by_name = {}
    for wrong in wrongs:
        for fault in wrong.faults:
            by_name.setdefault(fault.name, []).append(fault)
    shared = {}
    for name, faults in by_name.items():
        looked_at = faults[:MOST]
        known = {cause: f.knows(cause) for f in looked_at for cause in f.causes}
        counts = {}
        for cause in known:
            answers = [f.agrees(cause) for f in faults]
            if known[cause]:  # it may make no difference or no sense in a case
                answers = [answer for answer in answers if answer is not None]
            count = sum(map(bool, answers))
            if 2 * count >= len(answers):  # less may be chance
                counts[cause] = count
        shared[name] = sorted(counts, key=counts.get, reverse=True)
    return shared


def contrast(cases, is_named=False):
    """Say which trait tells the cases that are right from those that are wrong.

    The more traits there are and the fewer cases, the likelier one of them fits by
    chance: then nothing is said.

    Parameters
    ----------
    cases : list of (dict, bool)
        Traits of a case, and whether it passed.
    is_named : bool, default False
        Whether a cause is known: then a trait that does not tell them all apart is
        left out, and so is one of a single case: it may be chance, and a second trail.

    Returns
    -------
    str
        A sentence, or an empty one if no trait does.
    """
    right = [traits for traits, passed in cases if passed]
    wrong = [traits for traits, passed in cases if not passed]
    if not right or len(wrong) < 1 + is_named:
        return ""
    counts = {
        name: sum(bool(traits.get(name)) for traits, _ in cases) for name in wrong[0]
    }
    names = [name for name in counts if 0 < counts[name] < len(cases)]

    def is_chance(tried, having):
        """Tell whether so many traits fit wrong cases that are drawn by lot."""
        fitting, all_draws = (comb(n, len(wrong)) for n in (having, len(cases)))
        return tried * fitting > CHANCE * all_draws

    def everywhere(*wanted):
        return all(all(traits.get(n) for n in wanted) for traits in wrong)

    def nowhere(*wanted):
        return not any(all(traits.get(n) for n in wanted) for traits in right)

    for name in names if not is_chance(len(names), len(wrong)) else ():
        if everywhere(name) and nowhere(name):
            return f"Wrong in all cases with {name}, right in all others."
        if not any(t.get(name) for t in wrong) and all(t.get(name) for t in right):
            return f"Right in all cases with {name}, wrong in all others."
    pairs = list(combinations(names, 2))
    for pair in pairs if not is_chance(len(pairs), len(wrong)) else ():
        if everywhere(*pair) and nowhere(*pair):
            return f"Wrong in all cases with {' and '.join(pair)}, right in all others."
    only = [name for name in names if everywhere(name)]
    if is_named or not only or len(wrong) < 2:
        return ""
    name = min(only, key=counts.get)
    if is_chance(len(names), counts[name]):
        return ""
    return f"Only cases with {name} are wrong, but not all of them."


def _told(tested, causes):
    """Return a result with the causes in its message."""
    result, wrong = tested.result, tested.wrong
    if wrong is None:
        return result
    return replace(result, message=plain(wrong.tell(causes)))


def _elsewhere(tested, first, causes):
    """Tell the cause of another case, if the first one that failed has none."""
    wrong = tested[first].wrong
    if wrong is None:
        return ""
    for fault in wrong.faults:
        if fault.causes or not causes[fault.name]:
            continue
        cause = causes[fault.name][0]
        for other in tested[first + 1 :]:
            faults = other.wrong.faults if other.wrong else ()
            # A pattern that the first does not show is not what is wrong with it.
            if any(
                f.name == fault.name and f.knows(cause) and f.agrees(cause)
                for f in faults
            ):
                text = f'In "{other.result.name}", {fault.name}: {cause}'
                return as_sentence(text)
    return ""


def _is_named(tested, causes):
    """Tell whether a message has a known mistake; a pattern only describes."""
    faults = tested.wrong.faults if tested.wrong else ()
    return any(f.knows(c) and f.agrees(c) for f in faults for c in causes[f.name])


def _contrast_for(tested, first, is_named):
    """Contrast the cases of the first group that has a failure."""
    wrong = tested[first].wrong
    # Once the process has ended, the cases that may be right were not tried.
    if wrong is None or isinstance(wrong, Dead) or not _judges_values(tested[first]):
        return ""
    groups = {}
    for t in tested:
        if isinstance(t.test, InCase) and t.test.traits is not None:
            if t.result.passed is not None:
                cases = groups.setdefault(t.test.group, [])
                cases.append((t.test.traits, t.result.passed))
    failing = (cases for cases in groups.values() if not all(ok for _, ok in cases))
    return contrast(next(failing, []), is_named)


def _judges_values(tested):
    """Tell whether a property is about values, as the cases are."""
    return isinstance(tested.test, InCase) or bool(tested.wrong.faults)
