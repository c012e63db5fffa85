"""A training goes on only with the settings, the model and the data it had."""

import numpy as np
import pytest

from tests.solver.long_run import make
from tests.solver.small_net import Net, make_data, make_solver
from tests.solver.stand_ins import Momentum, PictureNet, make_steps
from utils.optim import Ema, Group, Nesterov, Optimizer
from utils.solver.resume import settings_of


def settings(model=None, data=None, **options):
    return settings_of(make_steps(model, data, **options))


def test_settings_do_not_depend_on_addresses_and_times():
    assert settings() == settings()
    assert settings(seed=1, progress=False, time_limit=3) == settings(seed=1)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"batch_size": 10}, "batch_size was 12 and is 10"),
        ({"num_epochs": 16}, "num_epochs was 15 and is 16"),
        ({"seed": 1}, "seed was 0 and is 1"),
        (
            {"optimizer": Momentum(0.3)},
            r"optimizer was Momentum\(0.2, .* is M",
        ),
        ({"averaging": None}, r"averaging was Pull\(\) and is None"),
        ({"sizes": ((0, 4),)}, r"sizes was \(\(0.0, 3\), .* and is \(\(0.0, 4\),\)"),
        ({"freeze": ()}, r"freeze was .* and is \(\)"),
        ({"evaluate": 8}, "evaluate was 7 and is 8"),
        ({"keep_best": False}, "keep_best was True and is False"),
    ],
)
def test_another_configuration_is_refused(options, message, tmp_path):
    make("steps", checkpoint=tmp_path / "run", time_limit=1e-9).train()
    before = sorted(tmp_path.iterdir())
    solver = make("steps", checkpoint=tmp_path / "run", **options)
    with pytest.raises(ValueError, match=f"another training: {message}.*resume=False"):
        solver.train()
    assert sorted(tmp_path.iterdir()) == before


def test_another_model_or_data_is_refused(tmp_path):
    options = {"checkpoint": tmp_path / "run"}
    make_solver(**options).train()
    with pytest.raises(ValueError, match=r"params\['W1'\] was \(6, 16\) float32 and"):
        make_solver(Net(hidden=8), **options).train()
    with pytest.raises(ValueError, match="update_rule was 'sgd' and is 'adam'"):
        make_solver(update_rule="adam", **options).train()
    with pytest.raises(ValueError, match=r"X_train was \(90, 6\) .* and is \(89, 6\)"):
        make_solver(data=make_data(N=89), **options).train()
    data = make_data()
    data["y_val"] = data["y_val"][::-1]
    with pytest.raises(ValueError, match=r"X_val was \(40, 6\) \(mark"):
        make_solver(data=data, **options).train()


class Told(PictureNet):
    """A net that says what it is."""

    def __init__(self, **about):
        super().__init__()
        self.about = about

    def describe(self):
        return self.about


def test_a_model_that_says_it_is_another_is_refused(tmp_path):
    def train(**about):
        make_steps(Told(**about), checkpoint=tmp_path / "run").train()

    train(layers=["Relu"], ghost=None)
    train(layers=["Relu"], ghost=None)
    with pytest.raises(ValueError, match=r"model.layers was \['Relu'\] and is \['Gelu"):
        train(layers=["Gelu"], ghost=None)
    with pytest.raises(ValueError, match="model.ghost was None and is 4"):
        train(layers=["Relu"], ghost=4)
    model = PictureNet()
    model.describe = lambda: "text"
    assert settings(model)["model.describe()"] == "'text'"


def with_rate(rate):
    return {"optimizer": Optimizer([Group("*", Nesterov(), rate)])}


def test_functions_are_compared_by_what_they_give(tmp_path):
    whole = make_steps(**with_rate(lambda progress: 0.1 - progress / 20))
    whole.train()
    options = {"checkpoint": tmp_path / "run"}
    short = make_steps(
        **with_rate(lambda progress: 0.1 - progress / 20), time_limit=1e-9, **options
    )
    short.train()
    assert short.step < 12
    with pytest.raises(ValueError, match=r"the rate of \* was 0.1 to 0.05 .* 0.05 \("):
        make_steps(**with_rate(lambda p: 0.1 - p**2 / 20), **options).train()
    again = make_steps(**with_rate(lambda progress: 0.1 - 0.05 * progress), **options)
    again.train()
    np.testing.assert_allclose(again.loss_history, whole.loss_history, rtol=1e-4)
    decays = [lambda p: 0.9 - 1e-9 / p, lambda p: 0.9, lambda p: 0.8]
    texts = [settings(averaging=Ema(decay)) for decay in decays]
    assert texts[0] == texts[1] != texts[2]
    assert settings(averaging=Ema(0.9)) != settings(averaging=Ema(0.8))
