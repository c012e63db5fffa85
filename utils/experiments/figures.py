"""Pictures of the results in ``runs/``, for README."""

from pathlib import Path

from utils import plots
from utils.experiments import ablation, published, runs

FOLDER = Path(__file__).resolve().parents[2] / "docs"


def draw_all(folder=None, results=None):
    """Draw what there are results for.

    Parameters
    ----------
    folder : Path, optional
        Where to; by default ``docs/``.
    results : Path, optional
        Where from; by default ``runs/``.

    Returns
    -------
    drawn : list of Path
    missing : list of str
        Names of recipes or experiments without results.
    """
    folder = FOLDER if folder is None else Path(folder)
    drawn, missing = [], []

    def save(name, draw, *args):
        drawn.append(folder / f"cnn-{name}.png")
        plots.save_figure(drawn[-1], draw, *args)

    ours = runs.frontier(results)
    if ours:
        box, peers = published.student_box(), published.PEERS
        save("frontier", plots.plot_frontier, ours, box, peers)
    else:
        missing.append("fast65")
    draws = {
        "ablation": lambda found: (plots.plot_ablation, ablation.table(found)),
        "sizes": lambda found: (plots.plot_race, found),
    }
    for name, prepare in draws.items():
        found = runs.read_result(name, results)
        if found is None:
            missing.append(name)
        else:
            save(name, *prepare(found["results"]))
    return drawn, missing
