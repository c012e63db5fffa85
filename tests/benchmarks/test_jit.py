"""Fresh processes and their times, as far as they need no PyTorch."""

from types import SimpleNamespace

import pytest

from benchmarks import harness, jit


def test_a_process_counts_its_own_seconds():
    assert 0.05 <= jit.seconds("time.sleep(0.05)") < 5
    assert jit.seconds("print('something')") < 0.05


def test_variables_reach_the_process():
    code = "import os; assert os.environ['NUMBA_CACHE_DIR'] == 'x'"
    jit.seconds(code, NUMBA_CACHE_DIR="x")


def test_a_program_that_fails_is_no_number():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        jit.seconds("1 / 0")


def test_programs_take_turns_after_a_start_that_does_not_count(monkeypatch):
    times = iter([100, 100, 1, 10, 3, 30, 2, 20])
    started = []

    def seconds(code):
        started.append(code)
        return next(times)

    monkeypatch.setattr(jit, "seconds", seconds)
    assert jit.alternate("ours", "theirs", 3) == [2, 20]
    assert started == ["ours", "theirs"] * 4


def test_a_row_says_how_far_the_goal_is():
    row = jit.row("utils.x", "import", 0.1, 0.2)
    assert (row["ours_ms"], row["rival_ms"], row["ratio"]) == (100, 200, 2)
    assert (row["rival"], row["limit_ms"], row["limit_share"]) == ("PyTorch", 300, 3)
    alone = jit.row("all", "cold", 5)
    assert alone["rival"] is alone["rival_ms"] is alone["ratio"] is None
    assert harness.line(row) and harness.line(alone)
    assert "nan" not in harness.means([row, alone])


def test_every_program_is_python():
    for _, kind, ours, rival in jit.jobs():
        assert kind in jit.GOALS
        compile(ours, "ours", "exec")
        compile(rival or "", "rival", "exec")


def test_without_pytorch_our_side_runs_alone(monkeypatch):
    started = []
    monkeypatch.setattr(jit, "has_torch", lambda: False)
    monkeypatch.setattr(jit, "seconds", lambda code: started.append(code) or 0.5)
    rows = list(jit.rows(SimpleNamespace(only="conv 7x7", rounds=1)))
    assert [row["rival"] for row in rows] == [None]
    assert set(started) == {jit.CONVOLUTION}


def test_only_what_was_asked_for_is_started(monkeypatch):
    monkeypatch.setattr(jit, "seconds", lambda code, **variables: 0.5)
    options = SimpleNamespace(only="CNN", rounds=1)
    names = [row["name"] for row in jit.rows(options)]
    assert names == ["import, step of CNN.ipynb", "all that CNN.ipynb uses"]
