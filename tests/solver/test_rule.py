"""A rule of the lessons answers what an optimizer answers."""

import numpy as np

from utils.optim import UPDATE_RULES
from utils.solver.rule import Rule


def test_each_weight_has_a_memory_of_its_own():
    params = {"a": np.ones(2), "b": np.ones(2), "frozen": np.ones(2)}
    twins = {name: w.copy() for name, w in params.items()}
    configs = {name: {"momentum": 0.5, "learning_rate": 0.1} for name in params}
    rule = Rule("sgd_momentum", {"momentum": 0.5}, 0.1)
    rule.bind(params)
    for k in range(3):
        grads = {"b": np.array([1.0, k]), "a": np.array([2.0, -k])}
        rule.step(params, grads, progress=k / 3)
        for name, dw in grads.items():
            step = UPDATE_RULES["sgd_momentum"]
            twins[name], configs[name] = step(twins[name], dw, configs[name])
    for name, w in params.items():
        np.testing.assert_array_equal(w, twins[name])
    rule.learning_rate = 0.05
    assert rule.rates(0.5) == {"learning_rate": 0.05}


def test_state_goes_on():
    runs = []
    for stop in (False, True):
        params, rule = {"w": np.ones(3)}, Rule("adam", {}, 0.1)
        rule.bind(params)
        for k in range(6):
            if stop and k == 3:
                state = rule.state_dict()
                rule = Rule("adam", {}, 7.0)
                rule.bind(params)
                rule.load_state_dict(state)
            rule.step(params, {"w": np.array([k, 1.0, -k])}, k / 6)
        runs.append(params["w"].tobytes())
    assert runs[0] == runs[1]
    rule.bind(params)
    assert rule.configs == {"w": {}}
