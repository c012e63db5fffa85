"""Histories are lists of equal length that JSON takes."""

import json

import numpy as np
import pytest

from utils.solver import history


def test_rows_become_columns_of_plain_numbers():
    lists = history.empty()
    row = {
        "step": np.int64(3),
        "epoch": 0.5,
        "seconds": 1.25,
        "loss": np.float32(0.5),
        "rates": {"conv*.w": np.float64(0.1)},
        "train_accuracy": None,
        "val_accuracy": np.float64(0.25),
        "size": 20,
    }
    assert history.add(lists, **row) == {**row, "loss": 0.5}
    history.add(lists, **row)
    assert {len(column) for column in lists.values()} == {2}
    again = json.loads(json.dumps(lists))
    assert again == lists and again["rates"][0] == {"conv*.w": 0.1}


def test_a_row_has_all_columns():
    with pytest.raises(KeyError):
        history.add(history.empty(), step=1)
