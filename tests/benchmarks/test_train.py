"""Our recipes beside PyTorch's twins."""

from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks import __main__ as cli  # noqa: E402
from benchmarks import train  # noqa: E402
from benchmarks.harness import Mismatch  # noqa: E402
from benchmarks.rivals import LAYOUTS  # noqa: E402
from benchmarks.torch_recipe import Muon, orthogonal  # noqa: E402
from benchmarks.torch_recipe import train as train_rival  # noqa: E402
from utils.optim import methods, newton_schulz  # noqa: E402
from utils.recipes import RECIPES  # noqa: E402
from utils.recipes import train as train_ours  # noqa: E402

SMALL = RECIPES["fast80"]._replace(
    widths=(16, 16, 32), batch_size=20, sizes=((0.0, 18), (0.5, 20)), epochs=2.0
)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 10, 200)
    X = rng.integers(0, 256, (200, 3, 32, 32), np.uint8) // 2
    X += (y * 12).astype(np.uint8)[:, None, None, None]
    return {"X_train": X, "y_train": y}


@pytest.fixture
def table(data, monkeypatch):
    monkeypatch.setitem(train.RECIPES, "small", SMALL)
    return train.Table("small", data, SimpleNamespace(rounds=3, patience=0, only=""))


def test_gradients_and_losses_agree(table):
    row = table.curve()
    assert row["pass"] == "curve" and 0 <= row["error"] < train.CURVE_TOLERANCE


def test_another_rival_is_found_out(table, monkeypatch):
    recipe = SMALL._replace(label_smoothing=0.3)
    true = train.Rival
    rival = lambda _, *args: true(recipe, *args)  # noqa: E731
    monkeypatch.setattr(train, "Rival", rival)
    with pytest.raises(Mismatch, match="small: Rival and float64: losses differ"):
        table.curve()


def test_frozen_parameters_have_no_gradient_on_either_side(table):
    for side in (table.sides(("whiten1.b",))[0], *table.sides(("whiten1.b",))[1]):
        side.step(*side.batch(*table.batch(0)), 0.0)
        assert "whiten1.b" not in side.gradients()
        assert "conv1.w" in side.gradients()


@pytest.mark.parametrize("shape", [(4, 3, 3, 3), (40, 2, 3, 3)])
@pytest.mark.parametrize("layout", list(LAYOUTS.values()))
def test_muon_is_ours(shape, layout):
    rng = np.random.default_rng(1)
    w, *grads = rng.standard_normal((4, *shape))
    theirs = torch.from_numpy(w.copy()).contiguous(memory_format=layout)
    rival, ours = Muon([theirs], 0.6), methods.Muon(0.6, filters="first")
    velocity = np.zeros(shape)
    for dw in grads:
        theirs.grad = torch.from_numpy(dw.copy()).contiguous(memory_format=layout)
        rival.step(0.1)
        ours.move(0.1, w, dw, velocity, shape[0])
    np.testing.assert_allclose(theirs.numpy(), w, rtol=1e-9, atol=1e-12)
    X = grads[0].reshape(len(w), -1)
    found = orthogonal(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(found, newton_schulz.orthogonal(X), atol=1e-12)


def test_a_whole_training_is_ours(data):
    recipe = SMALL._replace(epochs=0.3, muon_rate=0.02)  # three steps
    start = train.ConvNet(train.layers(recipe), label_smoothing=0.2).state_dict()
    rival, seconds = train_rival(recipe, start, LAYOUTS["torch cl"], data, 0)
    ours = train_ours(recipe, data).net.state_dict()
    assert seconds > 0
    for name, tensor in rival.params.items():
        theirs = tensor.detach().numpy()
        theirs = theirs.T if name == "affine1.w" else theirs
        moved = np.linalg.norm(theirs - start[name])
        # Roundings grow with each step; other batches would give more than `moved`.
        assert np.linalg.norm(theirs - ours[name]) <= 0.3 * moved + 1e-6


def test_phases_cover_the_plan():
    for recipe in RECIPES.values():
        _, plan = train.schedule(recipe, 50_000)
        parts = train.phases(plan)
        assert sum(part.steps for part in parts) == plan.total
        for part in parts:
            last = part.first + part.steps - 1
            for step in (part.first, last):
                assert plan.size(step) == part.size
                assert tuple(plan.frozen(step)) == part.frozen


def test_the_sum_counts_every_step(table):
    parts = train.phases(table.plan)
    timed = [(part, {"ours_ms": 10.0, "rival_ms": 25.0}) for part in parts]
    row = table.updates(timed)
    assert (row["ours_ms"], row["rival_ms"], row["ratio"]) == (200, 500, 2.5)
    assert (row["epochs"], row["ours_epoch_s"]) == (2, 0.1)


def test_distance_needs_the_same_names():
    assert train.distance({"a": np.ones(2)}, {"b": np.ones(2)}) == np.inf
    assert train.distance({"a": np.ones(4)}, {"a": np.full(4, 2.0)}) == 0.5


def test_an_unknown_recipe_is_a_sentence():
    with pytest.raises(SystemExit, match="--full names 'fast66', expected some of fas"):
        next(train.rows(SimpleNamespace(full=["fast66"])))


def test_full_belongs_to_train(capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.arguments(["conv", "--full", "fast65"])
    assert "--full is for train: name it, too" in capsys.readouterr().err
    options = cli.arguments(["train", "--full", "fast65,fast80"])
    assert options.full == ["fast65", "fast80"]
