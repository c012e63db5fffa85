"""Figures that go to a file and not to a notebook."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

STYLE = Path(__file__).resolve().parents[1] / "workbook.mplstyle"


def save_figure(path, draw, *args, **more):
    """Draw in the workbook's style and write a PNG.

    Parameters
    ----------
    path : str or Path
        Ends in .png; folders are made.
    draw : callable
        One of `utils.plots`; gives Axes.
    *args, **more
        For `draw`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with plt.style.context(STYLE):
        axes = draw(*args, **more)
        figure = np.atleast_1d(axes).flat[0].figure
        # Without the version of matplotlib in it, equal pictures are equal files.
        figure.savefig(path, dpi=150, metadata={"Software": None})
        plt.close(figure)
