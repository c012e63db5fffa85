"""The ladder without PyTorch: our rungs beside each other."""

from types import SimpleNamespace

import pytest

from benchmarks import harness, ladder
from tests.kernels.engine import needs_compiler
from utils import ladder as rungs


@needs_compiler
@pytest.mark.parametrize("figure", [None, "ladder.png"])
def test_our_rungs_alone(monkeypatch, tmp_path, figure):
    monkeypatch.setattr(ladder, "has_torch", lambda: False)
    monkeypatch.setattr(ladder, "_python_seconds", lambda: 1.0)
    monkeypatch.setattr(ladder.machine, "peak", lambda: 100.0)

    def attempt(sides, rounds, patience):
        seconds = [[0.32 * (k + 1)] for k in range(len(sides))]
        return SimpleNamespace(seconds=seconds, speed=1.0), 1

    monkeypatch.setattr(harness, "attempt", attempt)
    path = figure and tmp_path / figure
    rows = list(ladder.rows(SimpleNamespace(rounds=1, patience=0, figure=path)))
    assert [row["name"] for row in rows] == ["loops in Python", *rungs.RUNGS]
    assert [row["ours_ms"] for row in rows][:3] == pytest.approx([1000, 10, 20])
    assert {(row["rival"], row["rival_ms"], row["ratio"]) for row in rows} == {
        (None, None, None)
    }
    assert all(map(harness.line, rows))
    assert not figure or path.stat().st_size > 1000
