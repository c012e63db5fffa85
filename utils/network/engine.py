"""The engine: all layers of a network, fused, for batches of one size.

Buffers are made when the first batch of a size comes, and live as long as the network.
Nothing is kept in them from one step to the next, so batches of all sizes share them.
"""

import numpy as np

from utils.kernels import passes
from utils.kernels.fusion import Plain
from utils.kernels.scratch import Scratch
from utils.network.groups import Group, group
from utils.network.linear import plain
from utils.network.nodes import NODES, Residual, StopGradient
from utils.network.stage import Stage


class Memory:
    """Named buffers, each as large as the largest batch needs it."""

    def __init__(self):
        self.scratch, self._buffers = Scratch(), Scratch()

    def floats(self, name, shape):
        """Give a float32 array; its content is undefined."""
        size = int(np.prod(shape))
        return self._buffers.get(name, 1, size)[0, :size].reshape(shape)

    def bytes(self, name, shape):
        """Give a uint8 array; its content is undefined."""
        size = int(np.prod(shape))
        flat = self._buffers.get(name, 1, -(-size // 4))[0].view(np.uint8)
        return flat[:size].reshape(shape)

    @property
    def nbytes(self):
        """How much memory is held, in bytes."""
        return self.scratch.nbytes + self._buffers.nbytes


class Store:
    """What all nodes share: parameters, gradients, memory.

    Attributes
    ----------
    arrays, grads : dict
        Full name -> parameter or state; full name -> gradient of a parameter.
    frozen : set
        Names of parameters that are not trained at present.
    layout : Layout
    memory : Memory
    """

    def __init__(self, arrays, grads, layout):
        self.arrays, self.grads, self.layout = arrays, grads, layout
        self.frozen, self.memory, self._constants = set(), Memory(), {}

    def wants(self, name):
        """Tell whether a parameter exists and is trained."""
        return name in self.grads and name not in self.frozen

    def constants(self, K):
        """Give vectors of ones and of zeros."""
        if K not in self._constants:
            self._constants[K] = np.ones(K, np.float32), np.zeros(K, np.float32)
        return self._constants[K]


class Chain:
    """Nodes one after the other.

    Parameters
    ----------
    store : Store
    parts : list of Part
    in_map : tuple of 4 ints
        (N, H, W, C) of what comes in.
    skip : bool
        See `Stage`.
    """

    def __init__(self, store, parts, in_map, skip):
        self.nodes, self.in_map = [], in_map
        for found in group(parts):
            node = _make(store, found, in_map, skip)
            self.nodes.append(node)
            in_map = node.out_map
        self.out_map = in_map

    def learns(self):
        """Tell whether any parameter wants a gradient that can be reached."""
        return any(node.learns() for node in self.nodes[self._boundary() :])

    def _boundary(self):
        """Give the place of the first node behind the last `StopGradient`."""
        stops = [isinstance(node, StopGradient) for node in self.nodes]
        return len(stops) - stops[::-1].index(True) if any(stops) else 0

    def forward(self, source, train):
        """Compute; give the source of what the last node computes."""
        for node in self.nodes:
            source = node.forward(source, train)
        return source

    def receive(self, gradient):
        """Take the gradient of what the last node computes, as a source."""
        if self.nodes and not isinstance(self.nodes[-1], StopGradient):
            sink = self.nodes[-1].sink(passes.blocks(self.out_map[0]))
            passes.move(gradient, sink, self.out_map)

    def backward(self, before=None):
        """Go back, no further than anybody wants; tell whether `before` got anything.

        Parameters
        ----------
        before : node, optional
            Where the gradient of the input goes.
        """
        nodes, first = self.nodes, self._boundary()
        if first or before is None:
            before = None
            learning = [k for k in range(first, len(nodes)) if nodes[k].learns()]
            first = learning[0] if learning else len(nodes)
        for k in reversed(range(first, len(nodes))):
            nodes[k].backward(nodes[k - 1] if k > first else before)
        return before is not None


def _make(store, found, in_map, skip):
    """Make a node of a group, or of a part that is no stage."""
    if isinstance(found, Group):
        return Stage(store, found, in_map, skip)
    if found.inner:
        return Residual(store, found, in_map, Chain(store, found.inner, in_map, skip))
    return NODES[type(found.layer)](store, found, in_map)


class Engine:
    """A whole network for batches of N images of H x W pixels.

    Parameters
    ----------
    store : Store
    parts : list of Part
    N, C, H, W : int
    skip : bool
        See `Stage`.
    """

    def __init__(self, store, parts, N, C, H, W, skip=True):
        self._memory, self._image = store.memory, parts[0].image
        wide = C if self._image else store.layout.wide(C)
        self.chain = Chain(store, parts, (N, H, W, wide), skip)
        self._C = C

    def forward(self, x, train):
        """Give the output of images x (N, H, W, C): (N, units), or maps.

        The result lives in a buffer; it is overwritten by the next pass.
        """
        if not self._image:
            filled = self._memory.floats("image", self.chain.in_map)
            filled[..., self._C :] = 0
            filled[..., : self._C] = x
            x = filled
        source = self.chain.forward(Plain(x), train)
        shape = self.chain.out_map
        return plain(source, lambda: self._memory.floats("out", shape))

    def dout(self):
        """Give the array where the gradient of the output is to be written."""
        return self._memory.floats("dout", self.chain.out_map)

    def backward(self):
        """Compute the gradients of all parameters that want one."""
        if self.chain.learns():
            self.chain.receive(Plain(self.dout()))
            self.chain.backward()
