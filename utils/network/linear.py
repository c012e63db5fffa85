"""What a stage of the engine begins with: a convolution, an affine layer, a copy.

All four classes do the same three things, for arrays of one size:

``forward(w, source, sink)``             hand ``source * w`` to a sink
``backward_weights(source, gradient, dw)``   write the gradient of w
``backward_data(w, gradient, sink)``     hand the gradient of the source to a sink

where sources and sinks are those of `kernels.fusion`; ``blocks`` and ``data_blocks``
are the rows of sums that the sinks must have.  `Winograd` fuses everything.  For the
others a pass over memory does what the sink wants (`kernels.passes`).

``prepare(gradient)`` comes before the two backward passes and gives the gradient in the
form they read it in.
"""

from utils.kernels import affine, direct, narrow, passes, winograd
from utils.kernels.fusion import BnPoolBack, Plain, PoolBack, Store, StorePool


def plain(source, out):
    """Give the numbers of a source as an array: its own, or `out`, which is written."""
    if type(source) is Plain:
        return source.x
    passes.fill(source, out())
    return out()


def give(sink, memory, name, shape, write):
    """Let ``write(array)`` compute a gradient, and hand it to a sink."""
    if type(sink) is Store:
        write(sink.out)
        return
    array = memory.floats(name, shape)
    write(array)
    passes.move(Plain(array), sink, shape)


class Winograd:
    """Filters of 3 x 3: the fast algorithm, with its neighbours inside."""

    @staticmethod
    def suits(layer, image):
        """Tell whether it can compute a convolution."""
        fits = layer.size == 3 and layer.stride in (1, 2) and layer.padding in (0, 1, 2)
        return fits and not image

    def __init__(self, memory, name, layer, in_map, K, channels, out_size, pooled):
        self._memory, self._name, self._pad = memory, name, layer.padding
        self._conv = winograd.Convolution(
            *in_map,
            K,
            stride=layer.stride,
            pad=layer.padding,
            out_size=out_size,
            pooled=pooled,
            channels=channels,
            scratch=memory.scratch,
        )
        self._dy_shape = in_map[0], *out_size, K
        self.blocks, self.data_blocks = self._conv.blocks, self._conv.data_blocks
        self.forward = self._conv.forward
        self.backward_weights = self._conv.backward_weights
        self.backward_data = self._conv.backward_data

    def prepare(self, gradient):
        """Give the gradient as a source that the convolution can read."""
        if self._pad == 1 or type(gradient) not in (PoolBack, BnPoolBack):
            return gradient
        dy = self._memory.floats(f"{self._name}.dy", self._dy_shape)
        passes.fill(gradient, dy)
        return Plain(dy)


class _Unfused:
    """What is computed from arrays to arrays."""

    def __init__(self, memory, name, in_map, out_map, out_size=None):
        self._memory, self._name, self._out_size = memory, name, out_size
        self._in_map, self._out_map = in_map, out_map
        self.blocks = self.data_blocks = passes.blocks(in_map[0])

    def _floats(self, role, shape):
        return self._memory.floats(f"{self._name}.{role}", shape)

    def forward(self, w, source, sink):
        """Hand source * w to a sink."""
        self._x = plain(source, lambda: self._floats("x", self._in_map))
        pools = type(sink) is StorePool  # the only sink that keeps less than all of y
        y = self._floats("whole", self._out_map) if pools else sink.out
        self._forward(self._x, w, y)
        if type(sink) is not Store:
            passes.move(Plain(y), sink, self._out_map, self._out_size)

    def prepare(self, gradient):
        """Give the gradient as an array of the size of the output."""
        return Plain(plain(gradient, lambda: self._floats("dy", self._out_map)))

    def backward_weights(self, source, gradient, dw):
        """Write the gradient of w."""
        self._backward_weights(self._x, gradient.x, dw)

    def backward_data(self, w, gradient, sink):
        """Hand the gradient of the source to a sink."""
        give(
            sink,
            self._memory,
            f"{self._name}.dx",
            self._in_map,
            lambda dx: self._backward_data(gradient.x, w, dx),
        )


class Direct(_Unfused):
    """A convolution of any size by the definition, or for images of few channels."""

    def __init__(self, memory, name, layer, in_map, out_map, out_size):
        super().__init__(memory, name, in_map, out_map, out_size)
        few = narrow.suits(in_map[-1], layer.size, layer.stride)
        self._way = narrow if few else direct
        self._steps = layer.stride, layer.padding

    def _forward(self, x, w, y):
        self._way.forward(x, w, None, y, *self._steps)

    def _backward_weights(self, x, dy, dw):
        self._way.backward_weights(x, dy, dw, None, *self._steps)

    def _backward_data(self, dy, w, dx):
        self._way.backward_data(dy, w, dx, *self._steps)


class Full(_Unfused):
    """A fully connected layer; its outputs are maps of one pixel."""

    def __init__(self, memory, name, in_map, out_map):
        super().__init__(memory, name, in_map, out_map)
        self._none = memory.floats(f"{name}.none", out_map[-1:])
        self._spare = memory.floats(f"{name}.spare", out_map[-1:])

    def _forward(self, x, w, y):
        self._none[:] = 0
        affine.forward(_flat(x), w, self._none, _flat(y))

    def _backward_weights(self, x, dy, dw):
        affine.backward_weights(_flat(x), _flat(dy), dw, self._spare)

    def _backward_data(self, dy, w, dx):
        affine.backward_data(_flat(dy), w, _flat(dx))


def _flat(maps):
    return maps.reshape(len(maps), -1)


class Copy:
    """No weights at all: what follows is done to the source itself."""

    def __init__(self, in_map, out_size=None):
        self._map, self._out_size = in_map, out_size
        self.blocks = self.data_blocks = passes.blocks(in_map[0])

    def forward(self, w, source, sink):
        """Hand the source to a sink."""
        passes.move(source, sink, self._map, self._out_size)

    def prepare(self, gradient):
        """Give the gradient as it is."""
        return gradient

    def backward_data(self, w, gradient, sink):
        """Hand the gradient to a sink."""
        passes.move(gradient, sink, self._map)
