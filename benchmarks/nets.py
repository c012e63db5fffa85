"""Three networks on the fused kernels, as the training loop of a network runs them.

Given code for `benchmarks/step.py`: the nets are written out, layer by layer, so that
one can see which kernel does what.  A net has ``params``, ``grads`` and
``step(x, labels) -> loss``, a whole step of training with SGD, momentum and weight
decay.  Nothing is allocated in a step but vectors of a few hundred numbers.
"""

import numpy as np

from utils.kernels import (
    activations,
    affine,
    batchnorm,
    direct,
    fusion,
    max_pool,
    narrow,
    passes,
    threads,
    updates,
    winograd,
)
from utils.kernels.activations import Gelu, Identity, Relu
from utils.kernels.scratch import Scratch
from utils.kernels.simd import LANES, padded

RATE, MOMENTUM, DECAY = np.float32(1e-3), np.float32(0.9), np.float32(5e-4)


def zeros(*shape):
    """Give aligned float32 memory."""
    return threads.aligned(shape, np.float32)


def softmax_loss(layer, features, labels, smoothing=0.0, scale=1.0):
    """Give the mean cross-entropy of an affine layer and the gradient of its output."""
    out, M = layer.forward(features), layer.M
    N, scores = len(labels), out[:, :M] * scale
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    target = np.full_like(scores, smoothing / M)
    target[np.arange(N), labels] += 1 - smoothing
    dout = np.zeros_like(out)
    dout[:, :M] = (np.exp(log_p) - target) * (scale / N)
    return -(target * log_p).sum() / N, dout


class BatchNorm:
    """The numbers of a batchnorm per channel; the maps are in the convolutions."""

    def __init__(self, gamma, beta, eps=1e-5):
        self.gamma, self.beta, self.eps = gamma, beta, eps

    def read(self, sums, count):
        """Take the sums of y and y**2 over `count` pixels: scale and shift follow."""
        mean, square = sums.sum(axis=0, dtype=np.float64) / count
        self.set(mean, np.maximum(square - mean**2, 0), count)

    def set(self, mean, var, count):
        """Take mean and variance of y over `count` pixels: scale and shift follow."""
        self.count, self.mean = count, mean
        self.inverse = 1 / np.sqrt(var + self.eps)
        scale = self.gamma * self.inverse
        self.scale = scale.astype(np.float32)
        self.shift = (self.beta - self.mean * scale).astype(np.float32)

    def back(self, sums):
        """Take the sums of dout and dout * y: give dgamma, dbeta and (a, b, c)."""
        dbeta, product = sums.sum(axis=0, dtype=np.float64)
        dgamma = (product - self.mean * dbeta) * self.inverse
        a = self.gamma * self.inverse
        b = -a * self.inverse * dgamma / self.count
        c = -a * dbeta / self.count - b * self.mean
        return dgamma, dbeta, [part.astype(np.float32) for part in (a, b, c)]


class Net:
    """Parameters, gradients, and their update."""

    def __init__(self):
        self.params, self.grads, self._velocity = {}, {}, {}
        self.scratch = Scratch()

    def add(self, name, value):
        """Add a parameter with its gradient; give both."""
        self.params[name] = zeros(*value.shape)
        self.params[name][...] = value
        self.grads[name] = zeros(*value.shape)
        self._velocity[name] = zeros(*value.shape)
        return self.params[name], self.grads[name]

    def update(self):
        """Do one step of SGD on all parameters."""
        rule = updates.Sgd(RATE, MOMENTUM, DECAY)
        for name, w in self.params.items():
            arrays = w, self.grads[name], self._velocity[name]
            updates.sgd(rule, *(array.reshape(-1) for array in arrays))


class Affine:
    """Fully connected layer with M outputs, stored as whole vectors."""

    def __init__(self, net, name, D, M, rng, scale):
        wide = padded(M)
        weights = np.zeros((D, wide))
        weights[:, :M] = rng.standard_normal((D, M)) * scale
        self.w, self.dw = net.add(f"w{name}", weights)
        self.b, self.db = net.add(f"b{name}", np.zeros(wide))
        self.M = M

    def forward(self, x, relu=False):
        """Give x @ w + b; columns from M on are 0."""
        if not hasattr(self, "out"):
            self.out = zeros(len(x), self.w.shape[1])
        self.x = x
        affine.forward(x, self.w, self.b, self.out, relu)
        return self.out

    def backward(self, dout, dx=None):
        """Go back; columns of dout from M on must be 0."""
        affine.backward_weights(self.x, dout, self.dw, self.db)
        if dx is not None:
            affine.backward_data(dout, self.w, dx)


