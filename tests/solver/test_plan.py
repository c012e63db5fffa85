"""What belongs to a step follows from its number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.solver.plan import Order, Plan


@given(N=st.integers(1, 40), batch_size=st.integers(1, 40), even=st.booleans())
def test_batches_of_an_epoch(N, batch_size, even):
    batch_size = min(N, batch_size)
    order = Order(N, batch_size, 0, even)
    batches = [order.batch(0, k) for k in range(order.per_epoch)]
    seen = np.concatenate(batches)
    sizes = {len(batch) for batch in batches}
    assert len(set(seen.tolist())) == len(seen) == order.images(order.per_epoch)
    if even:
        assert sorted(seen) == list(range(N))
        assert max(sizes) <= batch_size and max(sizes) - min(sizes) <= 1
    else:
        assert sizes == {batch_size} and N - len(seen) < batch_size
        expected = np.random.default_rng([0, 0]).permutation(N)[: len(seen)]
        np.testing.assert_array_equal(seen, expected)


@given(
    even=st.booleans(),
    seed=st.none() | st.integers(0, 9),
    epoch=st.integers(0, 3),
    k=st.integers(0, 4),
)
def test_the_order_goes_on_from_any_batch(even, seed, epoch, k):
    def walk(order, until):
        for e, j in [(e, j) for e in range(4) for j in range(5)]:
            if (e, j) < until:
                order.batch(e, j)

    first = Order(23, 5 if even else 4, seed, even)
    assert first.per_epoch == 5
    walk(first, (epoch, k))
    state = first.state_dict(epoch)
    second = Order(23, 5 if even else 4, None, even)
    second.load_state_dict(state)
    for e, j in [(e, j) for e in range(4) for j in range(5)]:
        if (e, j) >= (epoch, k):
            np.testing.assert_array_equal(first.batch(e, j), second.batch(e, j))


def test_images_are_counted():
    assert Order(90, 20, 0, even=True).images(5) == 90
    assert Order(90, 20, 0, even=False).images(8) == 160


@pytest.mark.parametrize(
    "evaluate, stops, measured",
    [
        ("epoch", [4, 8, 10], [0, 4, 8, 10]),
        ("end", [4, 8, 10], [10]),
        ("never", [4, 8, 10], []),
        (3, [3, 4, 6, 8, 9, 10], [3, 6, 9, 10]),
    ],
)
def test_stops_by_hand(evaluate, stops, measured):
    plan = Plan(4, 10, evaluate)
    step, seen = 0, []
    while step < 10:
        step = plan.next_stop(step)
        seen.append(step)
    assert seen == stops
    assert [step for step in range(11) if plan.measures(step)] == measured


def test_sizes_and_frozen_weights_by_hand():
    sizes, freeze = ((0.0, 20), (0.5, 32)), ((0.25, "conv1.*"), (0.75, "bn1.*"))
    plan = Plan(4, 4, sizes=sizes, freeze=freeze)
    assert [plan.size(step) for step in range(5)] == [20, 20, 32, 32, 32]
    frozen = [plan.frozen(step) for step in range(4)]
    assert frozen == [[], ["conv1.*"], ["conv1.*"], ["conv1.*", "bn1.*"]]
    assert Plan(4, 4).size(3) is None
    assert [plan.progress(step) for step in (0, 1, 4)] == [0, 0.25, 1]
