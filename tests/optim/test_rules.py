import numpy as np
import pytest

from utils.optim import (
    UPDATE_RULES,
    adam,
    adamw,
    blocks,
    muon,
    rmsprop,
    sgd,
    sgd_momentum,
    sgd_nesterov_momentum,
)

STATE = {
    "sgd": (),
    "sgd_momentum": ("velocity",),
    "sgd_nesterov_momentum": ("velocity",),
    "rmsprop": ("cache",),
    "adam": ("m", "v"),
    "adamw": ("m", "v"),
    "muon": ("velocity",),
}
RULES = pytest.mark.parametrize("name", list(UPDATE_RULES))


def two_steps(rule, config, gradients=(2.0, -1.0)):
    """The weight after each of two steps from 1, and the config at the end."""
    w, seen = np.array([1.0]), []
    for gradient in gradients:
        w, config = rule(w, np.array([gradient]), config)
        seen.append(w[0])
    return seen, config


def test_sgd_by_hand():
    seen, _ = two_steps(sgd, {"learning_rate": 0.1})
    assert seen == pytest.approx([1 - 0.1 * 2, 0.8 + 0.1 * 1], rel=1e-14)


def test_momentum_by_hand():
    seen, config = two_steps(sgd_momentum, {"learning_rate": 0.1, "momentum": 0.5})
    # velocity: 0.5 * 0 - 0.1 * 2 = -0.2, then 0.5 * (-0.2) + 0.1 * 1 = 0
    assert seen == pytest.approx([1 - 0.2, 0.8 + 0.0], rel=1e-14)
    assert config["velocity"] == pytest.approx([0.0], abs=1e-16)


def test_nesterov_by_hand():
    config = {"learning_rate": 0.1, "momentum": 0.5}
    seen, config = two_steps(sgd_nesterov_momentum, config, gradients=(2.0, 1.0))
    # velocity: -0.2, then 0.5 * (-0.2) - 0.1 = -0.2
    # w: 1 + 0.5 * (-0.2) - 0.2 = 0.7, then 0.7 + 0.5 * (-0.2) - 0.1 = 0.5
    assert seen == pytest.approx([0.7, 0.5], rel=1e-14)
    assert config["velocity"] == pytest.approx([-0.2], rel=1e-14)


def test_rmsprop_by_hand():
    config = {"learning_rate": 0.1, "decay_rate": 0.75, "epsilon": 0.5}
    seen, config = two_steps(rmsprop, config)
    # cache: 0.25 * 4 = 1, then 0.75 * 1 + 0.25 * 1 = 1
    # w: 1 - 0.1 * 2 / (1 + 0.5), then + 0.1 * 1 / (1 + 0.5)
    assert seen == pytest.approx([1 - 0.2 / 1.5, 1 - 0.1 / 1.5], rel=1e-14)
    assert config["cache"] == pytest.approx([1.0], rel=1e-14)


def test_adam_by_hand():
    config = {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.75, "epsilon": 0.5}
    seen, config = two_steps(adam, config, gradients=(2.0, 1.0))
    # m: 0.5 * 2 = 1, m_hat = 1 / 0.5 = 2;      v: 0.25 * 4 = 1, v_hat = 1 / 0.25 = 4
    first = 1 - 0.1 * 2 / (2 + 0.5)
    # m: 0.5 * 1 + 0.5 * 1 = 1, m_hat = 1 / (1 - 0.5 ** 2) = 4 / 3
    # v: 0.75 * 1 + 0.25 * 1 = 1, v_hat = 1 / (1 - 0.75 ** 2) = 16 / 7
    second = first - 0.1 * (4 / 3) / ((16 / 7) ** 0.5 + 0.5)
    assert seen == pytest.approx([first, second], rel=1e-14)
    assert (config["m"][0], config["v"][0], config["t"]) == (1.0, 1.0, 2)


def test_first_step_of_adam_has_the_size_of_the_learning_rate():
    dw = np.array([1e-3, -50.0, 4.0])
    w, _ = adam(np.zeros(3), dw, {"learning_rate": 0.01})
    np.testing.assert_allclose(w, -0.01 * np.sign(dw), rtol=1e-4)


