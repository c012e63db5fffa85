"""Rows as text."""

from utils.sweep.table import Table, order, render, short


def row(trial, state="finished", accuracy=0.5, worker="a", note="", **params):
    return {
        "trial": trial,
        "state": state,
        "accuracy": accuracy,
        "seconds": 1234.5,
        "worker": worker,
        "params": params,
        "note": note,
    }


def test_a_table_by_hand():
    rows = Table(
        [
            row(3, accuracy=0.91234, rate=0.0123456, kind="muon"),
            row(12, "pruned", 0.5, rate=10.0, kind="sgd"),
            row(4, "failed", None),
        ]
    )
    assert repr(rows) == str(rows) == render(rows)
    assert str(rows).split("\n") == [
        "trial  accuracy     rate  kind  seconds  state",
        "-----  --------  -------  ----  -------  --------",
        "    3    0.9123  0.01235  muon  1,234.5  finished",
        "   12    0.5000       10  sgd   1,234.5  pruned",
        "    4                           1,234.5  failed",
    ]


def test_workers_and_notes_only_where_they_say_something():
    titles = render([row(0), row(1, worker="b", note="diverged")]).split("\n")[0]
    assert titles.split()[-3:] == ["state", "worker", "note"]


def test_a_parameter_may_be_called_like_a_column():
    named = {**row(0), "params": {"trial": 7, "state": 8}}
    lines = render([named]).split("\n")
    assert lines[2].split() == ["0", "0.5000", "7", "8", "1,234.5", "finished"]


def test_nothing():
    assert str(Table()) == "no trials yet"


def test_order():
    rows = [
        row(0, "failed", None),
        row(1, "running", 0.99),
        row(2, "pruned", 0.3),
        row(3, "pruned", None),
        row(4, accuracy=0.5),
        row(5, accuracy=0.7),
        row(6, accuracy=0.5),
    ]
    assert [r["trial"] for r in sorted(rows, key=order)] == [5, 4, 6, 2, 3, 1, 0]


def test_short():
    assert [short(v) for v in (0.1 + 0.2, 1e-7, 125, (1, 2), None)] == [
        "0.3",
        "1e-07",
        "125",
        "(1, 2)",
        "None",
    ]
