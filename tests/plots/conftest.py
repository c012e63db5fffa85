"""Figures are drawn in the workbook's style, checked for their width, and closed."""

from pathlib import Path

import matplotlib
import pytest

matplotlib.use("Agg")

import matplotlib.pyplot as plt

STYLE = Path(__file__).resolve().parents[2] / "utils" / "workbook.mplstyle"


@pytest.fixture(autouse=True)
def figures():
    """Draw in the workbook's style, as wide as the page at most, and close."""
    with plt.style.context(STYLE):
        yield
        for number in plt.get_fignums():
            figure = plt.figure(number)
            figure.canvas.draw()  # warnings of the layout are errors here
            assert figure.get_figwidth() <= 7
        plt.close("all")
