"""The life of `.venv`, with a faked installer."""

import errno
import json
import os
import shutil
import signal
import sys

import pytest

from utils import environment
from utils.environment import STAMP, Environment, read_stamp, try_lock
from utils.installer import SetupError

posix = pytest.mark.skipif(os.name == "nt", reason="tests the POSIX shell's half")


@pytest.fixture
def env(tmp_path):
    (tmp_path / "requirements.txt").write_text("numpy==2.0\n")
    return Environment(tmp_path)


@pytest.fixture
def install(monkeypatch):
    """Replace the installer by one that writes one file, or raises what it is told."""
    calls = []

    def fake(folder, python, root, clear):
        calls.append(folder)
        write_packages(folder, "new")
        if fake.error:
            raise fake.error

    fake.error, fake.calls = None, calls
    monkeypatch.setattr(environment, "install", fake)
    return fake


def write_packages(folder, text):
    for name in ("package", "pyvenv.cfg", "bin/python", "lib/package"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make(env, folder, state):
    """Put an environment in one of the states a set-up can meet."""
    if state == "missing":
        return
    folder.mkdir()
    if state == "empty":  # killed between making the folder and its stamp
        (folder / (STAMP + ".new")).write_text('{"rea')
        return
    write_packages(folder, state)
    if state == "finished":
        (folder / STAMP).write_text(json.dumps({**env.fingerprint(), "python": "old"}))
    elif state == "unfinished":
        (folder / STAMP).write_text('{"ready": false}')
    elif state == "damaged":
        (folder / STAMP).write_text('{"ready"')


def content(folder):
    package = folder / "package"
    return package.read_text() if package.exists() else None


def names(env):
    return {path.name for path in env.root.iterdir()} - {"requirements.txt"}


def test_set_up_makes_a_stamped_environment(env, install, capsys):
    env.set_up()
    assert content(env.folder) == "new"
    assert read_stamp(env.folder) == env.fingerprint()
    assert names(env) == {".venv"}
    assert "Installed in" in capsys.readouterr().out


def test_set_up_has_nothing_to_do_if_the_environment_is_ready(
    env, install, monkeypatch, capsys
):
    monkeypatch.setattr(Environment, "ask_venv", lambda self: True)
    env.set_up()
    assert install.calls == []
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("error", [SetupError("x"), KeyboardInterrupt(), OSError(28)])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("missing", None),
        ("unfinished", None),
        ("damaged", None),
        ("empty", None),
        ("finished", "finished"),
        ("foreign", "foreign"),
    ],
)
def test_a_failed_set_up_leaves_what_was_there(env, install, error, before, after):
    make(env, env.folder, before)
    install.error = error
    with pytest.raises(type(error)):
        env.set_up()
    assert install.calls  # it had begun
    assert content(env.folder) == after
    assert names(env) == ({".venv"} if after else set())


@pytest.mark.parametrize(
    ("before", "left"),
    [
        ("finished", {".venv"}),
        ("unfinished", {".venv"}),
        ("foreign", {".venv", ".venv-kept-1"}),
    ],
)
def test_a_set_up_replaces_what_was_there(env, install, before, left):
    make(env, env.folder, before)
    env.set_up()
    assert content(env.folder) == "new"
    assert names(env) == left


def test_two_foreign_environments_are_both_kept(env, install):
    for _ in range(2):
        make(env, env.folder, "foreign")
        env.set_up()
        shutil.rmtree(env.folder)
    assert names(env) == {".venv-kept-1", ".venv-kept-2"}
    assert content(env.root / ".venv-kept-2") == "foreign"


@pytest.mark.parametrize(
    ("folder", "aside", "expected"),
    [
        ("unfinished", "finished", "finished"),  # killed while building
        ("missing", "finished", "finished"),  # killed just before
        ("empty", "finished", "finished"),  # killed just after it began
        ("unfinished", "foreign", "foreign"),
        ("finished", "unfinished", "finished"),  # killed while deleting the old one
        ("finished", "finished", "finished"),
        ("missing", "unfinished", None),
        ("unfinished", "unfinished", None),
    ],
)
def test_tidy_repairs_what_a_killed_set_up_left(env, folder, aside, expected):
    make(env, env.folder, folder)
    make(env, env.aside, aside)
    make(env, env.trash, "unfinished")  # killed while deleting it
    env.tidy()
    assert content(env.folder) == expected
    assert names(env) == ({".venv"} if expected else set())


