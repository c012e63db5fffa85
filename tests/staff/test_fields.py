"""What Gradescope understands."""

import pytest

from utils.staff import fields


def test_results_that_it_understands():
    test = {"name": "a", "score": 1.5, "max_score": 2, "status": "passed"}
    assert fields.problems({"tests": [test], "output": "", "extra_data": {}}) == []
    assert fields.problems({"score": 0, "tests": [], "visibility": "hidden"}) == []


@pytest.mark.parametrize(
    ("results", "text"),
    [
        ([], "are no object"),
        ({}, "There is no score"),
        ({"tests": [{"name": "a"}]}, "There is no score"),
        ({"score": "1"}, "score of the results is a str"),
        ({"score": True}, "score of the results is a bool"),
        ({"score": 1, "verdict": 1}, "no field verdict in the results"),
        ({"score": 1, "visibility": "never"}, "visibility of the results is 'never'"),
        ({"score": 1, "tests": [1]}, "Test 1 is no object"),
        ({"score": 1, "tests": {}}, "tests of the results is a dict"),
        ({"score": 1, "tests": [{"status": "ok"}]}, "status of test 1 is 'ok'"),
        ({"score": 1, "tests": [{"output_format": 3}]}, "output_format of test 1"),
    ],
)
def test_results_that_it_does_not(results, text):
    assert any(text in problem for problem in fields.problems(results))
