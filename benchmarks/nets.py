"""Three networks, and a whole step of training each: what `step.py` measures."""

from utils.network import (
    Affine,
    BatchNorm,
    Conv,
    ConvNet,
    Gelu,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Scale,
    Whiten,
)
from utils.optim import Group, Optimizer, Sgd

RATE, MOMENTUM, DECAY = 1e-3, 0.9, 5e-4


def three_layer():
    """Write down the homework's ThreeLayerConvNet."""
    return [Conv(32, 7), Relu(), MaxPool(), Affine(100), Relu(), Affine(10)]


def vgg():
    """Write down 64-64-pool-128-128-pool-256-256-pool-10 with batchnorm."""
    layers = []
    for K in (64, 128, 256):
        layers += [Conv(K), BatchNorm(), Relu()] * 2 + [MaxPool()]
    return [*layers, Affine(10)]


def airbench():
    """Write down the net of airbench94 (K. Jordan, arXiv:2404.00498, section 3)."""
    layers, norm = [Whiten(), Gelu()], BatchNorm(scale=False)
    for K in (64, 256, 256):
        layers += [Conv(K), MaxPool(), norm, Gelu(), Conv(K), norm, Gelu()]
    return [*layers, GlobalMaxPool(), Affine(10, bias=False), Scale(1 / 9)]


class Net:
    """A network that is trained with SGD, momentum and weight decay.

    Parameters
    ----------
    name : str
        A key of `NETS`.
    size : int, default 32
        Height and width of an image.

    Attributes
    ----------
    params, grads : dict
        Name -> array, in the order of the layers; only what is trained.
    whiten : ndarray or None
        The filters of a first layer that is not trained.
    """

    def __init__(self, name, size=32):
        layers, smoothing = NETS[name]
        self.net = ConvNet(layers(), (3, size, size), label_smoothing=smoothing)
        self.whiten = self.net.state.get("whiten1.w")
        if self.whiten is not None:
            self.net.freeze("whiten1.b")
        self.params = {
            name: array
            for name, array in self.net.params.items()
            if name not in self.net.frozen
        }
        self.grads = {}
        self._optimizer = Optimizer([Group("*", Sgd(MOMENTUM, DECAY), RATE)])
        self._optimizer.bind(self.net.params)

    def step(self, x, labels):
        """Train on one batch: x (N, H, W, 3) float32."""
        loss, self.grads = self.net.loss(x.transpose(0, 3, 1, 2), labels)
        self._optimizer.step(self.net.params, self.grads, 0.0)
        return loss


# Name -> function that writes the layers, label smoothing.
NETS = {
    "three-layer": (three_layer, 0.0),
    "vgg": (vgg, 0.0),
    "airbench": (airbench, 0.2),
}
