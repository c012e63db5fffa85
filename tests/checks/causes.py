"""What `judge` says of wrong values, for tests of known mistakes and of patterns."""

import pytest

from utils.checks.compare import Wrong, judge


def explain(name, got, expected, suspects=()):
    """Return the first cause of what is wrong, or an empty string."""
    with pytest.raises(Wrong) as caught:
        judge(name, got, expected, 0.0, suspects)
    (fault,) = caught.value.faults
    return next(iter(fault.causes), "")
