"""`ConvNet`: a network from a list of layers."""

import itertools
from collections import OrderedDict

import numpy as np

from utils.kernels import layout
from utils.memory import require
from utils.network import engine, exact, written
from utils.network.loss import cross_entropy
from utils.network.parameters import Parameters
from utils.network.parts import arrange, check_arguments, every, shapes
from utils.network.specs import Affine
from utils.network.summary import Summary

SIZES = 8  # batch sizes that an engine is kept for


class ConvNet(Parameters):
    """A network built from a list of layers.

    In float32 it runs on the engine: channels-last, layers fused with their neighbours,
    memory that is kept.  In float64 every layer is computed by itself, by its
    definition (`utils.network.exact`).

    Parameters
    ----------
    layers : list of layers
        See `utils.network`; the last one gives one number per class.
    input_shape : tuple of 3 ints, default (3, 32, 32)
        (C, H, W) of an image.  Other heights and widths are possible in each call,
        unless an `Affine` layer reads whole maps.
    dtype : numpy dtype, default np.float32
        float32 or float64.
    seed : int, default 0
        Makes the first weights repeatable.
    label_smoothing : float in [0, 1), default 0.0
        See `utils.network.loss.cross_entropy`.
    ghost : int, optional
        Batchnorms take their statistics over so many images at a time (*ghost batch
        normalisation*; Hoffer et al., 2017), and a batch is computed in parts of this
        size, which needs less memory.  By default over the whole batch.
    skip_unused : bool, default True
        Whether convolutions leave out rows and columns that pooling throws away.  The
        numbers are the same.

    Attributes
    ----------
    params, state : dict
        Full name, such as "conv1.w", -> array: what is trained, and what is not
        (running statistics, whitening filters).  Arrays are kept as the engine likes
        them; `state_dict` gives them as the field writes them.
    frozen : set of str
        Parameters that are not trained at present.
    parts : list of Part
        The layers in their places.

    Raises
    ------
    ValueError
        If the layers do not fit together or an argument makes no sense.

    Examples
    --------
    >>> net = ConvNet([Conv(8), Relu(), GlobalMaxPool(), Affine(10)])
    >>> net.loss(np.zeros((2, 3, 32, 32), np.float32)).shape
    (2, 10)
    """

    def __init__(
        self,
        layers,
        input_shape=(3, 32, 32),
        *,
        dtype=np.float32,
        seed=0,
        label_smoothing=0.0,
        ghost=None,
        skip_unused=True,
    ):
        check_arguments(layers, input_shape, dtype, label_smoothing, ghost)
        self.dtype = np.dtype(dtype)
        self.layers, self.input_shape = tuple(layers), tuple(map(int, input_shape))
        self.label_smoothing, self.ghost = label_smoothing, ghost
        self.skip_unused = skip_unused
        self.parts = arrange(layers, input_shape)
        if len(self.parts[-1].out_shape) != 1:
            raise ValueError(
                f"The last layer, {self.layers[-1]}, gives maps of shape "
                f"{self.parts[-1].out_shape} for each image, expected one number per "
                f"class: end with Affine(10)."
            )
        self.classes = self.parts[-1].out_shape[0]
        super().__init__(self.parts, self.dtype, seed)
        self._engines, self._sizes = OrderedDict(), {self.input_shape[1:]}
        self._sums = {}  # gradients of a batch in parts

    def __repr__(self):
        """Write it as it could be typed in."""
        return f"ConvNet([{', '.join(map(str, self.layers))}])"

    # Training and scoring

    def loss(self, X, y=None):
        """Score images, or give the loss and its gradients.

        Parameters
        ----------
        X : ndarray of shape (N, C, H, W)
            Images; a view of a channels-last float32 array is taken without a copy.
        y : ndarray of shape (N,), integer, optional
            Right classes.

        Returns
        -------
        scores : ndarray of shape (N, classes)
            If `y` is None; in test mode.
        loss, grads : float and dict
            If `y` is given; in training mode.  The mean over the batch, and the
            gradients of all parameters that are not frozen and lie behind the last
            `StopGradient`, by name.  The arrays are overwritten by the next call.

        Raises
        ------
        ValueError
            If images or labels do not fit the network.
        """
        X = self._check_images(X)
        self._check_params()
        if y is None:
            return self._scores(X)
        y = self._check_labels(y, len(X))
        size = self.ghost or len(X)
        losses = np.empty(len(X), self.dtype)
        for start_at in range(0, len(X), size):
            part = slice(start_at, start_at + size)
            losses[part], grads = self._learn(X[part], y[part], len(X))
            if size < len(X):
                grads = self._add(grads, first=start_at == 0)
        return float(losses.mean(dtype=np.float64)), grads

    def predict(self, X, batch_size=500):
        """Score any number of images in test mode.

        Parameters
        ----------
        X : array of shape (N, C, H, W)
            Images, or anything that gives such an array for a slice.
        batch_size : int, default 500

        Returns
        -------
        ndarray of shape (N, classes)
        """
        parts = range(0, len(X), batch_size)
        scores = [self.loss(np.asarray(X[k : k + batch_size])) for k in parts]
        none = np.empty((0, self.classes), self.dtype)
        return np.concatenate([none, *scores])

    def _check_images(self, X):
        X = np.asarray(X)
        if X.ndim != 4 or X.shape[1] != self.input_shape[0] or not len(X):
            raise ValueError(
                f"X has shape {X.shape}, expected (N, {self.input_shape[0]}, height, "
                f"width) with at least one image."
            )
        if X.dtype.kind not in "fiu":
            raise ValueError(f"X has dtype {X.dtype}, expected real numbers.")
        if X.shape[2:] not in self._sizes:
            self._check_size(X.shape[1:])
        return X if X.dtype == self.dtype else X.astype(self.dtype)

    def _check_size(self, shape):
        """Refuse images of a size that the layers cannot work with."""
        there = every(arrange(self.layers, shape))
        for mine, part in zip(every(self.parts), there, strict=True):
            if isinstance(part.layer, Affine) and mine.in_shape != part.in_shape:
                raise ValueError(
                    f"X has images of {shape[1]} x {shape[2]} pixels, expected "
                    f"{self.input_shape[1]} x {self.input_shape[2]}: {mine.name} reads "
                    f"whole maps."
                )
        self._sizes.add(shape[1:])

    def _check_labels(self, y, N):
        y = np.asarray(y)
        if y.shape != (N,) or y.dtype.kind not in "iu":
            raise ValueError(
                f"y has shape {y.shape} and dtype {y.dtype}, expected {(N,)}, one "
                f"whole number per image."
            )
        if y.min() < 0 or y.max() >= self.classes:
            wrong = y[(y < 0) | (y >= self.classes)][0]
            raise ValueError(
                f"y contains {wrong}, expected classes from 0 to {self.classes - 1}."
            )
        return y

    def _scores(self, X):
        if self.dtype == np.float64:
            return self._run(X, train=False).out
        return self._forward(X, train=False)[:, : self.classes].copy()

    def _learn(self, X, y, N):
        """Give the losses of some images, and gradients of their sum over N."""
        share = len(X) / N
        if self.dtype == np.float64:
            run = self._run(X, train=True, move=True)
            losses, dscores = cross_entropy(run.out, y, self.label_smoothing)
            _, grads = run.back(dscores * share)
            return losses, self._pack(grads)
        scores = self._forward(X, train=True)[:, : self.classes]
        losses, dscores = cross_entropy(scores, y, self.label_smoothing)
        dout = self._engine.dout().reshape(len(X), -1)
        dout[:, self.classes :] = 0
        np.multiply(dscores, np.float32(share), out=dout[:, : self.classes])
        self._engine.backward()
        return losses, self._wanted(self._store.grads)

    def _add(self, grads, first):
        """Add to the sums over the parts of a batch, or begin with the first part."""
        for name, grad in grads.items():
            if name not in self._sums:
                self._sums[name] = np.empty_like(grad)
            if first:
                self._sums[name][:] = grad
            else:
                self._sums[name] += grad
        return {name: self._sums[name] for name in grads}

    # The engine

    def _forward(self, X, train):
        N, C, H, W = X.shape
        key = N, H, W
        if key not in self._engines:
            memory = self._store.memory
            before = memory.nbytes
            new = engine.Engine(self._store, self.parts, N, C, H, W, self.skip_unused)
            # It has been promised its memory now, and has not touched it yet.
            require(
                memory.nbytes - before,
                f"A batch of {N} images of {H} x {W} pixels",
                "make batches smaller",
            )
            if memory.nbytes > before:  # others would keep the smaller buffers alive
                self._engines.clear()
            while len(self._engines) >= SIZES:
                self._engines.popitem(last=False)
            self._engines[key] = new
        self._engines.move_to_end(key)
        self._engine = self._engines[key]
        return self._engine.forward(self._channels_last(X), train).reshape(N, -1)

    def _channels_last(self, X):
        x = X.transpose(0, 2, 3, 1)
        if x.flags.c_contiguous:
            return x
        out = self._store.memory.floats("channels last", x.shape)
        if X.flags.c_contiguous:
            layout.images_to_last(X, out)
        else:
            out[:] = x
        return out

    # Layer by layer

    def _run(self, X, train, move=False):
        """Compute layer by layer; running statistics move if `move`."""
        fields = {part.name: {} for part in every(self.parts)}
        for part, key, array in self._arrays():
            fields[part.name][key] = self._layout.unpack(part, key, array)
        run = exact.Run(self.parts, X, fields, train)
        if move:
            for part, key, array in self._arrays():
                if key in ("mean", "var"):
                    array[:] = fields[part.name][key]
        return run

    def look(self, X, y=None, dscores=None):
        """Compute layer by layer, in test mode, and show everything.

        Parameters
        ----------
        X : ndarray of shape (N, C, H, W)
            Images.
        y : ndarray of shape (N,), integer, optional
            Right classes: gradients are those of the mean loss.
        dscores : ndarray of shape (N, classes), optional
            Or: gradients are those of ``sum(dscores * scores)``.

        Returns
        -------
        scores : ndarray of shape (N, classes)
        outputs : dict
            Name of each layer -> its output, (N, C, H, W) or (N, D).
        gradients : dict
            Name of each layer -> gradient of its output, and "image" -> that of X;
            empty if neither `y` nor `dscores` is given.
        """
        X = self._check_images(X)
        run = self._run(X, train=False)
        if y is not None:
            y = self._check_labels(y, len(X))
            dscores = cross_entropy(run.out, y, self.label_smoothing)[1]
        if dscores is None:
            return run.out, run.outputs, {}
        dx, _ = run.back(np.asarray(dscores, self.dtype))
        return run.out, run.outputs, run.douts | {"image": dx}

    def first_non_finite(self, X=None):
        """Name the first thing, layer by layer, that is infinite or no number.

        Parameters
        ----------
        X : ndarray of shape (N, C, H, W), optional
            Images that are sent through the network, in training mode.

        Returns
        -------
        str or None
            For example ``"the output of conv3, layer 7, Conv(64)"``.
        """
        outputs = {}
        if X is not None:
            with np.errstate(all="ignore"):
                outputs = self._run(self._check_images(X), train=True).outputs
        for place, part in enumerate(every(self.parts), 1):
            where = f"{part.name}, layer {place}, {part.layer}"
            for key in itertools.chain(*shapes(part)):
                name = f"{part.name}.{key}"
                if not np.isfinite(self._store.arrays[name]).all():
                    return f"the value of {name} ({where})"
            if part.name in outputs and not np.isfinite(outputs[part.name]).all():
                return f"the output of {where}"
        return None

    # Files

    def describe(self):
        """Say what the network is, as JSON can hold it: all arguments that matter."""
        return {
            "layers": written.to_plain(self.layers),
            "input_shape": list(self.input_shape),
            "label_smoothing": self.label_smoothing,
            "ghost": self.ghost,
        }

    def save(self, path, dtype=None):
        """Write layers, parameters and state to a file that `load` reads.

        Parameters
        ----------
        path : str or Path
            Ends in .npz; written beside it first, then moved.
        dtype : numpy dtype, optional
            For example np.float16, for a file of half the size.
        """
        written.write(path, self.describe(), self.state_dict(), dtype)

    @classmethod
    def load(cls, path, dtype=np.float32):
        """Read a network that `save` wrote.

        Parameters
        ----------
        path : str or Path
        dtype : numpy dtype, default np.float32

        Returns
        -------
        ConvNet

        Raises
        ------
        ValueError
            If the file is damaged or not one of ours; it is never unpickled.
        """
        layers, about, arrays = written.read(path)
        net = cls(layers, **about, dtype=dtype)
        net.load_state_dict(arrays)
        return net

    def summary(self):
        """Give a table of the layers: shapes, parameters, FLOPs, receptive fields."""
        return Summary(self.parts)
