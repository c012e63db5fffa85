"""A stage of the engine: what is done to one map before it is written to memory.

    linear -> [pool] -> scale and shift -> activation -> [pool]

The linear part is a convolution, a fully connected layer or a copy (`linear`); scale
and shift are a batchnorm, a bias or a constant (`scaling`).  Forward, the linear part
writes y once, already pooled if pooling comes first, and counts the sums that batchnorm
needs.  The rest is computed where the next stage reads y; GELU and SiLU cost too much
to be computed at each reading, so theirs are written out once.

Backward, the next stage hands down dz, the gradient before the activation, with its
sums (`sink`).  Then dy = a * dz + b * y + c is computed where the gradients of weights
and input read it.
"""

from utils.kernels import fusion, passes
from utils.kernels.activations import Gelu, Identity, Relu, Silu
from utils.network import scaling, specs
from utils.network.linear import Copy, Direct, Full, Winograd

CURVES = {specs.Relu: Relu, specs.Gelu: Gelu, specs.Silu: Silu}
COSTLY = Gelu, Silu


class Stage:
    """One stage, for batches of one size.

    Parameters
    ----------
    store : Store
        Parameters, gradients and memory of the network.
    group : Group
        The layers that this stage computes.
    in_map : tuple of 4 ints
        (N, H, W, C) of what comes in.
    skip : bool
        Whether rows and columns that pooling throws away are left out.
    """

    def __init__(self, store, group, in_map, skip):
        self._store, self._group = store, group
        self.name = group.name
        self._curve = CURVES.get(type(group.curve), Identity)()
        N, H, W, K = group.out_map(in_map, store.layout.wide)  # of the linear part
        self._half = H // 2, W // 2
        self._pool = group.pool
        keep = 2 * self._half[0], 2 * self._half[1]
        cut = keep if skip and group.pool == "before" else (H, W)
        self._linear = self._make_linear(in_map, (N, H, W, K), cut)
        y = (N, *self._half, K) if group.pool == "before" else (N, H, W, K)
        seen = (N, *self._half, K) if group.pool else y
        self._y = self._seen = self._floats("y", y)
        if group.pool:
            self._index = store.memory.bytes(f"{self.name}.index", seen)
        if group.pool == "after":
            self._seen = self._floats("seen", seen)
        if type(self._curve) in COSTLY:
            self._active = self._floats("active", seen)
        self._numbers = self._make_numbers(K, self._y.size // K)
        self._sums = self._floats("sums", (self._linear.blocks, 2, K))
        self._dz, self._made = self._floats("dz", seen), {}
        self.out_map = seen

    def _floats(self, role, shape):
        return self._store.memory.floats(f"{self.name}.{role}", shape)

    def _make_linear(self, in_map, out_map, cut):
        group, memory = self._group, self._store.memory
        part, K = group.linear, out_map[-1]
        if part is None:
            return Copy(in_map, cut)
        if isinstance(part.layer, specs.Affine):
            return Full(memory, self.name, in_map, out_map)
        if Winograd.suits(part.layer, part.image):
            sizes = in_map, K, part.in_shape[0], cut, group.pool is not None
            return Winograd(memory, self.name, part.layer, *sizes)
        return Direct(memory, self.name, part.layer, in_map, out_map, cut)

    def _make_numbers(self, K, count):
        group, arrays = self._group, self._store.arrays
        if group.norm is not None:
            keys = "gamma", "beta", "mean", "var"
            names = [arrays.get(f"{group.norm.name}.{key}") for key in keys]
            return scaling.Batch(group.norm.layer, *names, group.norm.filters, count)
        if group.factor is not None:
            return scaling.Factor(group.factor, K)
        return scaling.Bias(arrays.get(f"{self.name}.b"), K)

    def _names(self):
        """Give the full names of what is trained here."""
        linear, norm = self._group.linear, self._group.norm
        keys = [f"{linear.name}.w", f"{linear.name}.b"] if linear else []
        if norm:
            keys += [f"{norm.name}.gamma", f"{norm.name}.beta"]
        return keys

    def learns(self):
        """Tell whether any parameter here wants a gradient."""
        return any(self._store.wants(name) for name in self._names())

    def forward(self, source, train):
        """Compute; give what the next stage reads."""
        sums = self._numbers.counts and train
        self._linear.forward(self._weights(), source, self._out_sink(sums))
        self._source = source
        if sums:
            self._numbers.read(self._sums)
        else:
            self._numbers.recall()
        normal = self._once("normal", self._normal)
        if type(self._curve) not in COSTLY:
            return normal
        passes.fill(normal, self._active)
        return self._once("active", lambda: fusion.Plain(self._active))

    def _once(self, name, make):
        """Make a source or a sink once: known ones need not be checked again."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def _out_sink(self, sums):
        """Say where the linear part writes."""
        if self._pool == "before":
            arrays = self._y, self._index, self._sums, *self._half
            return self._once("pool", lambda: fusion.StorePool(*arrays))
        if self._pool == "after":
            arrays = self._y, self._sums, self._seen, self._index, self._numbers.sign
            return self._once("pool", lambda: fusion.StoreBnPool(*arrays, *self._half))
        if sums:
            return self._once("stats", lambda: fusion.StoreStats(self._y, self._sums))
        return self._once("store", lambda: fusion.Store(self._y))

    def _weights(self):
        linear = self._group.linear
        return None if linear is None else self._store.arrays[f"{linear.name}.w"]

    def _normal(self):
        """Give the source of what the next stage sees."""
        numbers = self._numbers.scale, self._numbers.shift
        return fusion.BnAct(self._seen, *numbers, self._curve)

    def sink(self, rows):
        """Say where the gradient of what the next stage sees goes."""
        sink = self._once(f"back {rows}", lambda: self._make_sink(rows))
        self._dz_sums = sink.sums
        return sink

    def _make_sink(self, rows):
        sums = self._floats("dz_sums", (rows, 2, self._seen.shape[-1]))
        numbers = self._numbers.scale, self._numbers.shift, self._curve
        return fusion.ActBack(self._dz, self._seen, *numbers, sums)

    def backward(self, before):
        """Compute gradients; hand that of the input to `before`, if there is one."""
        store, part = self._store, self._group.norm or self._group.linear
        grads, constants = self._numbers.back(self._dz_sums)
        for key, grad in grads.items():
            if store.wants(f"{part.name}.{key}"):
                store.grads[f"{part.name}.{key}"][:] = grad
        learns = self._group.linear and store.wants(f"{self._group.linear.name}.w")
        if not learns and before is None:
            return
        gradient = self._once("gradient", lambda: self._gradient(constants))
        gradient = self._linear.prepare(gradient)
        if learns:
            dw = store.grads[f"{self._group.linear.name}.w"]
            self._linear.backward_weights(self._source, gradient, dw)
        if before is not None:
            sink = before.sink(self._linear.data_blocks)
            self._linear.backward_data(self._weights(), gradient, sink)

    def _gradient(self, constants):
        """Give the gradient of what the linear part computes, as a source."""
        if constants is None:
            if not self._pool:
                return fusion.Plain(self._dz)
            one, zero = self._store.constants(self._seen.shape[-1])
            constants = one, zero, zero
        if not self._pool:
            return fusion.BnBack(self._dz, self._y, *constants)
        if self._pool == "after":
            arrays = self._dz, self._y, self._index
            return fusion.BnPoolBack(*arrays, *constants, *self._half)
        return fusion.PoolBack(self._dz, self._y, self._index, *constants, *self._half)
