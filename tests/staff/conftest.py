"""A small solved workbook under git, to make handouts of."""

import json
import subprocess
import sys

import pytest


def pytest_terminal_summary(terminalreporter):
    """Say how far submissions were shut off when they attacked."""
    attacks = sys.modules.get("tests.staff.test_attacks")
    for level in sorted(set(attacks.RAN)) if attacks else ():
        count = attacks.RAN.count(level)
        terminalreporter.write_line(f"{count} attacks, at isolation level {level!r}")


EXERCISE = '''\
"""Yours to edit."""

import numpy as np


def double(x):
    """Return twice x."""
    x = np.asarray(x)
    # Hint: add.
    # BEGIN SOLUTION
    total = x + x  # twice the numbers of x
    return total.reshape(x.shape)
    # END SOLUTION


class Net:
    """A net."""

    def loss(self, X):
        """Return the sum."""
        # BEGIN SOLUTION
        weights = np.full(X.shape, 0.125)
        return float(np.sum(weights * X)) / len(X)
        # END SOLUTION
'''
README = """\
# Title

<!-- BEGIN STAFF -->
Only those who teach may know this sentence.
<!-- END STAFF -->

Text.
"""
SCRIPT = """\
#!/bin/sh
# BEGIN STAFF
echo pytest of the whole workbook; exit
# END STAFF
echo checks
"""


def cell(kind, name, source, **more):
    code = {"execution_count": 3, "outputs": []} if kind == "code" else {}
    lines = source.splitlines(keepends=True)
    return {
        "cell_type": kind,
        "id": name,
        "metadata": {},
        **code,
        "source": lines,
    } | more


def notebook(*cells):
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    language = {"name": "python", "version": "3.11.7"}
    return {
        "cells": list(cells),
        "metadata": {"kernelspec": kernel, "language_info": language, "widgets": {}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


ANSWER = """\
<!-- BEGIN SOLUTION -->
Every neuron reads its own small window of the layer below.
<!-- END SOLUTION -->"""
MODEL = """\
model = None
# BEGIN SOLUTION
model = Net(filters=48, rate=0.0125, decay=0.75)
# END SOLUTION"""


@pytest.fixture
def solved():
    """Return the notebook of the small workbook."""
    return notebook(
        cell("markdown", "question", "Why?", metadata={"question": {"id": "a"}}),
        cell("markdown", "answer", ANSWER, metadata={"answer": "a", "seen": True}),
        cell("code", "model", MODEL),
    )


def commit(root):
    identity = ["-c", "user.name=A", "-c", "user.email=a@b.c"]
    for command in (["add", "-A"], [*identity, "commit", "-q", "-m", "A"]):
        subprocess.run(["git", "-C", root, *command], check=True)


@pytest.fixture
def workbook(tmp_path, solved):
    """Return the folder of the small workbook, all committed."""
    root = tmp_path / "solved"
    (root / "utils" / "exercises").mkdir(parents=True)
    (root / "tests").mkdir()
    (root / "utils" / "exercises" / "conv_layers.py").write_text(EXERCISE)
    (root / "README.md").write_text(README)
    (root / "test.sh").write_text(SCRIPT)
    (root / "test.sh").chmod(0o755)
    (root / "CNN.ipynb").write_text(json.dumps(solved))
    (root / "tests" / "answer.py").write_text("answer = 42\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    commit(root)
    return root
