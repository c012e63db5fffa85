"""Many machines: the address and its password, and a real PostgreSQL."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from utils import sweep
from utils.sweep import database
from utils.sweep.library import SweepError

ROOT = Path(__file__).resolve().parents[2]
SPACE = {"rate": sweep.log(0.001, 10)}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:secret@h/db", "postgresql://u@h/db"),
        ("postgres://u:secret@h:5432/db", "postgresql://u@h:5432/db"),
        ("postgresql+psycopg://u:secret@h/db", "postgresql://u@h/db"),
        ("postgresql://u@h/db", "postgresql://u@h/db"),
        ("postgresql://h/db", "postgresql://h/db"),
        ("postgresql://u:secret@[::1]:99/db", "postgresql://u@[::1]:99/db"),
        (" postgresql://u:secret@h/db?sslmode=require\n", "postgresql://u@h/db"),
        ("postgresql://h/db?user=u&password=secret", "postgresql://h/db"),
    ],
)
def test_addresses(text, shown):
    address = database.Address(text)
    assert f"{address}" == repr(address) == shown
    assert address.libpq().startswith("postgresql://")
    assert address.sqlalchemy().startswith("postgresql+psycopg://")
    rest = text.strip().split("://")[1]
    assert address.libpq().endswith(rest) and address.sqlalchemy().endswith(rest)
    assert address.hide("it was secret!").count("secret") == ("secret" not in text)


def test_a_password_is_hidden_however_it_is_written():
    address = database.Address("postgresql://u:p%40ss%20w%2Frd@h/db")
    for spelling in ("p%40ss%20w%2Frd", "p@ss w/rd", "p%40ss+w%2Frd"):
        assert address.hide(f"<{spelling}>") == "<***>"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:sec@ret@h/db",
        "postgresql://u:sec/ret@h/db",
        "postgresql://u:sec#ret@h/db",
        "postgresql://u:sec?ret@h/db",
        "postgresql://u:sec:ret@h/db",
        "postgresql://u:sec ret@h/db",
        "postgresql://u:secret@h",
        "postgresql://u:secret@h:port/db",
        "mysql://u:secret@h/db",
        "://secret",
    ],
)
def test_an_address_that_cannot_be_read_is_not_repeated(text):
    with pytest.raises(SweepError) as caught:
        sweep.Study("s", SPACE, storage=text)
    assert "sec" not in str(caught.value).replace("%23, ? is", "")
    assert "postgresql://user:password@host:port/database" in str(caught.value)


def test_a_server_that_is_not_there():
    with pytest.raises(SweepError) as caught:
        sweep.Study("s", SPACE, storage="postgresql://u:secret@127.0.0.1:1/db")
    text = str(caught.value)
    assert text.startswith("the storage postgresql://u@127.0.0.1:1/db does not answer")
    assert "secret" not in text
    assert caught.value.__suppress_context__


def test_without_the_driver_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SweepError, match="needs the driver psycopg.*pip install"):
        sweep.Study("s", SPACE, storage="postgresql://u:secret@127.0.0.1:1/db")


def test_other_errors_pass():
    address = database.Address("postgresql://u:secret@h/db")
    with pytest.raises(NameError), database.hidden(address):
        raise NameError("not the database's")


def value(trial):
    return 0.5 - trial.params["rate"] / 100


@pytest.mark.slow
def test_a_study_in_a_real_database(postgresql, capsys):
    study = sweep.Study("plain", SPACE, storage=postgresql.url)
    assert study.where == f"postgresql://sweeper@127.0.0.1:{postgresql.port}/postgres"
    assert study.run(value, 3)
    again = sweep.Study("plain", storage=postgresql.url)
    assert again.run(value, 5) and again.space == SPACE
    assert [row["state"] for row in again.table()] == ["finished"] * 5
    assert sum(again.importances().values()) == pytest.approx(1)
    with pytest.raises(SweepError, match="searches another space.*rate: log"):
        sweep.Study("plain", {"rate": sweep.log(1, 2)}, storage=postgresql.url)


@pytest.mark.slow
def test_workers_may_open_an_empty_database_at_the_same_moment(postgresql):
    import psycopg

    with psycopg.connect(postgresql.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE fresh")
    url = postgresql.url.removesuffix("postgres") + "fresh"
    gate = threading.Barrier(6)

    def open_it(number):
        gate.wait(30)
        return sweep.Study("together", SPACE, storage=url).table()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(open_it, range(6))) == [[]] * 6


@pytest.mark.slow
def test_a_wrong_password_is_not_shown(postgresql):
    start, end = postgresql.url.split("sweeper:")
    url = f"{start}sweeper:swordfish@{end.split('@')[1]}"
    with pytest.raises(SweepError, match="authentication failed") as caught:
        sweep.Study("s", SPACE, storage=url)
    assert "swordfish" not in str(caught.value)


@pytest.mark.slow
def test_a_server_that_goes_away_ends_with_a_sentence(postgresql, capsys):
    study = sweep.Study("away", SPACE, storage=postgresql.url)

    def objective(trial):
        if trial.number == 1:
            # What a server does to its clients when it shuts down, three times:
            # at the report, at the end of the trial and at the next look.
            monkey.setattr(study._study, "get_trials", refuse)
        return value(trial)

    def refuse(**options):
        import psycopg

        raise psycopg.OperationalError(f"lost {postgresql.url}\nand more")

    with pytest.MonkeyPatch.context() as monkey:
        with pytest.raises(SweepError) as caught:
            study.run(objective, 3)
    assert str(caught.value) == (
        f"the storage {study.where} does not answer: lost "
        f"{postgresql.url.replace(postgresql.url.split(':')[2].split('@')[0], '***')}"
    )
    assert study.run(value, 3)
    assert len(study.table()) == 3


def start_worker(name, url, notes, **variables):
    command = [sys.executable, "-W", "error", "-m", "tests.sweep.standin", "tiny"]
    command += ["--vary", "rate=log(0.001, 10)", "--set", "seconds=0.2"]
    command += ["--trials", "24", "--grace", "3", "--worker-name", name]
    command += ["--study", "crew", "--source", str(notes.parent / "data")]
    variables |= {"SWEEP_STORAGE": url, "NOTES": str(notes)}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for(notes, beginning, seconds=120):
    """Wait for a worker's note; give its parameter."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for note in notes.iterdir():
            if note.name.startswith(beginning):
                return float(note.name.split()[1])
        time.sleep(0.02)
    raise AssertionError(f"no note {beginning!r} in {seconds} s")


