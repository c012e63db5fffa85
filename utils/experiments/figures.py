"""Pictures of the results, for README."""

from pathlib import Path

from utils import plots
from utils.experiments import ablation, published, runs

FOLDER = Path(__file__).resolve().parents[2] / "docs"


def draw_all(folder=None):
    """Draw the frontier, the ablation and the race of image sizes.

    Parameters
    ----------
    folder : Path, optional
        Where to; by default ``docs/``.

    Returns
    -------
    list of Path
        What was drawn.
    """
    folder = FOLDER if folder is None else Path(folder)
    box = published.student_box()
    ideas = ablation.table(runs.read_result("ablation")["results"])
    figures = {
        "frontier": (plots.plot_frontier, runs.frontier(), box, published.PEERS),
        "ablation": (plots.plot_ablation, ideas),
        "sizes": (plots.plot_race, runs.read_result("sizes")["results"]),
    }
    drawn = []
    for name, (draw, *arguments) in figures.items():
        drawn.append(folder / f"cnn-{name}.png")
        plots.save_figure(drawn[-1], draw, *arguments)
    return drawn
