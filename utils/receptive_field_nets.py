"""The windows of the networks that `CNN.ipynb` trains, read from the networks.

Given code for Receptive-Fields.ipynb and `utils.experiments`: what they say about a
network cannot differ from what the network does.
"""

import contextlib
import inspect

from utils import network
from utils.receptive_field import Join, Layer

POINTWISE = (
    network.BatchNorm,
    network.Relu,
    network.Gelu,
    network.Silu,
    network.Scale,
    network.StopGradient,
)


def layers_of(net, last=None):
    """Give the windows of a `ConvNet`, from the first layer to the last with windows.

    Layers that read one position and write one are left out: they change no receptive
    field.  A fully connected layer over maps, or a global pooling, is a window as
    large as the map; what follows it sees the same.

    Parameters
    ----------
    net : ConvNet
    last : str, optional
        Name of the layer to end with; the net's last one if it is left out.

    Returns
    -------
    list of Layer or Join

    Raises
    ------
    ValueError
        If it has no layer of this name, or one that we know nothing about.
    """
    names = [part.name for part in net.parts]
    if last is not None and last not in names:
        raise ValueError(f"last is {last!r}, expected one of {', '.join(names)}.")
    return _windows(net.parts[: None if last is None else names.index(last) + 1])


def three_layer_windows(net):
    """Give the convolution and the pooling of `ThreeLayerConvNet`.

    Parameters
    ----------
    net : class
        `utils.exercises.cnn.ThreeLayerConvNet`; it need not be finished, as its windows
        stand in the part that is given.

    Returns
    -------
    list of Layer
    """
    model = object.__new__(net)
    with contextlib.suppress(Exception):  # what a student has not finished may raise
        model.__init__()
    size = inspect.signature(net).parameters["filter_size"].default
    pool = model.pool_param
    return [
        Layer(size, model.conv_param["stride"], model.conv_param["pad"]),
        Layer((pool["pool_height"], pool["pool_width"]), pool["stride"], kind="pool"),
    ]


def _windows(parts):
    found = []
    for part in parts:
        layer = part.layer
        if isinstance(layer, network.Conv | network.Whiten):
            found.append(Layer(layer.size, layer.stride, layer.padding))
        elif isinstance(layer, network.MaxPool):
            found.append(Layer(layer.size, layer.step, kind="pool"))
        elif isinstance(layer, network.AvgPool):
            found.append(Layer(layer.size, layer.size, kind="pool"))
        elif isinstance(layer, network.Residual):
            found.append(Join(_windows(part.inner), []))
        elif isinstance(layer, network.GlobalMaxPool):  # or the mean
            found.append(Layer(part.in_shape[1:], kind="pool"))
        elif isinstance(layer, network.Affine):
            if len(part.in_shape) == 3:
                found.append(Layer(part.in_shape[1:]))
        elif not isinstance(layer, POINTWISE):
            raise ValueError(
                f"{layer} is no layer whose receptive field is known here; expected "
                "convolutions, poolings, residual blocks, affine and pointwise layers."
            )
    return found
