"""The networks of `nets.py` in PyTorch, with the same weights and the same training."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.nets import DECAY, MOMENTUM, RATE
from benchmarks.rivals import LAYOUTS, images_to_torch


def _three_layer(names):
    """Give conv 7x7 - relu - pool - affine - relu - affine, and its last map."""
    layers = [
        nn.Conv2d(3, 32, 7, padding=3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 16 * 16, 100),
        nn.ReLU(inplace=True),
        nn.Linear(100, 10),
    ]
    return layers, (16, 16, 32)


def _vgg(names):
    """Give 64-64-pool-128-128-pool-256-256-pool-10 with batchnorm."""
    layers, C = [], 3
    for number, K in enumerate((64, 64, 128, 128, 256, 256)):
        layers.append(nn.Conv2d(C, K, 3, padding=1, bias=False))
        layers += [nn.BatchNorm2d(K), nn.ReLU(inplace=True)]
        if number % 2 == 1:
            layers.append(nn.MaxPool2d(2))
        C = K
    return [*layers, nn.Flatten(), nn.Linear(4 * 4 * 256, 10)], (4, 4, 256)


class LargestPixel(nn.Module):
    """The largest value of each channel, over the whole map."""

    def forward(self, x):
        """Pool (N, C, H, H) to (N, C)."""
        return F.max_pool2d(x, x.shape[-1]).flatten(1)


class Scaled(nn.Module):
    """Scores divided by a number."""

    def __init__(self, divisor):
        super().__init__()
        self.divisor = divisor

    def forward(self, x):
        """Divide."""
        return x / self.divisor


def _airbench(names):
    """Give the net of K. Jordan's airbench94: arXiv:2404.00498, section 3.

    There gamma stays 1 and the last layer has no bias; here they are trained if `names`
    says that ours are.
    """
    first = nn.Conv2d(3, 24, 2)
    layers = [first.requires_grad_(False), nn.GELU()]
    for C, K in ((24, 64), (64, 256), (256, 256)):
        norms = nn.BatchNorm2d(K), nn.BatchNorm2d(K)
        for norm in norms:
            norm.weight.requires_grad_("bn1.gamma" in names)
        layers += [nn.Conv2d(C, K, 3, padding=1, bias=False), nn.MaxPool2d(2)]
        layers += [norms[0], nn.GELU()]
        layers += [nn.Conv2d(K, K, 3, padding=1, bias=False), norms[1], nn.GELU()]
    last = nn.Linear(256, 10, bias="affine1.b" in names)
    return [*layers, LargestPixel(), last, Scaled(9)], None


BUILD = {"three-layer": _three_layer, "vgg": _vgg, "airbench": _airbench}
SMOOTHING = {"airbench": 0.2}


class Model:
    """One of our networks, trained by PyTorch.

    Parameters
    ----------
    name : str
        A key of `nets.NETS`.
    net : object
        Ours, for its weights: ``params``, name -> array, in the order of the layers.
        A frozen first convolution is its attribute ``whiten``.
    label : str
        A key of `rivals.LAYOUTS`.
    """

    def __init__(self, name, net, label):
        layers, self.last_map = BUILD[name](net.params)
        self.module = nn.Sequential(*layers).train()
        self.layout = LAYOUTS[label]
        self.smoothing = SMOOTHING.get(name, 0.0)
        self._load(net)
        self.module.to(memory_format=self.layout)
        self.optimiser = torch.optim.SGD(
            self.trained(), RATE, MOMENTUM, weight_decay=DECAY, fused=True
        )

    def trained(self):
        """List the parameters that are trained, in the order of the layers."""
        return [p for p in self.module.parameters() if p.requires_grad]

    def _load(self, net):
        with torch.no_grad():
            for tensor, array in zip(self.trained(), net.params.values(), strict=True):
                tensor.copy_(torch.from_numpy(self._theirs(array, tensor)))
            first = self.module[0]
            if not first.weight.requires_grad:
                weights = self._theirs(net.whiten, first.weight)
                first.weight.copy_(torch.from_numpy(weights))
                first.bias.zero_()

    def _theirs(self, array, tensor):
        """Bring one of our parameters into PyTorch's order, without padding."""
        if array.ndim == 4:  # (HH, WW, C, K) to (K, C, HH, WW)
            array = array.transpose(3, 2, 0, 1)
        if array.ndim == 2:  # (inputs, outputs), and a map's inputs are (H, W, C)
            array = array.T[: len(tensor)]
            if self._reads_a_map(tensor):
                array = array.reshape(-1, *self.last_map).transpose(0, 3, 1, 2)
                array = array.reshape(tuple(tensor.shape))
        return array[tuple(map(slice, tensor.shape))].copy()

    def _reads_a_map(self, tensor):
        return self.last_map is not None and tensor.shape[1] == np.prod(self.last_map)

    def gradients(self, net):
        """Give pairs of arrays: PyTorch's gradients, and ours in the same order."""
        pairs = zip(self.trained(), net.grads.values(), strict=True)
        return [(p.grad.numpy(), self._theirs(array, p)) for p, array in pairs]

    def batch(self, x, labels):
        """Bring one batch (N, H, W, 3) into the model's memory layout."""
        return images_to_torch(x, self.layout), torch.from_numpy(labels)

    def step(self, images, labels):
        """Train on one batch; give the loss."""
        self.optimiser.zero_grad()
        scores = self.module(images)
        loss = F.cross_entropy(scores, labels, label_smoothing=self.smoothing)
        loss.backward()
        self.optimiser.step()
        return loss.item()

    def work(self, x):
        """Count what a step has to do at least in its convolutions.

        Returns
        -------
        operations, needed : int
            Of the plain sums; and with 4 times fewer where Winograd's F(4x4, 3x3)
            applies.
        traffic : int
            Bytes of the maps that the convolutions read and write.
        """
        operations = needed = traffic = 0

        def count(layer, inputs, out):
            nonlocal operations, needed, traffic
            (maps,) = inputs
            passes = 3 if layer is not self.module[0] else 2
            passes -= not layer.weight.requires_grad
            weights = layer.weight[0].numel()
            plain = 2 * out.numel() * weights * passes
            operations += plain
            tiled = layer.kernel_size == (3, 3) and layer.in_channels > 3
            needed += plain // 4 if tiled else plain
            traffic += 4 * (maps.numel() + out.numel()) * passes

        convs = [layer for layer in self.module if isinstance(layer, nn.Conv2d)]
        hooks = [layer.register_forward_hook(count) for layer in convs]
        with torch.no_grad():
            # In test mode, so that running averages stay as they are.
            self.module.eval()(images_to_torch(x, self.layout))
        self.module.train()
        for hook in hooks:
            hook.remove()
        return operations, needed, traffic
