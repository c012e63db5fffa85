import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.optim.schedules import (
    constant,
    cosine,
    linear,
    one_cycle,
    power,
    steps,
    triangle,
)

PARTS = st.floats(0, 1)
RATES = st.floats(0, 1e3)
FRACTIONS = st.floats(0, 1)
SMOOTH = st.one_of(
    st.builds(constant, RATES),
    st.builds(linear, RATES, RATES, st.floats(0.05, 1)),
    st.builds(triangle, RATES, st.floats(0.05, 0.95), FRACTIONS, FRACTIONS),
    st.builds(cosine, RATES, RATES, st.one_of(st.just(0), st.floats(0.05, 0.95))),
    st.builds(one_cycle, RATES, st.floats(0.05, 0.95), FRACTIONS, FRACTIONS),
    st.builds(power, RATES, st.floats(1, 4)),
)
ANY = st.one_of(
    SMOOTH,
    st.builds(linear, RATES, RATES, PARTS),
    st.builds(triangle, RATES, PARTS, FRACTIONS, FRACTIONS),
    st.builds(cosine, RATES, RATES, PARTS),
    st.builds(one_cycle, RATES, PARTS, FRACTIONS, FRACTIONS),
    st.builds(
        steps, RATES, st.lists(PARTS, max_size=4).map(sorted).map(tuple), FRACTIONS
    ),
)


@pytest.mark.parametrize(
    "schedule, points",
    [
        (constant(0.3), {0: 0.3, 0.5: 0.3, 1: 0.3}),
        (linear(0.24), {0: 0.24, 0.25: 0.18, 1: 0}),
        (linear(1, 0.5, 0.4), {0: 1, 0.2: 0.75, 0.4: 0.5, 1: 0.5}),
        (linear(1, 0.5, 0), {0: 0.5, 1: 0.5}),
        (triangle(10), {0: 2, 0.115: 6, 0.23: 10, 0.615: 5.35, 1: 0.7}),
        (triangle(1, 0), {0: 1, 1: 0.07}),
        (triangle(1, 1), {0: 0.2, 0.5: 0.6, 1: 1}),
        (cosine(2), {0: 2, 1 / 3: 1.5, 0.5: 1, 2 / 3: 0.5, 1: 0}),
        (cosine(2, 1, 0.2), {0: 0, 0.1: 1, 0.2: 2, 0.6: 1.5, 1: 1}),
        (cosine(2, 1, 1), {0: 0, 0.5: 1, 1: 2}),
        (one_cycle(5), {0: 0.2, 0.15: 2.6, 0.3: 5, 0.65: 2.50001, 1: 2e-5}),
        (steps(1), {0: 1, 0.49: 1, 0.5: 0.1, 0.75: 0.01, 1: 0.01}),
        (steps(1, (), 0.5), {0: 1, 1: 1}),
        (steps(8, (0.2, 0.2, 1), 0.5), {0.1: 8, 0.2: 2, 1: 1}),
        (power(0.5, 3), {0: 0, 0.5: 0.0625, 1: 0.5}),
    ],
    ids=repr,
)
def test_points_by_hand(schedule, points):
    for progress, rate in points.items():
        assert schedule(progress) == pytest.approx(rate, rel=1e-12, abs=1e-15)


@given(ANY, PARTS)
def test_rates_stay_between_0_and_the_largest_number(schedule, progress):
    names = [n for n in ("rate", "first", "last", "peak") if hasattr(schedule, n)]
    top = max(getattr(schedule, name) for name in names)
    if hasattr(schedule, "peak"):
        top = schedule.peak
    assert 0 <= schedule(progress) <= top * (1 + 1e-12)


@given(SMOOTH, PARTS, st.floats(-1e-6, 1e-6))
def test_all_but_steps_are_continuous(schedule, progress, step):
    other = min(1, max(0, progress + step))
    # The steepest: half a wave over 1/20, from 1000 to 0, or a power of 4.
    bound = 1000 * np.pi / 2 / 0.05 * abs(other - progress) + 1e-9
    assert abs(schedule(other) - schedule(progress)) <= bound


@given(ANY)
def test_they_print_as_they_are_written(schedule):
    assert eval(repr(schedule)) == schedule


def test_what_makes_no_sense_is_refused():
    for make, message in [
        (lambda: linear(-1), "first of linear is -1, expected a finite number >= 0"),
        (lambda: constant("high"), "rate of constant is 'high', expected a finite"),
        (lambda: constant(True), "rate of constant is True"),
        (lambda: triangle(float("nan")), "peak of triangle is nan"),
        (lambda: one_cycle(float("inf")), "peak of one_cycle is inf"),
        (lambda: cosine(1, warmup=1.5), "warmup of cosine is 1.5, .* from 0 to 1"),
        (lambda: linear(1, 0, -0.1), "until of linear is -0.1, .* from 0 to 1"),
        (lambda: steps(1, 0.5), "at of steps is 0.5, expected a sequence"),
        (lambda: steps(1, (2,)), r"at of steps is \(2,\), expected a sequence"),
        (lambda: steps(1, (0.5, 0.2)), "at of steps .* expected ascending"),
    ]:
        with pytest.raises(ValueError, match=message):
            make()


@pytest.mark.parametrize("progress", [-0.1, 1.0001, float("nan"), "half", None, True])
def test_progress_is_a_part(progress):
    with pytest.raises(ValueError, match="progress is .*, expected a number from 0"):
        linear(1)(progress)


def test_numbers_of_numpy_are_numbers():
    assert linear(np.float32(0.5))(np.float64(0.5)) == 0.25
    assert repr(constant(np.float64(1))) == "constant(rate=1.0)"
