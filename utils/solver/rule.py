"""An update rule of the lessons in the shape of an optimiser."""

from utils.optim import UPDATE_RULES


class Rule:
    """One rule for all weights, each with a memory of its own.

    It answers what `utils.optim.Optimizer` answers, so that there is one training loop;
    its learning rate does not follow the progress but is multiplied after each epoch.

    Parameters
    ----------
    name : str
        Of `utils.optim.UPDATE_RULES`.
    config : dict
        Options of the rule.
    learning_rate : float
        To start with.
    """

    def __init__(self, name, config, learning_rate):
        self.name, self.config, self.learning_rate = name, dict(config), learning_rate
        self.configs = {}

    def bind(self, params, filters=None):
        """Begin with a fresh memory."""
        self.configs = {name: dict(self.config) for name in params}

    def step(self, params, grads, progress):
        """Update every weight once; frozen ones have no gradient and stay."""
        rule = UPDATE_RULES[self.name]
        for name, w in params.items():
            if name in grads:
                config = self.configs[name]
                config["learning_rate"] = self.learning_rate
                params[name], self.configs[name] = rule(w, grads[name], config)

    def rates(self, progress):
        """Give the learning rate by name."""
        return {"learning_rate": self.learning_rate}

    def state_dict(self):
        """Give the memory, and the learning rate."""
        return {"configs": self.configs, "learning_rate": self.learning_rate}

    def load_state_dict(self, state):
        """Go on with what `state_dict` gave."""
        self.configs = state["configs"]
        self.learning_rate = state["learning_rate"]
