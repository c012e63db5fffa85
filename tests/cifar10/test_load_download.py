"""utils.cifar10 with the network: from a mirror into the folder."""

import contextlib
import errno
import hashlib
import os
import shutil
import socket
import threading
from pathlib import Path

import pytest

from utils.cifar10 import CIFAR10Error, download, load_cifar10
from utils.cifar10 import load as cifar10

pytestmark = pytest.mark.usefixtures("away_from_real_cifar10")


def publish(server, archive, monkeypatch, **how):
    """Serve an archive as the official download."""
    content = archive.read_bytes()
    server.files["/official"] = server.Served(content, **how)
    monkeypatch.setattr(cifar10, "MIRRORS", (server.url + "/official",))
    monkeypatch.setattr(cifar10, "ARCHIVE_MD5", hashlib.md5(content).hexdigest())


def test_download(official, tmp_path, monkeypatch, file_server, capsys, pack):
    archive = pack(official, tmp_path / "a.tar.gz")
    publish(file_server, archive, monkeypatch, cuts=[1000])
    assert cifar10.find().official
    names = {file.name for file in cifar10.FOLDER.iterdir()}
    assert names == {file.name for file in official.iterdir()} | {".lock"}
    assert cifar10.find().where == str(cifar10.FOLDER)
    assert len(file_server.requests) == 2  # one cut, one continued


def test_download_that_is_not_the_official_archive(
    official, tmp_path, monkeypatch, file_server, pack
):
    publish(file_server, pack(official, tmp_path / "a.tar.gz"), monkeypatch)
    monkeypatch.setattr(cifar10, "ARCHIVE_MD5", "1" * 32)
    with pytest.raises(download.DownloadError, match="another MD5"):
        cifar10.find()
    assert [file.name for file in cifar10.FOLDER.iterdir()] == [".lock"]


def test_official_archive_with_a_wrong_file(
    official, tmp_path, monkeypatch, file_server, pack
):
    (official / "data_batch_1").write_bytes(b"damaged")
    publish(file_server, pack(official, tmp_path / "a.tar.gz"), monkeypatch)
    with pytest.raises(CIFAR10Error, match="data_batch_1 .* is not the official file"):
        cifar10.find()


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar.xz"])
def test_url_source(official, tmp_path, monkeypatch, file_server, name, pack):
    archive = pack(official, tmp_path / name, mode=f"w:{name[-2:]}")
    served = file_server.Served(archive.read_bytes())
    file_server.files[f"/{name}?x=1"] = served
    monkeypatch.setenv("CIFAR10_SOURCE", f"{file_server.url}/{name}?x=1")
    assert cifar10.find().official
    assert cifar10.find().where == str(cifar10.FOLDER)


def test_url_of_something_else(monkeypatch, file_server):
    file_server.files["/a"] = file_server.Served(b"<html>sign in</html>")
    with pytest.raises(CIFAR10Error, match="is not a .tar.gz or .tar.xz archive"):
        cifar10.find(file_server.url + "/a")
    assert [file.name for file in cifar10.FOLDER.iterdir()] == [".lock"]


def test_two_at_once_download_once(official, tmp_path, monkeypatch, file_server, pack):
    archive = pack(official, tmp_path / "a.tar.gz")
    publish(file_server, archive, monkeypatch, pause=0.003)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(cifar10.find())) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [batches.official for batches in found] == [True, True]
    assert len(file_server.requests) == 1


def test_another_process_finishes_between_look_and_lock(
    official, tmp_path, monkeypatch, file_server, pack
):
    publish(file_server, pack(official, tmp_path / "a.tar.gz"), monkeypatch)

    @contextlib.contextmanager
    def lock(path, on_wait):  # free, but only just
        shutil.copytree(official, cifar10.FOLDER, dirs_exist_ok=True)
        yield

    monkeypatch.setattr(download, "lock", lock)
    assert cifar10.find().where == str(cifar10.FOLDER)
    assert file_server.requests == []


def test_a_url_asked_for_is_never_replaced_by_the_folder(
    official, tmp_path, write_cifar10, file_server, pack
):
    shutil.copytree(official, cifar10.FOLDER)
    other = write_cifar10(tmp_path / "other", per_batch=4, seed=1)
    archive = pack(other, tmp_path / "b.tar.gz")
    file_server.files["/b"] = file_server.Served(archive.read_bytes())
    assert len(cifar10.find(file_server.url + "/b").X_train) == 20


def test_read_only_folder(official, tmp_path, monkeypatch, file_server, capsys, pack):
    publish(file_server, pack(official, tmp_path / "a.tar.gz"), monkeypatch)
    cifar10.FOLDER.mkdir()
    really = os.access

    def access(path, mode):
        return Path(path) != cifar10.FOLDER and really(path, mode)

    def install(files, folder):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "access", access)
    monkeypatch.setattr(cifar10.files, "install", install)
    found = cifar10.find()
    assert found.official and found.where == "a download kept in memory"
    assert "used from memory" in capsys.readouterr().out
    assert list(cifar10.FOLDER.iterdir()) == []


def test_no_answer_costs_little_time(monkeypatch):
    monkeypatch.setattr(download, "CONNECT_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a"
        monkeypatch.setattr(cifar10, "MIRRORS", (url,))
        assert load_cifar10(num_train=10, num_val=1, num_test=1)["synthetic"]
