"""Levels of isolation, and what a room leaves behind."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from utils.staff import isolation


def test_the_best_level_is_one_that_works(monkeypatch):
    monkeypatch.setattr(isolation, "works", lambda level: level in ("rlimit", "uid"))
    isolation.best_level.cache_clear()
    assert isolation.best_level() == "uid"
    monkeypatch.setattr(isolation, "works", lambda level: False)
    isolation.best_level.cache_clear()
    assert isolation.best_level() == "none"
    isolation.best_level.cache_clear()


def test_elsewhere_nothing_is_promised(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not any(map(isolation.works, isolation.LEVELS[1:]))


def test_a_room_is_gone_afterwards():
    with isolation.Room("none") as room:
        assert room.stage.is_dir() and room.child.is_file()
        environment = room.launch(
            [sys.executable, "-c", "import os; print(os.environ)"],
            env={"SECRET": "x", "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
        ).communicate()[0]
    assert not room.folder.exists()
    assert "OMP_NUM_THREADS" in environment and "SECRET" not in environment


def test_each_process_finds_an_empty_place_and_its_own_kernels(tmp_path):
    cache = tmp_path / "kernels"
    cache.mkdir()
    (cache / "compiled").write_text("ours")
    code = "import os, sys; p = os.environ['XDG_CACHE_HOME'] + '/kernels/compiled'\n"
    code += "sys.exit(open(p).read() != 'ours')\n"
    change = code.replace("sys.exit", "open(p, 'a').write('theirs'); sys.exit")
    for level in ("none", isolation.best_level()):
        with isolation.Room(level, cache=cache) as room:
            for text in (code, change, code):
                assert room.launch([sys.executable, "-c", text]).wait(60) in (0, 1)
            assert room.launch([sys.executable, "-c", code]).wait(60) == 0
    assert (cache / "compiled").read_text() == "ours"


def test_kernels_have_an_absolute_path():
    with pytest.raises(ValueError, match="cache is 'out/kernels'; expected an abs"):
        isolation.Room("none", cache=Path("out/kernels"))


def test_a_bottomless_folder_does_no_harm_to_who_comes_next():
    code = "import os; os.chdir(os.environ['HOME'])\n"
    code += "for _ in range(1200): os.mkdir('d'); os.chdir('d')"
    with isolation.Room("none") as room:
        for _ in range(2):
            assert room.launch([sys.executable, "-c", code]).wait(60) == 0
    assert not room.folder.exists()


@pytest.mark.skipif(not isolation.is_root(), reason="only root has several users")
def test_what_is_left_elsewhere_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(isolation, "SHARED", (str(tmp_path), "/nowhere"))
    (tmp_path / "folder" / "deeper").mkdir(parents=True)
    (tmp_path / "link").symlink_to("/etc")
    (tmp_path / "mine").write_text("")
    for name in ("folder", "link"):
        os.chown(tmp_path / name, 65_002, 65_002, follow_symlinks=False)
    isolation.sweep(65_002)
    assert os.listdir(tmp_path) == ["mine"] and os.path.isdir("/etc")


@pytest.mark.skipif(not isolation.is_root(), reason="only root may end others")
def test_all_processes_of_a_user_are_ended():
    uid = 65_001
    code = f"import os, time; os.setuid({uid}); os.setsid(); time.sleep(600)"
    hidden = subprocess.Popen([sys.executable, "-I", "-S", "-c", code])
    while os.stat(f"/proc/{hidden.pid}").st_uid != uid:
        time.sleep(0.01)
    isolation.end_all_of(uid)
    assert hidden.wait(60) == -9


def test_a_file_is_open_if_all_folders_are(tmp_path):
    file = tmp_path / "a" / "b"
    assert not isolation.is_open(file)
    file.parent.mkdir(mode=0o755)
    file.write_text("")
    file.chmod(0o644)
    open_above = isolation.is_open(file)  # pytest's folders are closed to others
    assert open_above == all(f.stat().st_mode & 1 for f in file.parents)
    assert isolation.is_open(Path("/bin/sh")) or sys.platform == "win32"
    file.chmod(0o640)
    assert not isolation.is_open(file)


def test_what_is_visible_exists(monkeypatch, tmp_path):
    paths = isolation.visible(Path("/nowhere"))
    assert sys.prefix in paths and "/nowhere" not in paths
    link = tmp_path / ".venv"
    link.symlink_to(sys.prefix)
    monkeypatch.setattr(sys, "prefix", str(link))
    assert {str(link), os.path.realpath(link)} <= set(isolation.visible())


def test_what_lies_beside_python_is_within_reach(monkeypatch, tmp_path):
    inside = Path(sys.prefix) / "src" / "workbook"
    assert isolation.reaches("netns", inside)
    assert not isolation.reaches("netns", tmp_path)
    monkeypatch.setattr(isolation, "is_open", lambda path: path == tmp_path.resolve())
    assert isolation.reaches("uid", tmp_path) and not isolation.reaches("uid", inside)


@pytest.mark.skipif(not isolation.is_root(), reason="only root has several users")
def test_no_two_rooms_have_the_same_user(monkeypatch, tmp_path):
    monkeypatch.setattr(isolation.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(isolation, "USERS", 2)
    with isolation.Room("uid") as one, isolation.Room("uid") as other:
        assert {one.uid, other.uid} == {61_000, 61_001}


@pytest.mark.skipif(not isolation.is_root(), reason="only root has several users")
def test_a_room_is_closed_to_users_of_other_rooms():
    with isolation.Room("uid") as one, isolation.Room("uid") as other:
        assert one.uid != other.uid and not isolation.is_open(one.folder)
        assert os.stat(one.folder).st_gid == one.uid
        assert os.stat(one.folder).st_mode & 0o777 == 0o710
