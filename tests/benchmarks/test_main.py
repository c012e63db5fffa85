"""The command line of the benchmarks, as far as it needs no PyTorch."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import threadpoolctl

from benchmarks import __main__ as cli

ROOT = Path(__file__).resolve().parents[2]

# A stand-in for os.execv: says what would be started, and with which variables.
RUN = """
import os, sys, runpy
def execv(path, command):
    print(command[1:], sorted(k for k in os.environ if k.startswith("OPENBLAS")))
    sys.exit(0)
os.execv = execv
sys.argv = ["benchmarks", "conv", "--rounds", "3"]
runpy.run_module("benchmarks", run_name="__main__")
"""


def test_names_and_options():
    options = cli.arguments(["conv", "jit", "--json", "f", "--threads", "1"])
    assert (options.names, options.json) == (["conv", "jit"], "f")
    assert (options.threads, options.rounds, options.only) == (1, 15, "")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["nothing"], "invalid choice: 'nothing'"),
        (["conv", "--threads", "0"], "--threads is 0, expected 1 or more"),
        (["conv", "--figure", "x.png"], "--figure draws the ladder"),
    ],
)
def test_wrong_arguments_are_sentences(argv, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.arguments(argv)
    assert words in capsys.readouterr().err


def test_without_pytorch_one_sentence_and_status_2(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert cli.main(["conv"]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.err.endswith(f'"{sys.executable}" -m pip install torch==2.13.0\n')


def test_savings_need_no_pytorch(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(cli, "print_header", lambda options: None)  # which measures
    monkeypatch.setattr(threadpoolctl, "threadpool_limits", lambda count: None)
    assert cli.main(["savings", "--only", "@7: "]) == 0
    captured = capsys.readouterr()
    assert "256->256 @7: 9.00" in captured.out and not captured.err
    assert "PyTorch is not installed here" in captured.out
    assert cli.main(["conv", "savings", "step"]) == 2
    assert capsys.readouterr().err.startswith("conv, step: compared with PyTorch, ")


def test_foreign_settings_of_blas_are_dropped():
    environment = os.environ | {"OPENBLAS_CORETYPE": "Haswell", "PYTHONPATH": str(ROOT)}
    environment.pop("OPENBLAS_L2_SIZE", None)
    command = [sys.executable, "-c", RUN]
    said = subprocess.check_output(command, env=environment, text=True, cwd=ROOT)
    assert said == (
        "Starting anew without OPENBLAS_CORETYPE.\n"
        "['-m', 'benchmarks', 'conv', '--rounds', '3'] []\n"
    )
