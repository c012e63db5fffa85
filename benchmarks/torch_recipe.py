"""A recipe of `utils.recipes` in PyTorch: the same net, schedule and optimiser.

Written as a user of PyTorch would who wants speed: modules and losses of the library,
SGD with ``fused=True``, products with ``addmm``, and no gradient is computed for what
is frozen.  Initial weights and batches are ours.
"""

import copy
import fnmatch
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.models import LargestPixel
from utils.augment import whitening_filters
from utils.optim.newton_schulz import QUINTIC
from utils.recipes import make_augment, make_optimizer
from utils.recipes.training import freezing
from utils.solver.plan import Order, Plan

CURVES = {"gelu": nn.GELU, "silu": nn.SiLU, "relu": nn.ReLU}


def build(recipe):
    """Give the modules of a recipe's network, and our name for each parameter."""
    curve, C = CURVES[recipe.activation], 24
    layers, names = [nn.Conv2d(3, C, 2), curve()], ["whiten1.w", "whiten1.b"]
    layers[0].weight.requires_grad_(False)
    for K in recipe.widths:
        for place, inputs in enumerate((C, K)):
            number = len(names) // 2
            norm = nn.BatchNorm2d(K, eps=1e-12, momentum=0.4)
            norm.weight.requires_grad_(False)
            layers.append(nn.Conv2d(inputs, K, 3, padding=1, bias=False))
            layers += [norm, curve()]
            if place == 0:
                layers.insert(-2, nn.MaxPool2d(2))
            names += [f"conv{number}.w", f"bn{number}.beta"]
        C = K
    layers += [LargestPixel(), nn.Linear(C, 10, bias=False)]
    return nn.Sequential(*layers), [*names, "affine1.w"]


def orthogonal(X, steps=3):
    """Find the matrix near X whose singular values are all about 1; see `Muon`."""
    a, b, c = QUINTIC
    wide = X.T if len(X) > X.shape[1] else X
    out = wide / wide.norm()
    for _ in range(steps):
        G = out @ out.T
        out = torch.addmm(out, torch.addmm(G, G, G, beta=b, alpha=c), out, beta=a)
    return out.T if wide is not X else out


class Muon:
    """`utils.optim.Muon` for some filters (F, C, HH, WW)."""

    def __init__(self, weights, momentum):
        self.weights, self.momentum = weights, momentum
        self.velocity = [torch.zeros_like(w) for w in weights]

    @torch.no_grad()
    def step(self, rate):
        """Take a step in place."""
        for w, velocity in zip(self.weights, self.velocity, strict=True):
            if w.grad is None:
                continue
            velocity.mul_(self.momentum).add_(w.grad)
            direction = w.grad.add(velocity, alpha=self.momentum)
            # The order of a filter's numbers changes nothing: that of the memory is
            # the one that needs no copy.
            channels_last = direction.permute(0, 2, 3, 1)
            last = channels_last.is_contiguous()
            seen = channels_last if last else direction
            step = orthogonal(seen.reshape(len(w), -1)).reshape(seen.shape)
            step = step.permute(0, 3, 1, 2) if last else step
            w.mul_(len(w) ** 0.5 / w.norm()).sub_(step, alpha=rate)