class Stage:
    """Convolution 3 x 3, batchnorm, activation, and perhaps a 2 x 2 pooling.

    `pool` is "before" or "after" batchnorm, or None.  ReLU is applied where the next
    convolution reads; GELU costs too much for that and has a pass of its own.
    """

    def __init__(
        self,
        net,
        name,
        N,
        size,
        C,
        K,
        rng,
        pool=None,
        curve=None,
        gain=2,
        channels=None,
    ):
        self.curve = Relu() if curve is None else curve
        weights = rng.standard_normal((3, 3, C, K)) * np.sqrt(gain / 9 / C)
        self.w, self.dw = net.add(f"w{name}", weights)
        self.gamma, self.dgamma = net.add(f"gamma{name}", np.ones(K))
        self.beta, self.dbeta = net.add(f"beta{name}", np.zeros(K))
        self.norm, self.pool = BatchNorm(self.gamma, self.beta), pool
        self.half, self.dz = size // 2, None
        needed = 2 * self.half if pool == "before" else size
        out = (N, size, size, K) if pool != "before" else (N, self.half, self.half, K)
        self.y = self.seen = zeros(*out)
        if pool:
            self.index = threads.aligned((N, self.half, self.half, K), np.uint8)
        if pool == "after":
            self.seen = zeros(N, self.half, self.half, K)
        self.count = self.y.size // K
        if not isinstance(self.curve, Relu):
            self.active = zeros(*self.seen.shape)
        self.conv = None
        if C % LANES == 0:
            self.conv = winograd.Convolution(
                N,
                size,
                size,
                C,
                K,
                out_size=(needed, needed),
                pooled=pool is not None,
                channels=channels,
                scratch=net.scratch,
            )
            self.sums = zeros(self.conv.blocks, 2, K)
        else:
            self.measured = batchnorm.BatchNorm(K)

    def forward(self, source):
        """Convolve a source; give the source of the next layer."""
        half = self.half
        if self.conv is None:
            narrow.forward(source.x, self.w, None, self.y, 1, 1)
            self.measured.measure(self.y)
            self.norm.set(self.measured.mean, self.measured.var, self.count)
        else:
            sink = fusion.StoreStats(self.y, self.sums)
            if self.pool == "before":
                sink = fusion.StorePool(self.y, self.index, self.sums, half, half)
            if self.pool == "after":
                sign = np.where(self.gamma < 0, -1, 1).astype(np.float32)
                sink = fusion.StoreBnPool(
                    self.y, self.sums, self.seen, self.index, sign, half, half
                )
            self.conv.forward(self.w, source, sink)
            self.norm.read(self.sums, self.count)
        self.source = source
        if isinstance(self.curve, Relu):
            return self.normal(self.curve)
        return fusion.Plain(self.activate(self.active))

    def activate(self, out):
        """Write what the next layer sees."""
        passes.fill(self.normal(self.curve), out)
        return out

    def normal(self, curve):
        """Give the source of what the next layer sees."""
        return fusion.BnAct(self.seen, self.norm.scale, self.norm.shift, curve)

    def sink(self, blocks):
        """Say where the gradient of what the next layer sees goes."""
        if self.dz is None:
            self.dz = zeros(*self.seen.shape)
            self.dz_sums = zeros(blocks, 2, self.y.shape[-1])
        numbers = self.norm.scale, self.norm.shift, self.curve, self.dz_sums
        return fusion.ActBack(self.dz, self.seen, *numbers)

    def backward_from(self, dout):
        """Take the gradient of the activation, for the last stage."""
        sink, C = self.sink(1), self.y.shape[-1]
        passes.fill(self.normal(Identity()), sink.out)
        activations.backward(self.curve, dout, sink.out, sink.out)
        rows, seen = sink.out.reshape(-1, C), self.seen.reshape(-1, C)
        self.dz_sums[0] = rows.sum(axis=0), np.einsum("pc,pc->c", rows, seen)

    def backward(self, before):
        """Go back, from self.dz and its sums, through batchnorm and convolution."""
        self.dgamma[:], self.dbeta[:], numbers = self.norm.back(self.dz_sums)
        if self.pool:
            kind = fusion.PoolBack if self.pool == "before" else fusion.BnPoolBack
            gradient = kind(self.dz, self.y, self.index, *numbers, self.half, self.half)
        else:
            gradient = fusion.BnBack(self.dz, self.y, *numbers)
        if self.conv is None:
            passes.fill(gradient, self.dz)
            narrow.backward_weights(self.source.x, self.dz, self.dw, None, 1, 1)
            return
        self.conv.backward_weights(self.source, gradient, self.dw)
        if before is not None:
            sink = before.sink(self.conv.data_blocks)
            self.conv.backward_data(self.w, gradient, sink)


