import inspect

from utils.checks import misconceptions, receptive_field
from utils.checks.misconceptions import MISCONCEPTIONS, span, two_at_once
from utils.checks.receptive_field import ALEXNET, VGG_16


def side_length(m, s, k):
    return len(span(list(zip(m, s, strict=False))[:k]))


def by_marking_pixels(m, s, k):
    """Collect all pixels that neuron 0 sees, holes between windows included."""
    seen = {0}
    for window, stride in zip(m[k - 1 :: -1], s[k - 1 :: -1], strict=True):
        seen = {i * stride + p for i in seen for p in (0, window - 1)}
    return max(seen) - min(seen) + 1


def test_oracle_by_hand_and_by_pixels(rng):
    # The worked numbers of the homework: m = (2, 3, 4), s = (3, 4, 2) sees 2, 8, 44.
    assert [side_length([2, 3, 4], [3, 4, 2], k) for k in (1, 2, 3)] == [2, 8, 44]
    assert side_length(*ALEXNET, 8) == 195
    assert side_length(*VGG_16, 18) == 212
    for _ in range(50):
        m, s = rng.integers(1, 6, 4).tolist(), rng.integers(1, 4, 4).tolist()
        for k in range(1, 5):
            assert side_length(m, s, k) == by_marking_pixels(m, s, k)


def test_misconceptions_differ_from_the_truth_and_keep_their_values():
    net = [(2, 3), (3, 4), (4, 2)]
    deeper = [*net, (5, 2)]
    assert 44 not in [wrong(deeper, 3) for _, wrong in MISCONCEPTIONS]
    values = [wrong(net, 3) for _, wrong in MISCONCEPTIONS]
    for known in (100, 59, 43, 24, 9, 20, 29, 7, 145, 1936, 18, 16, 14):
        assert known in values


def test_no_given_function_answers_the_exercise():
    """Called like the exercise, nothing here returns what it asks for."""
    modules = (misconceptions, receptive_field)
    found = [value for module in modules for value in vars(module).values()]
    functions = [value for value in found if inspect.isfunction(value)]
    functions += [wrong for _, wrong in MISCONCEPTIONS]
    assert len(functions) > 20
    for function in functions:
        try:
            answer = function(*ALEXNET, 8)
        except (TypeError, ValueError, AttributeError):
            continue
        assert not isinstance(answer, int) or answer != 195, function


def test_two_at_once_are_wrong_in_both_ways():
    both = dict(two_at_once())
    steps = "the last of m pixels is not m steps away from the first"
    wrong = both[f"{steps}; and the strides are not used"]
    assert wrong([(3, 2), (4, 3)], 2) == 1 + 3 + 4
