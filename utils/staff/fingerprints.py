"""What exists only inside of marked regions: short runs of words.

A text is a row of words and signs; spaces, line ends, quotes and ``#`` do not count, so
that a line is found however it is indented, quoted or commented out.  The fingerprints
of a region are its runs of `RUN` words, its shorter lines from `LINE` words on, and of
still shorter ones those from `SHORT` words on, which count only as a whole line; all as
far as they occur nowhere outside of the regions.
"""

import bisect
import re

RUN, LINE, SHORT = 8, 5, 3

_WORD = re.compile(r"\w+|[^\w\s#\"'`\\,]")


class Fingerprints:
    """What to look for.

    Parameters
    ----------
    regions : list of Region
    outside : iterable of str
        All text that students get whatever happens.
    """

    def __init__(self, regions, outside):
        self.canaries = {region.canary: region for region in regions}
        self._runs = {}
        for region in regions:
            for run in _runs_of(region):
                self._runs.setdefault(run, region)
        self._heads = {run[:SHORT] for run in self._runs}  # a quick first look
        for text in outside:
            for _, run in list(self._hits(text)):
                self._runs.pop(run, None)

    def __len__(self):
        """Count what is looked for."""
        return len(self._runs) + len(self.canaries)

    def without(self):
        """Return the regions that are known by nothing but their canaries."""
        known = {region.place for region in self._runs.values()}
        return [r for r in self.canaries.values() if r.place not in known]

    def find(self, text):
        """Give the regions that a text holds something of.

        Parameters
        ----------
        text : str

        Yields
        ------
        line : int
            The line of the text where it begins, from 1.
        region : Region
        what : str
            What was found there.
        """
        ends = [match.start() for match in re.finditer("\n", text)]
        for canary, region in self.canaries.items():
            if canary in text:
                yield 1 + bisect.bisect(ends, text.index(canary)), region, canary
        for start, run in self._hits(text):
            yield 1 + bisect.bisect(ends, start), self._runs[run], " ".join(run)

    def _hits(self, text):
        """Give where each known run begins in a text, and the run."""
        words = words_of(text)
        heads = zip(*(words[k:] for k in range(SHORT)), strict=False)
        found = [k for k, head in enumerate(heads) if head in self._heads]
        places = [match.span() for match in _WORD.finditer(text)] if found else []
        for k in found:
            for length in range(SHORT, min(RUN, len(words) - k) + 1):
                run = tuple(words[k : k + length])
                if run not in self._runs:
                    continue
                if length >= LINE or _is_alone(text, places, k, k + length):
                    yield places[k][0], run


def _is_alone(text, places, first, last):
    """Tell whether some words of a text are all that their line holds."""
    above = text[places[first - 1][1] : places[first][0]] if first else "\n"
    more = last < len(places)
    below = text[places[last - 1][1] : places[last][0]] if more else "\n"
    return "\n" in above and "\n" in below


def words_of(text):
    """Return the words and signs of a text."""
    return _WORD.findall(text)


def _runs_of(region):
    words = words_of("\n".join(region.lines))
    yield from (tuple(words[k : k + RUN]) for k in range(len(words) - RUN + 1))
    for line in region.lines:
        words = words_of(line)
        if SHORT <= len(words) < RUN:
            yield tuple(words)