class VggNet(Net):
    """64-64-pool-128-128-pool-256-256-pool-10: 3 x 3, batchnorm, ReLU."""

    def __init__(self, N, size=32, seed=0):
        super().__init__()
        rng, C = np.random.default_rng(seed), 3
        self.stages = []
        for number, K in enumerate((64, 64, 128, 128, 256, 256)):
            pool = "after" if number % 2 else None
            self.stages.append(Stage(self, number, N, size, C, K, rng, pool))
            C, size = K, size // 2 if pool else size
        self.features = zeros(N, size, size, C)
        self.dfeatures = zeros(N, size, size, C)
        self.affine = Affine(self, "f", self.features[0].size, 10, rng, 0.01)

    def step(self, x, labels):
        """Train on one batch: x (N, H, W, 3) float32."""
        source, last = fusion.Plain(x), self.stages[-1]
        for stage in self.stages:
            source = stage.forward(source)
        features = last.activate(self.features).reshape(len(x), -1)
        loss, dscores = softmax_loss(self.affine, features, labels)
        self.affine.backward(dscores, self.dfeatures.reshape(features.shape))
        last.backward_from(self.dfeatures)
        befores = [None, *self.stages]
        for stage, before in zip(self.stages[::-1], befores[-2::-1], strict=True):
            stage.backward(before)
        self.update()
        return loss


class AirNet(Net):
    """The net of airbench94: a frozen 2 x 2 layer, then blocks of 64, 256, 256."""

    def __init__(self, N, size=32, seed=0):
        super().__init__()
        rng = np.random.default_rng(seed)
        C, size = padded(24), size - 1
        self.whiten = zeros(2, 2, 3, C)
        self.whiten[..., :24] = rng.standard_normal((2, 2, 3, 24)) * 0.3
        self.first = zeros(N, size, size, C)
        self.stages = []
        for number, K in enumerate((64, 64, 256, 256, 256, 256)):
            pool = None if number % 2 else "before"
            channels = C if number else 24
            stage = Stage(self, number, N, size, C, K, rng, pool, Gelu(), 1, channels)
            stage.w[:, :, channels:] = 0
            self.stages.append(stage)
            C, size = K, size // 2 if pool else size
        self.features, self.dmap = zeros(N, C), zeros(N, size, size, C)
        self.where, self.dfeatures = zeros(N, C), zeros(N, C)
        self.affine = Affine(self, "f", C, 10, rng, 0.05)

    def step(self, x, labels):
        """Train on one batch: x (N, H, W, 3) float32."""
        direct.forward(x, self.whiten, None, self.first, 1, 0)
        activations.forward(Gelu(), self.first, self.first)
        source = fusion.Plain(self.first)
        for stage in self.stages:
            source = stage.forward(source)
        max_pool.global_forward(source.x, self.features, self.where)
        loss, dscores = softmax_loss(self.affine, self.features, labels, 0.2, 1 / 9)
        self.affine.backward(dscores, self.dfeatures)
        max_pool.global_backward(self.dfeatures, self.where, self.dmap)
        self.stages[-1].backward_from(self.dmap)
        befores = [None, *self.stages]
        for stage, before in zip(self.stages[::-1], befores[-2::-1], strict=True):
            stage.backward(before)
        self.update()
        return loss


class ThreeLayerNet(Net):
    """The homework's ThreeLayerConvNet: 7 x 7 x 32, ReLU, pooling, 100, ReLU, 10."""

    def __init__(self, N, size=32, seed=0):
        super().__init__()
        rng, half = np.random.default_rng(seed), size // 2
        self.w, self.dw = self.add("w1", rng.standard_normal((7, 7, 3, 32)) * 0.05)
        self.b, self.db = self.add("b1", np.zeros(32))
        self.y, self.dy = zeros(N, size, size, 32), zeros(N, size, size, 32)
        self.pooled, self.dpooled = zeros(N, half, half, 32), zeros(N, half, half, 32)
        self.index = threads.aligned(self.pooled.shape, np.uint8)
        self.hidden = Affine(self, "2", half * half * 32, 100, rng, 0.01)
        self.dhidden = zeros(N, padded(100))
        self.affine = Affine(self, "3", padded(100), 10, rng, 0.1)
        self.affine.w[100:] = 0

    def step(self, x, labels):
        """Train on one batch: x (N, H, W, 3) float32."""
        narrow.forward(x, self.w, self.b, self.y, 1, 3)
        max_pool.forward(Relu(), self.y, self.pooled, self.index)
        flat = self.pooled.reshape(len(x), -1)
        hidden = self.hidden.forward(flat, relu=True)
        loss, dscores = softmax_loss(self.affine, hidden, labels)
        self.affine.backward(dscores, self.dhidden)
        self.dhidden *= hidden > 0
        self.hidden.backward(self.dhidden, self.dpooled.reshape(flat.shape))
        max_pool.backward(Relu(), self.dpooled, self.pooled, self.index, self.dy)
        narrow.backward_weights(x, self.dy, self.dw, self.db, 1, 3)
        self.update()
        return loss


NETS = {"three-layer": ThreeLayerNet, "vgg": VggNet, "airbench": AirNet}
