"""What many cases say together: the cause they share, and what tells right from wrong.

One case alone may fit several causes: on an image with one channel and one filter,
many mistakes look the same.  So the cause that is told is the one that explains most
of the cases that failed.  And where some cases are right and others wrong, what they
have in common narrows the place down: "right in every case without padding, wrong in
every case with it".
"""

from dataclasses import dataclass, replace
from itertools import combinations

from utils.checks.compare import Result, Wrong
from utils.checks.subject import LONGEST, plain

MOST = 3  # cases in which all causes are tried; the others only count


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
    more = [_elsewhere(tested, first, causes), _contrast_for(tested, first)]
    message = results[first].message
    for sentence in filter(None, more):
        if len(message) + len(sentence) < LONGEST:
            message = f"{message} {sentence}"
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
        Name of an array to the cause; without those that have none.
    """
    by_name = {}
    for wrong in wrongs:
        for fault in wrong.faults:
            by_name.setdefault(fault.name, []).append(fault)
    shared = {}
    for name, faults in by_name.items():
        looked_at = faults[:MOST]
        causes = dict.fromkeys(cause for f in looked_at for cause in f.causes)
        counts = {}
        for cause in causes:
            answers = [f.agrees(cause) for f in faults]
            known = [answer for answer in answers if answer is not None]
            if 2 * sum(known) >= len(known):  # less may be chance
                counts[cause] = sum(known)
        if counts:
            shared[name] = max(counts, key=counts.get)
    return shared


def contrast(cases):
    """Say which trait tells the cases that are right from those that are wrong.

    Parameters
    ----------
    cases : list of (dict, bool)
        Traits of a case, and whether it passed.

    Returns
    -------
    str
        A sentence, or an empty one if no trait does.
    """
    right = [traits for traits, passed in cases if passed]
    wrong = [traits for traits, passed in cases if not passed]
    if not right or not wrong:
        return ""
    names = list(wrong[0])

    def everywhere(*wanted):
        return all(all(traits.get(n) for n in wanted) for traits in wrong)

    def nowhere(*wanted):
        return not any(all(traits.get(n) for n in wanted) for traits in right)

    for name in names:
        if everywhere(name) and nowhere(name):
            return f"Right in every case without {name}, wrong in every case with it."
        if not any(t.get(name) for t in wrong) and all(t.get(name) for t in right):
            return f"Right in every case with {name}, wrong in every case without it."
    for pair in combinations(names, 2):
        if everywhere(*pair) and nowhere(*pair):
            return f"Wrong in every case with {pair[0]} and {pair[1]}, right in others."
    only = [name for name in names if everywhere(name)]
    if not only:
        return ""
    name = min(only, key=lambda n: sum(bool(traits.get(n)) for traits in right))
    if all(traits.get(name) for traits in right):
        return ""
    return f"Right in every case without {name}; all wrong ones have it."


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
        if fault.causes or fault.name not in causes:
            continue
        cause = causes[fault.name]
        for other in tested[first + 1 :]:
            faults = other.wrong.faults if other.wrong else ()
            if any(f.name == fault.name and f.agrees(cause) for f in faults):
                end = "" if cause.endswith("?") else "."
                return f'In "{other.result.name}", {fault.name}: {cause}{end}'
    return ""


def _contrast_for(tested, first):
    """Contrast the cases of the first group that has a failure."""
    if tested[first].wrong is None or not _judges_values(tested[first]):
        return ""
    groups = {}
    for t in tested:
        if isinstance(t.test, InCase) and t.test.traits is not None:
            if t.result.passed is not None:
                cases = groups.setdefault(t.test.group, [])
                cases.append((t.test.traits, t.result.passed))
    failing = (cases for cases in groups.values() if not all(ok for _, ok in cases))
    return contrast(next(failing, []))


def _judges_values(tested):
    """Tell whether a property is about values, as the cases are."""
    return isinstance(tested.test, InCase) or bool(tested.wrong.faults)
