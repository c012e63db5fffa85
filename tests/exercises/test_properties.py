"""Every property of a check can fail: the bank has something wrong that fails it."""

import pytest

from tests.exercises import bank


@pytest.mark.parametrize("group", bank.IDS_BY_GROUP)
def test_a_wrong_implementation_fails_each_property(group):
    seen, failed = set(), set()
    for implementation in bank.implementations("wrong", group):
        for result in bank.judge(implementation).results:
            seen.add(result.name)
            if result.passed is False:
                failed.add(result.name)
    assert failed and seen <= failed, sorted(seen - failed)
