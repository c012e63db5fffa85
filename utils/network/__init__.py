"""A network from a list of layers, channels-last and fused inside.

    net = ConvNet(
        [
            Conv(32), BatchNorm(), Relu(), MaxPool(),
            Conv(64), BatchNorm(), Relu(), MaxPool(),
            GlobalMaxPool(), Affine(10),
        ]
    )
    loss, grads = net.loss(X, y)

The layers; ``help(network.Conv)`` tells more about one, ``help(network.ConvNet)`` about
a network:

=======================  ===========================================================
`Conv(filters)`          convolution; size=3, stride=1, pad (by default it keeps the
                         size), bias, start
`BatchNorm()`            batch normalisation; scale=True, eps, momentum
`Relu() Gelu() Silu()`   activations
`MaxPool() AvgPool()`    pooling; size=2, and stride=size of `MaxPool`
`GlobalMaxPool()`        one number per map: its largest
`GlobalAvgPool()`        one number per map: its mean
`Affine(units)`          fully connected; bias, start
`Residual(layers)`       x + layers(x), of a list of layers that keep the shape
`Scale(factor)`          multiply by a constant
`Whiten()`               first filters computed from images, not trained; size=2
`StopGradient()`         nothing before it is trained
=======================  ===========================================================

The files:

=================  =================================================================
`specs.py`         the layers as one writes them down
`written.py`       the same as JSON can hold it
`parts.py`         layers in their places: names, shapes, first weights
`parameters.py`    what is trained, by name
`net.py`           `ConvNet`
`loss.py`          softmax cross-entropy
`summary.py`       the table of a network
`exact.py`         every layer by its definition, in float64: the measure of the rest
`groups.py`        which layers are computed together
`engine.py`        all of them for batches of one size; memory
`stage.py`         convolution, batchnorm, activation and pooling at once
`linear.py`        what a stage begins with: convolutions, affine layers
`scaling.py`       what a batchnorm or a bias does to a channel
`nodes.py`         other poolings, residuals, boundaries
=================  =================================================================
"""

from utils.network.net import ConvNet
from utils.network.specs import (
    Affine,
    AvgPool,
    BatchNorm,
    Conv,
    Gelu,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Residual,
    Scale,
    Silu,
    StopGradient,
    Whiten,
)

__all__ = [
    "Affine",
    "AvgPool",
    "BatchNorm",
    "Conv",
    "ConvNet",
    "Gelu",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "MaxPool",
    "Relu",
    "Residual",
    "Scale",
    "Silu",
    "StopGradient",
    "Whiten",
]