def test_adamw_by_hand():
    config = {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.75, "epsilon": 0.5}
    seen, config = two_steps(adamw, config | {"weight_decay": 2.0}, (2.0, 1.0))
    # Shrinks by 1 - 0.1 * 2 = 0.8, then steps as in test_adam_by_hand.
    first = 0.8 * 1 - 0.1 * 2 / (2 + 0.5)
    second = 0.8 * first - 0.1 * (4 / 3) / ((16 / 7) ** 0.5 + 0.5)
    assert seen == pytest.approx([first, second], rel=1e-14)
    assert (config["m"][0], config["v"][0], config["t"]) == (1.0, 1.0, 2)


def test_adamw_shrinks_weights_without_a_gradient():
    w, _ = adamw(np.ones(3), np.zeros(3), {"learning_rate": 0.5, "weight_decay": 0.5})
    np.testing.assert_array_equal(w, 0.75)


def test_muon_by_hand():
    # One number is a matrix: after three steps of 3.4445 s - 4.775 s ** 3 + 2.0315
    # s ** 5 from s = 1 any number has become f(f(f(1))), with its sign.
    s = 1.0
    for _ in range(3):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    config = {"learning_rate": 0.1, "momentum": 0.5}
    seen, config = two_steps(muon, config, gradients=(2.0, -8.0))
    # velocity: 2, direction 2 + 1; then 0.5 * 2 - 8 = -7, direction -8 - 3.5
    assert seen == pytest.approx([1 - 0.1 * s, 1], rel=1e-12)
    assert config["velocity"] == pytest.approx([-7.0], rel=1e-14)


@pytest.mark.parametrize("shape", [(4, 3, 2, 2), (12, 5), (5, 12), (6,)])
@pytest.mark.parametrize("renormalize", [False, True])
def test_muon_is_the_formula(rng, shape, renormalize):
    w, *gradients = rng.standard_normal((4, *shape))
    filters = shape[-1] if len(shape) < 4 else shape[0]
    wanted, velocity = w.copy(), np.zeros(shape)
    config = {"learning_rate": 0.3, "momentum": 0.8, "renormalize": renormalize}
    for dw in gradients:
        w, config = muon(w, dw, config)
        velocity = 0.8 * velocity + dw
        matrix = (dw + 0.8 * velocity).reshape(shape[0], -1)
        U, s, Vt = np.linalg.svd(matrix, full_matrices=False)
        s /= np.linalg.norm(s)
        for _ in range(3):
            s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
        if renormalize and len(shape) > 1:
            wanted *= filters**0.5 / np.linalg.norm(wanted)
        wanted -= 0.3 * ((U * s) @ Vt).reshape(shape)
        np.testing.assert_allclose(w, wanted, rtol=1e-9, atol=1e-11)


def test_muon_renormalises_no_zeros():
    w, _ = muon(np.zeros((2, 3)), np.zeros((2, 3)), {"renormalize": True})
    np.testing.assert_array_equal(w, 0)


@pytest.mark.parametrize("shape", [(), (2, 3, 4), (1, 1, 1, 1, 1)])
def test_muon_refuses_other_shapes(shape):
    w = np.ones(shape)
    with pytest.raises(ValueError, match=r"w has shape \(.*filters \(F, C, HH, WW\)"):
        muon(w, np.ones(shape))
    assert (w == 1).all()


def test_nesterov_is_nesterov():
    # Against the textbook form, in which the gradient of f(w) = a * w ** 2 / 2 is taken
    # at the point ahead; `w` of our rule is that point.
    a, learning_rate, momentum = 3.0, 0.05, 0.8
    ahead, config = np.array([1.0]), {"learning_rate": 0.05, "momentum": 0.8}
    w, velocity = 1.0, 0.0
    for _ in range(10):
        ahead, config = sgd_nesterov_momentum(ahead, a * ahead, config)
        velocity = momentum * velocity - learning_rate * a * (w + momentum * velocity)
        w += velocity
        assert ahead[0] == pytest.approx(w + momentum * velocity, rel=1e-12)