class Rival:
    """A recipe's network and optimiser in PyTorch.

    Parameters
    ----------
    recipe : Recipe
    arrays : dict
        First weights, from ``state_dict`` of our network.
    layout : torch.memory_format
    """

    def __init__(self, recipe, arrays, layout):
        self.recipe, self.layout = recipe, layout
        self.net, self.names = build(recipe)
        norms = [m.weight for m in self.net if isinstance(m, nn.BatchNorm2d)]
        ours = [p for p in self.net.parameters() if all(p is not n for n in norms)]
        self.params = dict(zip(self.names, ours, strict=True))
        with torch.no_grad():
            for name, p in self.params.items():
                array = arrays[name].T if name == "affine1.w" else arrays[name]
                p.copy_(torch.from_numpy(np.ascontiguousarray(array)))
        self.net.to(memory_format=layout)
        self.rates = make_optimizer(recipe).rates
        convs = [p for name, p in self.params.items() if name.startswith("conv")]
        self.muon = Muon(convs, recipe.muon_momentum)
        self.sgd = torch.optim.SGD(
            self._groups(), momentum=recipe.momentum, nesterov=True, fused=True
        )

    def _groups(self):
        """Give the groups of parameters that plain gradient descent moves."""
        r = self.recipe
        rates = {"whiten1.b": r.bias_rate, "affine1.w": r.head_rate, "*": r.bias_rate}
        chosen = {name: [self.params[name]] for name in list(rates)[:2]}
        chosen["*"] = [p for name, p in self.params.items() if name.startswith("bn")]
        return [
            {
                "params": chosen[name],
                "name": name,
                "lr": rate,
                "weight_decay": r.decay / rate,
            }
            for name, rate in rates.items()
        ]

    def freeze(self, patterns):
        """Compute no gradients for these parameters any more."""
        for pattern in patterns:
            for name in fnmatch.filter(self.params, pattern):
                self.params[name].requires_grad_(False).grad = None

    def batch(self, X, y):
        """Give a batch of ours (N, 3, H, W), channels last, to PyTorch."""
        images = torch.from_numpy(X).contiguous(memory_format=self.layout)
        images = images.to(next(self.net.parameters()).dtype)
        return images, torch.from_numpy(y.astype(np.int64))

    def double(self):
        """Give the same network in float64."""
        twin = copy.deepcopy(self)
        twin.net.double()
        return twin

    def backward(self, images, labels):
        """Compute the loss and all gradients."""
        self.sgd.zero_grad()
        for w in self.muon.weights:
            w.grad = None
        scores = self.net(images) * (1 / self.recipe.widths[-1])
        smoothing = self.recipe.label_smoothing
        loss = F.cross_entropy(scores, labels, label_smoothing=smoothing)
        loss.backward()
        return loss.item()

    def step(self, images, labels, progress):
        """Train on one batch; give the loss."""
        loss, rates = self.backward(images, labels), self.rates(progress)
        self.muon.step(rates["conv*.w"])
        for group in self.sgd.param_groups:
            group["lr"] = rates[group["name"]]
        self.sgd.step()
        return loss

    def gradients(self):
        """Give the gradients as our ``state_dict`` would have them."""
        grads = {name: p.grad for name, p in self.params.items() if p.grad is not None}
        grads = {name: grad.contiguous().numpy() for name, grad in grads.items()}
        grads["affine1.w"] = grads["affine1.w"].T
        return grads

    @torch.no_grad()
    def predict(self, X):
        """Score images in test mode."""
        images, _ = self.batch(X, np.zeros(0))
        self.net.eval()
        scores = self.net(images).numpy()
        self.net.train()
        return scores


def schedule(recipe, N, seed=0):
    """Give the order of the batches of a recipe, and the plan of its steps."""
    order = Order(N, recipe.batch_size, seed, even=False)
    total = max(1, round(recipe.epochs * order.per_epoch))
    return order, Plan(order.per_epoch, total, "never", recipe.sizes, freezing(recipe))


def train(recipe, arrays, layout, data, seed):
    """Train as `utils.recipes.train` does, on the same batches.

    Returns
    -------
    rival : Rival
    seconds : float
        From data in memory to the last update; one step of each size came before.
    """
    images, labels = data["X_train"], data["y_train"]
    order, plan = schedule(recipe, len(labels), seed)
    augment = make_augment(recipe, seed)

    def step(rival, number):
        epoch, k = divmod(number, order.per_epoch)
        index = order.batch(epoch, k)
        X = augment.batch(images, index, epoch, plan.size(number))
        rival.freeze(plan.frozen(number))
        rival.step(*rival.batch(X, labels[index]), plan.progress(number))

    warm = Rival(recipe, arrays, layout)
    for first, _, _ in plan.phases():
        step(warm, first)
    begin = time.perf_counter()
    filters = whitening_filters(images, count=recipe.whitening_images)
    rival = Rival(recipe, arrays | {"whiten1.w": filters}, layout)
    for number in range(plan.total):
        step(rival, number)
    return rival, time.perf_counter() - begin