@pytest.mark.slow
def test_three_workers_of_which_one_is_killed(postgresql, tmp_path, write_cifar10):
    """All trials asked for are there, none twice, and the victim's was done again."""
    notes = tmp_path / "notes"
    notes.mkdir()
    write_cifar10(tmp_path / "data")
    url = postgresql.url
    workers = [start_worker("victim", url, notes, HANG="2")]
    try:
        workers += [start_worker(name, url, notes) for name in ("b", "c")]
        hung = wait_for(notes, "hang")
        workers[0].kill()  # SIGKILL in the middle of its second trial
        outputs = [worker.communicate(timeout=180)[0] for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert [worker.returncode for worker in workers] == [-9, 0, 0], outputs
    rows = sweep.Study("crew", storage=url).table()
    assert len(rows) == 24
    assert {row["state"] for row in rows} <= {"finished", "pruned"}
    assert {row["worker"] for row in rows} == {"victim", "b", "c"}
    rates = [row["params"]["rate"] for row in rows]
    assert len(set(rates)) == 24
    (again,) = [row for row in rows if row["params"]["rate"] == hung]
    assert again["worker"] in ("b", "c")
    # Every training that began is one of these trials, and only one began twice.
    begun = [float(n.name.split()[1]) for n in notes.iterdir() if n.name[0] == "b"]
    assert sorted(begun) == sorted([*rates, hung])
    for output in outputs[1:]:
        assert "24 of 24" in "".join(outputs[1:])
        assert "trial  accuracy" in output
    assert not any("battery" in output for output in outputs)
