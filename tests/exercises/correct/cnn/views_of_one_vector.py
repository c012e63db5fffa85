"""All parameters are views of one long vector, which is drawn at once."""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved


class ThreeLayerConvNet(Solved):
    def __init__(self, weight_scale=1e-3, seed=None, **more):
        super().__init__(weight_scale=weight_scale, seed=seed, **more)
        rng = np.random.default_rng(seed)
        sizes = {name: value.size for name, value in self.params.items()}
        vector = weight_scale * rng.standard_normal(sum(sizes.values()))
        vector, start = vector.astype(self.dtype), 0
        for name, size in sizes.items():
            view = vector[start : start + size].reshape(self.params[name].shape)
            if not name.startswith("W"):
                view[...] = name.startswith("gamma")
            self.params[name], start = view, start + size
