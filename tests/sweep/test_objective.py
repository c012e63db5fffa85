"""Recipes as objectives, with a stand-in for the recipes."""

from types import SimpleNamespace

import numpy as np
import pytest

from utils import sweep
from utils.cifar10.images import Images
from utils.sweep import objective as room
from utils.sweep.library import SweepError


def pictures(count, as_images=True):
    """Number the pictures in their first pixel; the first 500 of them only."""
    pixels = np.zeros((count, 3, 32, 32), np.uint8)
    pixels[:, 0, 0, 0] = np.arange(count) % 251
    X = Images(pixels, np.float32(7), np.float32(2)) if as_images else pixels
    labels = np.arange(count, dtype=np.int64)
    test = {"X_test": "the real test images", "y_test": "their classes"}
    return {"X_train": X, "y_train": labels, "classes": list("ab"), **test}


class Call:
    """A trial that remembers what it is told."""

    def __init__(self, **params):
        self.params, self.told = params, []

    def report(self, step, accuracy):
        self.told.append((step, round(accuracy, 6)))


def ended(accuracy, stopped=None):
    net = SimpleNamespace(accuracy=accuracy)
    return SimpleNamespace(net=net, solver=SimpleNamespace(stopped=stopped))


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("interrupted; best weights restored, val acc 0.5", KeyboardInterrupt),
        ("the loss is nan", ArithmeticError),
    ],
)
def test_a_training_that_ended_early_is_no_result(recipes, monkeypatch, reason, error):
    stopped = f"Stopped after iteration 7: {reason}."
    monkeypatch.setattr(recipes, "train", lambda *_, **__: ended(0.9, stopped))
    with pytest.raises(error):
        sweep.recipe_objective("tiny", pictures(50))(Call())


def test_it_trains_the_recipe_with_the_parameters_of_the_trial(recipes):
    objective = sweep.recipe_objective(
        "tiny", pictures(50), seed=3, threads=1, batch_size=5
    )
    trial = Call(rate=0.01, epochs=2.0)
    assert objective(trial) == pytest.approx(0.7)
    assert trial.told == [(25, 0.175), (50, 0.35), (75, 0.525)]  # the end is no step
    ((recipe, data, seed, threads),) = recipes.calls
    chosen = recipes.RECIPES["tiny"]._replace(rate=0.01, epochs=2.0, batch_size=5)
    assert recipe == chosen
    assert (seed, threads) == (3, 1)
    assert len(data["y_train"]) == 40


def test_a_per_cent_is_reported_once(recipes, monkeypatch):
    def train(recipe, data, seed, threads, report):
        for step in range(1, 1001):
            report(step, 1000, SimpleNamespace(accuracy=step / 1000))
        return ended(0.25)

    monkeypatch.setattr(recipes, "train", train)
    trial = Call()
    assert sweep.recipe_objective("tiny", pictures(50))(trial) == 0.25
    assert [step for step, _ in trial.told] == list(range(100))


def test_it_is_measured_with_its_own_recipe_on_the_images_held_back(
    recipes, monkeypatch
):
    seen = []

    def accuracy(recipe, net, X, y):
        seen.append((recipe.rate, X[:, 0, 0, 0].tolist(), y.tolist()))
        return 0.5

    monkeypatch.setattr(recipes, "accuracy", accuracy)
    assert sweep.recipe_objective("tiny", pictures(50))(Call(rate=0.2)) == 0.5
    held = list(range(40, 50))
    assert seen == [(0.2, held, held)] * 4


@pytest.mark.parametrize(("count", "held"), [(50, 10), (999, 199), (26_000, 5000)])
@pytest.mark.parametrize("as_images", [True, False])
def test_the_last_images_are_held_back_and_no_test_image_is_seen(
    count, held, as_images
):
    data = pictures(count, as_images)
    part = room.hold_back(data)
    assert part["y_train"].tolist() == list(range(count - held))
    assert part["y_val"].tolist() == list(range(count - held, count))
    for name in ("train", "val"):
        first = part[f"X_{name}"][:, 0, 0, 0]
        assert part[f"X_{name}"].dtype == np.uint8  # not normalised
        assert (first == part[f"y_{name}"] % 251).all()
    assert part["X_test"] is not data["X_test"]
    assert (part["X_test"] == part["X_val"]).all()
    assert (part["y_test"] == part["y_val"]).all()
    assert part["classes"] == ["a", "b"]
    assert data["X_test"] == "the real test images"  # not changed


def test_too_few_images():
    with pytest.raises(SweepError, match="4 training images are too few"):
        room.hold_back(pictures(4))


def test_misspelt_recipes_and_fields(recipes):
    with pytest.raises(SweepError, match="no recipe 'tinny'; there are tiny"):
        sweep.recipe_objective("tinny", pictures(50))
    with pytest.raises(SweepError, match="no field epoch; it has rate, batch_size"):
        sweep.recipe_objective("tiny", pictures(50), epoch=3)
    with pytest.raises(SweepError, match="no field rates"):
        sweep.recipe_objective("tiny", pictures(50))(Call(rates=3))