@RULES
def test_finds_the_bottom_of_a_quadratic(name):
    target, curvature = np.array([[3.0, -2.0], [0.5, 1.0]]), np.array([1.0, 4.0])
    w, config = np.zeros((2, 2)), {"learning_rate": 0.01}
    if name == "adamw":
        config["weight_decay"] = 0  # which has another bottom
    for _ in range(2000):
        w, config = UPDATE_RULES[name](w, curvature * (w - target), config)
    # A rule that divides by the gradient's size keeps moving by the learning rate.
    np.testing.assert_allclose(w, target, atol=0.011)


@RULES
def test_the_step_is_in_place_and_dw_is_unchanged(name):
    w, dw = np.ones((3, 4)), np.full((3, 4), 0.5)
    next_w, config = UPDATE_RULES[name](w, dw)
    assert next_w is w
    assert (w < 1).all()
    assert (dw == 0.5).all()
    assert UPDATE_RULES[name](w, dw, config)[1] is config


@RULES
def test_float32_stays_float32(name):
    # Hyper-parameter sweeps hand in numpy's float64 scalars; models mix up dtypes.
    w, dw = np.ones((2, 3), np.float32), np.ones((2, 3), np.float64)
    w, config = UPDATE_RULES[name](w, dw, {"learning_rate": np.float64(0.1)})
    w, config = UPDATE_RULES[name](w, dw, config)
    assert w.dtype == np.float32
    assert type(config["learning_rate"]) is float
    for key in STATE[name]:
        assert config[key].dtype == np.float32


@RULES
def test_defaults_and_state_are_filled_in(name):
    config = UPDATE_RULES[name](np.ones((2, 5)), np.ones((2, 5)))[1]
    assert config["learning_rate"] == (1e-3 if "adam" in name else 1e-2)
    arrays = {key for key, value in config.items() if isinstance(value, np.ndarray)}
    assert arrays == set(STATE[name])
    assert all(config[key].shape == (2, 5) for key in arrays)


@RULES
def test_learning_rate_zero_changes_nothing(name):
    w = np.random.default_rng(0).standard_normal(50).astype(np.float32)
    before = w.tobytes()
    UPDATE_RULES[name](w, np.ones(50, np.float32), {"learning_rate": 0})
    assert w.tobytes() == before


@RULES
@pytest.mark.parametrize("layout", ["blocks", "F", "strided", "dw F", "0-d", "empty"])
def test_every_memory_layout_gives_the_same_step(name, layout, monkeypatch):
    shape = {"0-d": (), "empty": (0, 3)}.get(layout, (6, 7))
    if name == "muon" and layout == "0-d":
        pytest.skip("muon moves matrices")
    rng = np.random.default_rng(1)
    w, dw = (np.array(rng.standard_normal(shape)) for _ in range(2))
    expected, _ = _three_steps(name, w.copy(), dw.copy())
    if layout == "blocks":
        monkeypatch.setattr(blocks, "BLOCK", 4)  # 42 values: ten blocks and a rest
    elif layout == "F":
        w, dw = np.asfortranarray(w), np.asfortranarray(dw)
    elif layout == "strided":
        w = np.repeat(w, 2, axis=1)[:, ::2]
    elif layout == "dw F":
        dw = np.asfortranarray(dw)
    got, _ = _three_steps(name, w, dw)
    assert got is w
    # The products of muon are added up in an order that depends on the layout.
    np.testing.assert_allclose(got, expected, rtol=1e-11 if name == "muon" else 1e-14)


def _three_steps(name, w, dw):
    config = None
    for _ in range(3):
        w, config = UPDATE_RULES[name](w, dw, config)
    return w, config


@RULES
def test_zero_gradient_and_no_history_is_no_step(name):
    config = {"weight_decay": 0} if name == "adamw" else None
    w, _ = UPDATE_RULES[name](np.ones(4), np.zeros(4), config)
    assert (w == 1).all()  # and no 0 / 0
