"""The line of an epoch, and a bar only where somebody watches."""

import io
import sys

import pytest

from tests.solver.stand_ins import make_steps
from utils.solver.display import BAR, line, progress_bar

ROW = {"loss": 1.25, "train_accuracy": 0.5, "val_accuracy": 0.25}


@pytest.mark.parametrize(
    "row, rest, expected",
    [
        (ROW, (2.0, 500), "loss  1.2500   train acc 0.500   val acc 0.250"),
        (ROW | {"loss": None}, (), "loss       -   train acc 0.500   val acc 0.250"),
        (ROW | {"train_accuracy": None, "val_accuracy": None}, (), "loss  1.2500"),
    ],
)
def test_lines_by_hand(row, rest, expected):
    speed = "      2.0 s      250 images/s" if rest else ""
    assert line("epoch 3/9", row, *rest) == f"epoch 3/9   {expected}{speed}"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    "out, show, hidden",
    [(Terminal, True, False), (Terminal, False, True), (io.StringIO, True, True)],
)
def test_a_bar_only_where_somebody_watches(monkeypatch, out, show, hidden):
    monkeypatch.setattr(sys, "stdout", out())
    with progress_bar(10, 0, show) as bar:
        assert bar.disable == hidden


def test_a_notebook_watches(monkeypatch):
    Stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})
    monkeypatch.setattr(sys, "stdout", Stream())
    with progress_bar(10, 0, True) as bar:
        assert not bar.disable


def test_the_bar_counts_the_whole_training_with_the_time_left(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    at_once = BAR | {"delay": 0, "mininterval": 0, "miniters": 1}
    monkeypatch.setattr("utils.solver.display.BAR", at_once)
    make_steps(verbose=True, num_epochs=2, evaluate="end").train()
    text = terminal.getvalue()
    assert "| 12/96 [" in text and "| 96/96 [" in text
    assert "epoch 1/2:" in text and "epoch 2/2:" in text
    assert "<00:00, " in text and " images/s" in text