def test_tidy_prefers_a_finished_environment_to_a_rest_without_stamp(env, capsys):
    make(env, env.folder, "half-deleted, without stamp")
    make(env, env.aside, "finished")
    env.tidy()
    assert content(env.folder) == "finished"
    assert content(env.root / ".venv-kept-1") == "half-deleted, without stamp"
    assert names(env) == {".venv", ".venv-kept-1"}
    assert "kept as .venv-kept-1" in capsys.readouterr().out


class Killed(BaseException):
    """Stands for the end of the process."""


def kill_after(monkeypatch, steps):
    """Let so many changes of the file system happen, and none after them."""
    done = []

    def counted(function):
        def change(*args, **kwargs):
            if len(done) == steps:
                raise Killed
            done.append(function)
            return function(*args, **kwargs)

        return change

    for name in ("mkdir", "rename", "replace", "unlink", "rmdir"):
        monkeypatch.setattr(environment.os, name, counted(getattr(os, name)))


@pytest.mark.parametrize(("error", "least"), [(None, 12), (SetupError("x"), 10)])
def test_a_set_up_killed_at_any_moment_loses_nothing(
    env, install, monkeypatch, error, least
):
    install.error = error
    steps, killed = 0, True
    while killed:
        make(env, env.folder, "finished")
        with monkeypatch.context() as patch:
            kill_after(patch, steps)
            try:
                env.set_up()
                killed = False
            except Killed:
                steps += 1
            except SetupError:
                killed = False
        env.tidy()
        assert environment.is_finished(env.folder), f"after {steps} changes"
        texts = [p.read_text() for p in env.folder.rglob("*") if p.is_file()]
        assert texts.count("finished") == 4 or texts.count("new") == 4
        assert names(env) == {".venv"}
        shutil.rmtree(env.folder)
    assert steps >= least


def test_tidying_up_ignores_every_request_to_end(env, install, monkeypatch):
    make(env, env.folder, "finished")
    install.error = KeyboardInterrupt()
    numbers = [signal.SIGINT, *environment.ENDINGS]
    before = [signal.getsignal(number) for number in numbers]
    during = []
    tidy = Environment.tidy

    def watched(self):
        during.append([signal.getsignal(number) for number in numbers])
        tidy(self)

    monkeypatch.setattr(Environment, "tidy", watched)
    with pytest.raises(KeyboardInterrupt):
        env.set_up()
    assert during == [before, [signal.SIG_IGN] * len(numbers)]
    assert [signal.getsignal(number) for number in numbers] == before
    assert content(env.folder) == "finished"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGHUP")
def test_the_requests_to_end_are_those_of_the_system():
    assert environment.ENDINGS == [signal.SIGTERM, signal.SIGHUP]


@posix
def test_remove_deletes_a_link_and_not_what_it_points_to(env, tmp_path):
    target = tmp_path / "elsewhere"
    target.mkdir()
    env.folder.symlink_to(target)
    environment.remove(env.folder)
    assert target.is_dir() and not environment.exists(env.folder)


def test_what_cannot_be_deleted_or_renamed_is_in_use(env, monkeypatch):
    make(env, env.folder, "unfinished")
    monkeypatch.setattr(environment.shutil, "rmtree", lambda *args, **kwargs: None)
    with pytest.raises(SetupError, match=r"trash cannot be deleted.*close JupyterLab"):
        env.tidy()

    def refuse(old, new):
        raise PermissionError(errno.EACCES, "Access is denied", old)

    monkeypatch.setattr(environment.os, "rename", refuse)
    with pytest.raises(SetupError, match=r"\.venv cannot be renamed.*close JupyterLab"):
        environment.rename(env.folder, env.aside)


@pytest.fixture
def ready(env, monkeypatch):
    """Return an environment that is finished, current and running."""
    env.folder.mkdir()
    environment.write_stamp(env.folder, env.fingerprint())
    monkeypatch.setattr(sys, "prefix", str(env.folder))
    return env


