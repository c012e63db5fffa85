"""Layers as lists and dictionaries that JSON can hold."""

from dataclasses import fields

from utils.network import specs

KINDS = {
    name: kind
    for name, kind in vars(specs).items()
    if isinstance(kind, type)
    and issubclass(kind, specs.Layer)
    and kind is not specs.Layer
}


def to_plain(layers):
    """Write layers as lists and dictionaries that JSON can hold."""
    plain = []
    for layer in layers:
        values = {field.name: getattr(layer, field.name) for field in fields(layer)}
        if isinstance(layer, specs.Residual):
            values["layers"] = to_plain(layer.layers)
        plain.append([type(layer).__name__, values])
    return plain


def from_plain(plain):
    """Read what `to_plain` wrote."""
    layers = []
    for name, values in plain:
        if name not in KINDS:
            known = ", ".join(KINDS)
            raise ValueError(f"There is no layer {name!r}, expected {known}.")
        if name == "Residual":
            values = {"layers": from_plain(values["layers"])}
        layers.append(KINDS[name](**values))
    return layers
