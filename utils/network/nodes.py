"""What the engine does beside stages: other poolings, sums of branches, boundaries.

A node of the engine has ``forward(source, train)``, which gives the source of what it
computes; ``sink(rows)``, which says where the gradient of that goes; ``backward(
before)``, which hands its own gradient to the node before it (None if nobody wants
it); ``learns()``; and ``out_map``, (N, H, W, C).
"""

import numpy as np

from utils.kernels import max_pool, passes, threads
from utils.kernels.activations import Identity
from utils.kernels.fusion import Plain, Store
from utils.network import specs
from utils.network.linear import give, plain


class Node:
    """A node that computes an array from an array."""

    def __init__(self, store, part, in_map, out_map):
        self._store, self.name, self._layer = store, part.name, part.layer
        self._in_map, self.out_map = in_map, out_map
        self._out, self._dout = self._floats("out", out_map), self._floats("d", out_map)

    def _floats(self, role, shape):
        return self._store.memory.floats(f"{self.name}.{role}", shape)

    def learns(self):
        """Tell whether any parameter here wants a gradient."""
        return False

    def forward(self, source, train):
        """Compute; give what the next node reads."""
        self._forward(plain(source, lambda: self._floats("x", self._in_map)))
        return Plain(self._out)

    def sink(self, rows):
        """Say where the gradient of the output goes."""
        return Store(self._dout)

    def backward(self, before):
        """Hand the gradient of the input to `before`, if there is one."""
        if before is not None:
            sink = before.sink(passes.blocks(self._in_map[0]))
            name = f"{self.name}.dx"
            give(sink, self._store.memory, name, self._in_map, self._backward)


class MaxPool(Node):
    """Max pooling with any window and stride."""

    def __init__(self, store, part, in_map):
        N, H, W, C = in_map
        _, OH, OW = part.layer.out_shape((C, H, W))
        super().__init__(store, part, in_map, (N, OH, OW, C))
        self._index = store.memory.bytes(f"{self.name}.index", self.out_map)
        self._window = (part.layer.size, part.layer.size), part.layer.step

    def _forward(self, x):
        max_pool.forward(Identity(), x, self._out, self._index, *self._window)

    def _backward(self, dx):
        arrays = self._dout, self._out, self._index, dx
        max_pool.backward(Identity(), *arrays, *self._window)


class AvgPool(Node):
    """Mean pooling with windows that do not overlap."""

    def __init__(self, store, part, in_map):
        N, H, W, C = in_map
        _, OH, OW = part.layer.out_shape((C, H, W))
        super().__init__(store, part, in_map, (N, OH, OW, C))

    def _windows(self, maps):
        (N, OH, OW, C), size = self.out_map, self._layer.size
        return maps[:, : OH * size, : OW * size], (N, OH, size, OW, size, C)

    def _forward(self, x):
        inside, shape = self._windows(x)
        inside.reshape(shape).mean(axis=(2, 4), out=self._out)

    def _backward(self, dx):
        dx[:] = 0
        size = self._layer.size
        for p, q in np.ndindex(size, size):
            inside, _ = self._windows(dx)
            np.divide(self._dout, size**2, out=inside[:, p::size, q::size])


class GlobalMaxPool(Node):
    """The largest value of each channel."""

    def __init__(self, store, part, in_map):
        N, _, _, C = in_map
        super().__init__(store, part, in_map, (N, 1, 1, C))
        self._index = self._floats("index", (N, C))

    def _forward(self, x):
        max_pool.global_forward(x, self._out[:, 0, 0], self._index)

    def _backward(self, dx):
        max_pool.global_backward(self._dout[:, 0, 0], self._index, dx)


class GlobalAvgPool(Node):
    """The mean of each channel."""

    def __init__(self, store, part, in_map):
        N, _, _, C = in_map
        super().__init__(store, part, in_map, (N, 1, 1, C))

    def _forward(self, x):
        x.mean(axis=(1, 2), keepdims=True, out=self._out)

    def _backward(self, dx):
        np.divide(self._dout, dx.shape[1] * dx.shape[2], out=dx)


class StopGradient:
    """Nothing goes back through it; its neighbours hand on what they have."""

    def __init__(self, store, part, in_map):
        self.name, self.out_map = part.name, in_map

    def learns(self):
        """Tell whether any parameter here wants a gradient."""
        return False

    def forward(self, source, train):
        """Give the source as it is."""
        return source


class Residual(Node):
    """x + layers(x)."""

    def __init__(self, store, part, in_map, chain):
        super().__init__(store, part, in_map, in_map)
        self._chain, self._outlet = chain, Outlet(self._floats("inner", in_map))

    def learns(self):
        """Tell whether any parameter here wants a gradient."""
        return self._chain.learns()

    def _forward(self, x):
        inner = self._chain.forward(Plain(x), self._train)
        passes.fill(inner, self._out)
        _add(x, self._out)

    def forward(self, source, train):
        """Compute; give what the next node reads."""
        self._train = train
        return super().forward(source, train)

    def backward(self, before):
        """Hand the gradient of the input to `before`, if there is one."""
        if not self._chain.learns() and before is None:
            return
        self._chain.receive(Plain(self._dout))
        outlet = self._outlet if before is not None else None
        self._reached = self._chain.backward(outlet)
        super().backward(before)

    def _backward(self, dx):
        dx[:] = self._dout
        if self._reached:
            _add(self._outlet.dout, dx)


class Outlet:
    """Stands in front of a chain's first node and keeps what that hands down."""

    def __init__(self, dout):
        self.dout = dout

    def sink(self, rows):
        """Say where the gradient goes."""
        return Store(self.dout)


def _add(x, out):
    """Add x to out, in all threads."""
    x, out = x.reshape(-1), out.reshape(-1)

    def add(start, stop):
        np.add(x[start:stop], out[start:stop], out=out[start:stop])

    threads.run(add, x.size)


NODES = {
    specs.MaxPool: MaxPool,
    specs.AvgPool: AvgPool,
    specs.GlobalMaxPool: GlobalMaxPool,
    specs.GlobalAvgPool: GlobalAvgPool,
    specs.StopGradient: StopGradient,
}