def test_is_ready(ready):
    assert ready.is_ready()


def test_is_ready_not_with_other_requirements(ready):
    ready.requirements.write_text("numpy==2.1\n")
    assert not ready.is_ready()


@pytest.mark.parametrize("key", ["python", "platform", "ready"])
def test_is_ready_not_with_another_python_or_system(ready, key):
    environment.write_stamp(ready.folder, {**ready.fingerprint(), key: "other"})
    assert not ready.is_ready()


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_is_ready_not_with_a_damaged_stamp(ready, text):
    (ready.folder / STAMP).write_text(text)
    assert not ready.is_ready()
    assert environment.is_unfinished(ready.folder)


def test_is_ready_not_from_another_python(ready, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert not ready.is_ready()


@pytest.mark.parametrize("name", [".venv-old", ".venv-trash"])
def test_is_ready_not_while_an_old_one_waits_to_be_deleted(ready, name):
    (ready.root / name).mkdir()
    assert not ready.is_ready()


@posix
@pytest.mark.parametrize(
    ("script", "expected"),
    [("#!/bin/sh\nexit 0\n", True), ("#!/bin/sh\nexit 1\n", False), ("", False)],
)
def test_ask_venv_believes_only_the_python_inside(env, script, expected):
    assert not env.ask_venv()
    env.python.parent.mkdir(parents=True)
    env.python.write_text(script)
    env.python.chmod(0o755 if script else 0o644)
    assert env.ask_venv() is expected


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 2), (3, 15, 0), (2, 7, 18)])
def test_another_python_is_refused(env, install, monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    found = "{}.{}".format(*version)
    with pytest.raises(SetupError, match=rf"this is Python {found} .* 3\.11 to 3\.14"):
        env.set_up()
    assert not install.calls and names(env) == set()


def test_a_disk_without_space_is_refused(env, install, monkeypatch):
    usage = shutil.disk_usage(env.root)._replace(free=20_000_000)
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(SetupError, match="need about 1000 MB.* 20 MB are free"):
        env.set_up()
    assert not install.calls and names(env) == set()


def test_the_lock_is_held_by_one_at_a_time(env):
    with (
        open(env.requirements, "r+b") as first,
        open(env.requirements, "r+b") as second,
    ):
        assert try_lock(first)
        assert not try_lock(second)
        first.close()
        assert try_lock(second)
    assert names(env) == set()


def test_a_second_set_up_waits_for_the_first(env, install, monkeypatch, capsys):
    first = open(env.requirements, "r+b")  # noqa: SIM115 - closed by the fake below
    assert try_lock(first)
    monkeypatch.setattr(environment.time, "sleep", lambda seconds: first.close())
    env.set_up()
    assert first.closed and len(install.calls) == 1
    assert capsys.readouterr().out.startswith("Another set-up is at work")


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (
            SetupError("no; mend it"),
            1,
            "Set-up failed: no; mend it, then run this again.\n",
        ),
        (KeyboardInterrupt(), 130, "Stopped; nothing half-made is left.\n"),
        (OSError(errno.ENOSPC, "No space", "f"), 1, "Set-up failed: the disk is full"),
        (OSError(errno.EROFS, "Read-only", "f"), 1, "this folder cannot be written to"),
        (OSError(errno.EIO, "Input/output", "f"), 1, "'Input/output' about f"),
    ],
)
def test_main_says_one_sentence(monkeypatch, capsys, error, status, message):
    def fail(self):
        raise error

    monkeypatch.setattr(Environment, "set_up", fail)
    monkeypatch.setattr(environment.signal, "signal", lambda *args: None)
    assert environment.main([]) == status
    err = capsys.readouterr().err
    assert message in err and err.count("\n") == 1


def test_main_check_answers_by_its_status(monkeypatch, capsys):
    for is_ready, status in ((True, 0), (False, 1)):
        monkeypatch.setattr(Environment, "is_ready", lambda self, r=is_ready: r)
        assert environment.main(["--check"]) == status
    assert capsys.readouterr().out == ""
