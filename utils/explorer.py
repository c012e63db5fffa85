"""Sliders for the cone of Receptive-Fields.ipynb, where ipywidgets is installed.

Nothing needs it: no notebook calls it, and the workbook does not install ipywidgets.
"""

import numpy as np

from utils import plots
from utils.receptive_field import Layer, ancestry, coverage, unit_counts


def explore(num_layers=2, size=16):
    """Show a cone that follows sliders for window, stride, padding and neuron.

    Parameters
    ----------
    num_layers : int, default 2
        Layers of the net, from 1 on.
    size : int, default 16
        Side length of the image in pixels.

    Returns
    -------
    ipywidgets.interactive or None
        What the notebook shows; None, and a sentence is printed, without ipywidgets.
    """
    try:
        import ipywidgets as widgets
    except ImportError:
        print(
            "explore needs the package ipywidgets, which is not installed here. The "
            "laboratory cell of Receptive-Fields.ipynb does the same without sliders."
        )
        return None

    def slider(text, low, high, value):
        return widgets.IntSlider(value, low, high, description=text)

    sliders = {"unit": slider("neuron", 0, size - 1, 1)}
    for k in range(1, num_layers + 1):
        sliders[f"m{k}"] = slider(f"window {k}", 1, 7, 3)
        sliders[f"s{k}"] = slider(f"stride {k}", 1, 4, 1)
        sliders[f"p{k}"] = slider(f"padding {k}", 0, 3, 0)

    def draw(unit, **numbers):
        layers = [
            Layer(*(numbers[f"{letter}{k}"] for letter in "msp"))
            for k in range(1, num_layers + 1)
        ]
        draw_cone(layers, unit, size)

    return widgets.interactive(draw, **sliders)


def draw_cone(layers, unit, size):
    """Draw the cone of a neuron, or print why there is none.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first.
    unit : int
        Position of the neuron; beyond the last one, the last one is taken.
    size : int
        Side length of the image in pixels.

    Returns
    -------
    Axes or None
    """
    try:
        counts = unit_counts(layers, size)
    except ValueError as error:
        print(error)
        return None
    unit = min(unit, counts[-1] - 1)
    used = ancestry(layers, unit, size)
    blind = np.flatnonzero(coverage(layers, size) == 0)
    title = f"Neuron {unit} of {counts[-1]} sees {len(used[0])} pixels"
    if blind.size:
        title += f"; nobody sees {blind.size} of {size}"
    return plots.plot_cone(layers, used, counts, blind, title)
