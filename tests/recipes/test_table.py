import json
import re
from pathlib import Path

import pytest

from utils.recipes import RECIPES, Recipe

RUNS = Path(__file__).resolve().parents[2] / "runs"

NAMES = "fast65", "fast80", "fast90", "record94"


def test_the_promised_recipes_are_there():
    assert set(NAMES) <= set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_makes_sense(name):
    recipe = RECIPES[name]
    assert isinstance(recipe, Recipe)
    begins, sizes = zip(*recipe.sizes, strict=True)
    assert begins[0] == 0 and list(begins) == sorted(begins) and begins[-1] < 1
    # Three poolings must leave something, and images are never enlarged.
    assert all(18 <= size <= 32 for size in sizes)
    assert list(sizes) == sorted(sizes)
    assert recipe.batch_size * 20 <= 50000 * recipe.epochs


def test_each_target_costs_more_than_the_one_before():
    costs = [RECIPES[name].epochs * RECIPES[name].widths[-1] for name in NAMES]
    assert costs == sorted(costs) and len(set(costs)) == len(costs)


def test_the_published_recipe_is_as_published():
    recipe = RECIPES["published94"]
    assert recipe.widths == (64, 256, 256)
    assert (recipe.batch_size, recipe.epochs, recipe.sizes) == (2000, 8, ((0.0, 32),))
    rates = recipe.muon_rate, recipe.bias_rate, recipe.head_rate
    assert rates == (0.24, 0.053, 0.67)
    assert recipe.whitening_until * recipe.epochs == 3  # epochs


@pytest.mark.parametrize("path", sorted(RUNS.glob("*-*.json")), ids=lambda p: p.stem)
def test_the_logs_are_those_of_the_recipes_as_they_are(path):
    log = json.loads(path.read_text())
    name = re.sub(r"-(\d+|held-back)$", "", path.stem)
    assert log["settings"] == json.loads(json.dumps(RECIPES[name]._asdict()))
    assert f" {name} " in log["command"]
    seed = log["result"]["seed"]
    assert path.stem in (f"{name}-{seed}", f"{name}-held-back")
