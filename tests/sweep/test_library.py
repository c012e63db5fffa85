"""Without Optuna: importing works, using says what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

from utils import sweep
from utils.sweep import library

ROOT = Path(__file__).resolve().parents[2]


def test_without_optuna_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)  # blocks the import
    with pytest.raises(sweep.SweepError) as caught:
        sweep.Study("s", {"a": sweep.log(1, 2)})
    assert "needs Optuna" in str(caught.value)
    assert "python -m pip install" in str(caught.value)
    assert caught.value.__suppress_context__


def test_importing_needs_no_optuna_and_does_not_import_it():
    code = (
        "import sys; sys.modules['optuna'] = None; sys.modules['psycopg'] = None\n"
        "from utils import sweep\n"
        "assert not {'numba', 'matplotlib', 'sqlalchemy'} & set(sys.modules)\n"
        "print(sweep.log(1, 2))\n"
        "try: sweep.Study('s', {'a': sweep.log(1, 2)})\n"
        "except sweep.SweepError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "log(1.0, 2.0)"
    assert 'pip install "optuna>=4" "psycopg[binary]>=3.2"' in second


def test_the_command_without_optuna(recipes, monkeypatch, capsys):
    from utils.sweep import cli

    monkeypatch.setitem(sys.modules, "optuna", None)
    assert cli.main(["tiny", "--vary", "rate=log(0.1, 1)"]) == 1
    assert capsys.readouterr().err.startswith("sweep: a sweep needs Optuna")


def test_what_we_say_to_install_is_the_extra():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for requirement in ("optuna>=4", "psycopg[binary]>=3.2"):
        assert f'"{requirement}' in text and f'"{requirement}"' in library.INSTALL


def test_samplers_differ_by_seed_and_number():
    import optuna

    def first(seed, number):
        study = optuna.create_study(sampler=library.sampler(seed, number))
        return study.ask().suggest_float("x", 0, 1)

    assert first(0, 3) == first(0, 3)
    assert len({first(s, n) for s in (0, 1, -1) for n in range(5)}) == 15
