"""Recipes as objectives, with a stand-in for the recipes."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.kernels.engine import needs_compiler
from tests.sweep import standin
from utils import recipes as real
from utils import sweep
from utils.cifar10.images import Images
from utils.solver import Solver
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


def ended(*accuracies, stopped=None):
    return SimpleNamespace(solver=standin.solver_of(20, accuracies, stopped))


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("interrupted; best weights restored, val acc 0.5", KeyboardInterrupt),
        ("the loss is nan", ArithmeticError),
    ],
)
def test_a_training_that_ended_early_is_no_result(recipes, monkeypatch, reason, error):
    stopped = f"Stopped after iteration 7: {reason}."
    monkeypatch.setattr(recipes, "train", lambda *_, **__: ended(0.9, stopped=stopped))
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


@pytest.mark.parametrize(
    ("epochs", "evaluate"), [(1.0, 1), (2.5, 1), (3.0, 2), (25.0, 10), (25.25, 11)]
)
def test_the_solver_measures_at_a_tenth_and_at_the_end(
    recipes, monkeypatch, epochs, evaluate
):
    """40 images in batches of 10: 4 steps per epoch."""
    seen = []

    def train(recipe, data, **more):
        seen.append(more)
        assert {len(data[key]) for key in ("X_val", "y_val")} == {10}
        return ended(0.1, 0.3, 0.2)

    monkeypatch.setattr(recipes, "train", train)
    objective = sweep.recipe_objective("tiny", pictures(50), batch_size=10)
    assert objective(Call(epochs=epochs)) == 0.2  # the last, not the best
    assert seen[0]["evaluate"] == evaluate
    assert seen[0]["num_train_samples"] == 1


@needs_compiler
def test_what_the_solver_measured_is_the_accuracy_of_the_recipe(monkeypatch):
    """At the last size, with the real recipes, and each image looked at once."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (250, 3, 32, 32), np.uint8), rng.integers(0, 10, 250)
    data = {"X_train": X, "y_train": y}
    chosen = real.RECIPES["fast65"]._replace(
        widths=(16, 16, 16), batch_size=10, epochs=0.5, sizes=((0.0, 32), (0.6, 20))
    )
    monkeypatch.setitem(real.RECIPES, "fast65", chosen)
    train, check = real.train, Solver.check_accuracy
    results, counted = [], []

    def remember(*args, **more):
        results.append(train(*args, **more))
        return results[-1]

    def check_accuracy(self, X, y, num_samples=None):
        counted.append(num_samples or len(y))
        return check(self, X, y, num_samples)

    monkeypatch.setattr(real, "train", remember)
    monkeypatch.setattr(Solver, "check_accuracy", check_accuracy)
    trial = Call(head_rate=0.5)
    found = sweep.recipe_objective("fast65", data)(trial)
    net, other = results[0].net, chosen._replace(sizes=((0.0, 32),))
    assert found == real.accuracy(chosen, net, X[200:], y[200:])
    assert found != real.accuracy(other, net, X[200:], y[200:])
    assert [step for step, _ in trial.told] == [*range(10, 100, 10)]
    assert counted == [1, 50] * 10


def test_it_says_what_it_trains(recipes):
    objective = sweep.recipe_objective("tiny", pictures(50), seed=3, epochs=2.0)
    assert objective.about == {
        "recipe": "tiny",
        "seed": 3,
        "images": 50,
        "synthetic": False,
        **recipes.RECIPES["tiny"]._replace(epochs=2.0)._asdict(),
    }
    drawn = pictures(50) | {"synthetic": True}
    assert sweep.recipe_objective("tiny", drawn).about["synthetic"] is True


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
    assert set(part) == {"X_train", "y_train", "X_val", "y_val"}
    assert data["X_test"] == "the real test images"  # not changed


def test_too_few_images():
    with pytest.raises(SweepError, match="4 training images are too few"):
        room.hold_back(pictures(4))


def test_values_that_no_training_can_have(recipes):
    with pytest.raises(SweepError, match="epochs is 'abc', expected a number"):
        sweep.recipe_objective("tiny", pictures(50), epochs="abc")
    check = sweep.recipe_objective("tiny", pictures(50)).check
    check({"batch_size": sweep.whole(1, 40)})
    with pytest.raises(SweepError, match=r"batch_size=whole\(0, 40\): batch_size is 0"):
        check({"batch_size": sweep.whole(0, 40)})
    with pytest.raises(SweepError, match="batch_size is 41, expected at most 40"):
        check({"batch_size": sweep.whole(1, 41)})


def test_the_real_recipes_are_checked():
    with pytest.raises(SweepError, match="widths is 3, expected three whole numbers"):
        sweep.recipe_objective("fast65", pictures(50), widths=3)


def test_misspelt_recipes_and_fields(recipes):
    with pytest.raises(SweepError, match="no recipe 'tinny'; there are tiny"):
        sweep.recipe_objective("tinny", pictures(50))
    with pytest.raises(SweepError, match="no field epoch; it has rate, batch_size"):
        sweep.recipe_objective("tiny", pictures(50), epoch=3)
    with pytest.raises(SweepError, match="no field rates"):
        sweep.recipe_objective("tiny", pictures(50))(Call(rates=3))
