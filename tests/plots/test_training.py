"""A training is drawn while it runs, and ends as one picture."""

import io
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.image import imread
from matplotlib.patches import Rectangle

from tests.solver.small_net import make_solver
from tests.solver.stand_ins import make_steps
from utils import plots
from utils.pdf.execute import execute

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def steps():
    solver = make_steps(num_epochs=20, sizes=((0, 3), (0.4, 4)))
    solver.train()
    return solver


def labels(ax):
    return [line.get_label() for line in ax.lines if line.get_label()[0] != "_"]


def line(ax, label):
    (found,) = [one for one in ax.lines if one.get_label() == label]
    return found


def test_losses_accuracies_and_rates(steps):
    loss, accuracy, rate = plots.plot_training(steps)
    dots = line(loss, "one batch")
    assert list(dots.get_xdata()) == list(range(1, 81))
    assert list(dots.get_ydata()) == steps.loss_history
    assert labels(loss) == ["one batch"]
    validation = line(accuracy, "validation")
    assert list(validation.get_xdata()) == steps.history["step"]
    assert list(validation.get_ydata()) == steps.val_acc_history
    assert list(line(accuracy, "training").get_ydata()) == steps.train_acc_history
    assert line(rate, "all").get_ydata()[[0, -1]].tolist() == [0.2, 0]
    assert {ax.get_xlim() for ax in (loss, accuracy, rate)} == {(0, 80)}
    loss.figure.canvas.draw()


def test_a_mean_is_drawn_through_many_losses(steps):
    steps.loss_history = np.linspace(2, 1, 500).tolist()
    loss, _, _ = plots.plot_training(steps)
    mean = line(loss, "mean of 10")
    # The mean of a straight line is the line itself.
    expected = np.interp(mean.get_xdata(), np.arange(1, 501), steps.loss_history)
    np.testing.assert_allclose(mean.get_ydata(), expected)


def test_sizes_are_shaded(steps):
    axes = plots.plot_training(steps)
    for ax in axes:
        spans = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
        ranges = [(span.get_x(), span.get_x() + span.get_width()) for span in spans]
        assert ranges == [(0, 32), (32, 80)]
    assert [text.get_text() for text in axes[1].texts] == ["3 px", "4 px"]


def test_a_training_of_the_lessons():
    solver = make_solver(lr_decay=0.5)
    solver.train()
    loss, accuracy, rate = plots.plot_training(solver)
    assert len(line(accuracy, "validation").get_xdata()) == 4
    assert len(line(rate, "learning_rate").get_xdata()) == 4
    assert not loss.patches and not loss.texts


def test_before_and_at_the_first_step():
    solver = make_steps()
    plots.plot_training(solver)[0].figure.canvas.draw()
    solver.loss_history = [1.0]
    loss, accuracy, _ = plots.plot_training(solver)
    loss.figure.canvas.draw()
    assert labels(accuracy) == []


def test_rates_of_different_sizes_are_drawn_by_their_logarithm(steps):
    steps.rate_curves = lambda: {"a": ([0, 8], [0.2, 0]), "b": ([0, 8], [0.001, 0])}
    assert plots.plot_training(steps)[2].get_yscale() == "log"
    steps.rate_curves = lambda: {"a": ([0, 8], [0.2, 0]), "b": ([0, 8], [0.1, 0])}
    assert plots.plot_training(steps)[2].get_yscale() == "linear"


def test_elsewhere_than_in_a_notebook_it_is_silent(capfd, monkeypatch):
    monkeypatch.setattr(plots.training, "plot_training", None)  # not even called
    solver = make_steps(live_plot=plots.LivePlot())
    solver.train()
    assert capfd.readouterr() == ("", "") and solver.step == 12


def test_pictures_come_one_after_another():
    pictures = []
    make_steps(live_plot=plots.LivePlot(show=pictures.append)).train()
    assert len(pictures) == 2  # after the first step, and at the end
    shapes = [imread(io.BytesIO(png)).shape for png in pictures]
    assert shapes == [(240, 650, 4)] * 2
    assert pictures[0] != pictures[1]
    assert plt.get_fignums() == []  # pyplot would draw it once more below the cell


NOTEBOOK = """
from tests.solver.stand_ins import make_steps
from utils import plots
plot = plots.LivePlot()
solver = make_steps(live_plot=plot, on_evaluate=plot.update)
solver.train()
"""


def test_a_notebook_keeps_one_picture(tmp_path):
    cells = [nbformat.v4.new_code_cell(NOTEBOOK)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    way = {"PYTHONPATH": str(ROOT)}
    assert execute(notebook, tmp_path / "a.ipynb", 60, way) is None
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert output.data["image/png"].startswith("iVBOR")
    assert output.data["text/plain"] == "<training: loss, accuracy, rate>"


def test_a_rate_of_0_is_written_into_the_legend(steps, monkeypatch):
    curves = {
        "conv*.w": ([0, 1], [1.0, 0.1]),
        "b": ([0, 1], [0, 0]),
        "*": ([0, 1], [2, 1]),
    }
    monkeypatch.setattr(steps, "rate_curves", lambda: curves)
    rate = plots.plot_training(steps)[2]
    assert [text.get_text() for text in rate.get_legend().get_texts()] == [
        "conv*.w",
        "b: 0",
        "all others",
    ]
