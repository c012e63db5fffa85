"""The finder looks for a learning rate with a model of its own."""

import numpy as np
import pytest

from tests.solver.small_net import Net, make_data
from tests.solver.stand_ins import Momentum, PictureNet, Views, make_pictures
from utils.solver import find_learning_rate
from utils.solver.finder import Rising, smoothed


class Bowl:
    """loss = w * w / 2, so that SGD gets worse exactly above a rate of 2."""

    def __init__(self):
        self.params = {"w": np.array([1.0])}

    def loss(self, X, y=None):
        w = self.params["w"]
        if y is None:
            return np.zeros((len(X), 2))
        return 0.5 * w[0] ** 2 + 0.1, {"w": w.copy()}


def test_losses_by_hand():
    finding = find_learning_rate(
        Bowl, make_data(), lowest=0.01, highest=100, num_steps=13, batch_size=9
    )
    rates = [0.01 * 10 ** (k / 3) for k in range(13)]
    w, losses = 1.0, []
    for rate in rates:
        losses.append(0.5 * w * w + 0.1)
        w -= rate * w
    assert finding.rates == pytest.approx(rates)
    assert finding.losses == pytest.approx(losses)


def test_the_suggestion_lies_where_the_loss_still_falls():
    finding = find_learning_rate(
        Bowl, make_data(), lowest=1e-5, highest=100, num_steps=200, batch_size=9
    )
    # A tenth of what lies between 0.2 and 2, or of a little more: w is almost 0 by
    # then, and takes some updates to grow.
    assert 0.02 < finding.suggestion < 0.25
    assert finding.smooth[-1] > finding.smooth[0] > min(finding.smooth)


@pytest.mark.parametrize("rule", ["sgd", "sgd_momentum", "adam"])
def test_a_suggestion_is_good_to_train_with(rule):
    made = []

    def make():
        made.append(Net())
        return made[-1]

    options = {"update_rule": rule, "batch_size": 20, "seed": 2}
    finding = find_learning_rate(make, make_data(), **options)
    assert len(made) == 1
    assert len(finding.rates) == len(finding.losses) == len(finding.smooth) <= 100
    assert 1e-4 < finding.suggestion < 1
    again = find_learning_rate(Net, make_data(), **options)
    assert again == finding


def test_an_optimizer_gets_the_schedule():
    class Scheduled(Momentum):
        def rates(self, progress):
            return {"*": self.rate(progress)}

    views = Views()
    finding = find_learning_rate(
        PictureNet,
        make_pictures(),
        optimizer=lambda rate: Scheduled(rate),
        augment=views,
        size=3,
        batch_size=12,
        lowest=1e-3,
        highest=100,
        num_steps=50,
    )
    assert {size for _, _, size, _ in views.calls} == {3}
    assert finding.rates[0] == pytest.approx(1e-3)
    assert finding.suggestion is not None


def test_it_ends_at_the_first_loss_that_is_not_finite():
    finding = find_learning_rate(
        Net, make_data(), lowest=1e-3, highest=1e30, batch_size=20
    )
    assert 5 < len(finding.losses) < 100
    assert np.isfinite(finding.losses).all()


def test_without_a_fall_there_is_no_suggestion():
    finding = find_learning_rate(
        Net, make_data(), lowest=1e-9, highest=1e-8, batch_size=90
    )
    assert finding.suggestion is None


@pytest.mark.parametrize(
    "options, message",
    [
        ({"lowest": 0}, "lowest is 0, expected a finite number > 0"),
        ({"highest": 1e-7}, "highest is 1e-07, expected more than lowest, 1e-06"),
        ({"num_steps": 9}, "num_steps is 9, expected an int >= 10"),
        ({"update_rule": "sdg"}, "update_rule is 'sdg', expected one of sgd"),
        ({"batch_size": 91}, "batch_size is 91, expected at most 90"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        find_learning_rate(Net, make_data(), **options)


def test_a_model_that_is_broken_from_the_start():
    class Broken(Net):
        def loss(self, X, y=None):
            loss, grads = super().loss(X, y)
            return np.nan, grads

    with pytest.raises(ValueError, match="iteration 0: the loss is nan"):
        find_learning_rate(Broken, make_data(), batch_size=20)


def test_rising_schedule():
    rising = Rising(1e-3, 10, 5)
    assert [rising(k / 5) for k in range(5)] == pytest.approx([1e-3, 1e-2, 0.1, 1, 10])
    assert repr(rising) == "Rising(0.001, 10, 5)"


def test_smoothing_by_hand():
    assert smoothed([2.0, 2.0, 2.0], 1) == pytest.approx([2, 2, 2])
    # weights 1/2, 1, 1/2; at the ends 1, 1/2
    assert smoothed([1.0, 1.5, 1.25], 1) == pytest.approx(
        [1.75 / 1.5, 2.625 / 2, 2 / 1.5]
    )
    assert smoothed([1.0, 1.0, 1e9], 0) == [1, 1, 2]
