import errno
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from utils.cifar10 import files as cifar10_files
from utils.cifar10.files import install, open_folder, read_archive, read_batches
from utils.cifar10.format import OFFICIAL_MD5, PYTHON_MD5, CIFAR10Error


def member(name, content=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


@pytest.mark.parametrize("layout", ["python", "binary"])
def test_folder_and_archives_give_the_same(tmp_path, write_cifar10, layout, pack):
    folder = write_cifar10(tmp_path / "a", layout=layout)
    gz = pack(folder, tmp_path / "a.tar.gz")
    xz = pack(folder, tmp_path / "misnamed.gz", top="./any/", mode="w:xz")
    flat = pack(folder, tmp_path / "flat", top="")
    first = read_batches(open_folder(folder), strict=False)
    assert first.X_train.shape == (50, 3, 32, 32) and first.X_test.shape[0] == 10
    assert first.X_train.dtype == np.uint8 and first.y_train.dtype == np.int64
    assert len(first.classes) == 10 and len(first.wrong) == 7 and not first.official
    for archive in (gz, xz, flat):
        again = read_batches(read_archive(archive), strict=False)
        for part in ("X_train", "y_train", "X_test", "y_test"):
            assert (getattr(first, part) == getattr(again, part)).all()


def test_python_and_binary_layout_hold_the_same_pictures(tmp_path, write_cifar10):
    python = write_cifar10(tmp_path / "a", layout="python")
    binary = write_cifar10(tmp_path / "b", layout="binary")
    one, two = (read_batches(open_folder(f), strict=False) for f in (python, binary))
    assert (one.X_train == two.X_train).all() and (one.y_test == two.y_test).all()


def test_batches_keep_their_order(tmp_path, write_cifar10):
    folder = write_cifar10(tmp_path / "a", per_batch=4)
    found = read_batches(open_folder(folder), strict=False)
    third = (folder / "data_batch_3").read_bytes()
    assert found.X_train[8:12].tobytes() in third
    assert found.X_test.tobytes() in (folder / "test_batch").read_bytes()


def test_folder_above(toy_cifar10):
    assert open_folder(toy_cifar10.parent).where == str(toy_cifar10)


def test_incomplete_folders(tmp_path, toy_cifar10):
    with pytest.raises(CIFAR10Error, match="holds no CIFAR-10: expected data_batch_1"):
        open_folder(tmp_path)
    (toy_cifar10 / "data_batch_4").unlink()
    with pytest.raises(CIFAR10Error, match="incomplete: data_batch_4 of .* is missing"):
        open_folder(toy_cifar10)
    (toy_cifar10 / "test_batch").unlink()
    with pytest.raises(CIFAR10Error, match="data_batch_4, test_batch of .* are miss"):
        open_folder(toy_cifar10)


def test_a_file_too_large_is_not_even_read(toy_cifar10, monkeypatch):
    monkeypatch.setattr(cifar10_files, "FILE_CAP", 20_000)
    with pytest.raises(CIFAR10Error, match="data_batch_1 in .* bytes, too large"):
        open_folder(toy_cifar10)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs file modes")
def test_unreadable_file(toy_cifar10):
    (toy_cifar10 / "data_batch_2").chmod(0)
    with pytest.raises(CIFAR10Error, match="data_batch_2 .* cannot be read"):
        read_batches(open_folder(toy_cifar10), strict=False)


def test_verified_files_are_official(toy_cifar10, pass_for_official):
    found = open_folder(pass_for_official(toy_cifar10))
    assert found.has_official_size()
    assert read_batches(found, strict=True).official


def test_wrong_hash(toy_cifar10, pass_for_official):
    pass_for_official(toy_cifar10)
    file = toy_cifar10 / "data_batch_3"
    content = bytearray(file.read_bytes())
    content[-5000] ^= 1  # one bit of one pixel
    file.write_bytes(content)
    got, expected = hashlib.md5(content).hexdigest(), OFFICIAL_MD5["data_batch_3"]
    found = open_folder(toy_cifar10)
    with pytest.raises(CIFAR10Error, match=f"data_batch_3 .*MD5 {got}, .* {expected}"):
        read_batches(found, strict=True)
    lenient = read_batches(found, strict=False)
    assert lenient.wrong == ("data_batch_3",) and not lenient.official


def test_a_wrong_file_is_not_parsed_when_strict(toy_cifar10, pass_for_official):
    pass_for_official(toy_cifar10)
    (toy_cifar10 / "data_batch_1").write_bytes(b"cos\nsystem\n")
    with pytest.raises(CIFAR10Error, match="data_batch_1 .* is not the official file"):
        read_batches(open_folder(toy_cifar10), strict=True)


def test_traversal_links_and_strangers_are_passed_over(tmp_path, toy_cifar10, pack):
    evil = b"evil"
    top = "cifar-10-batches-py/"
    archive = pack(
        toy_cifar10,
        tmp_path / "a.tar.gz",
        extra=[
            member("../data_batch_1", evil),
            member("../../data_batch_2", evil),
            member("/data_batch_3", evil),
            member("a/b/data_batch_4", evil),
            member(top + "data_batch_5", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
            member(top + "test_batch", type=tarfile.LNKTYPE, linkname="../x"),
            member(top + "batches.meta", type=tarfile.FIFOTYPE),
            member(top + "readme.html", evil),
        ],
    )
    here = tmp_path / "here"
    here.mkdir()
    before = sorted(tmp_path.rglob("*"))
    found = read_archive(archive)
    for name in found.names:
        assert found.read(name) == (toy_cifar10 / name).read_bytes()
    assert sorted(tmp_path.rglob("*")) == before  # nothing was extracted


SPARSE_1_0 = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}


@pytest.mark.parametrize(
    "headers",
    [
        {"GNU.sparse.map": "a,b"},
        {"GNU.sparse.size": "zz"},
        SPARSE_1_0 | {"GNU.sparse.realsize": "9"},
    ],
    ids=["map", "size", "body"],
)
def test_crafted_headers(tmp_path, toy_cifar10, pack, headers):
    extra = [member("data_batch_1", b"no numbers\n" * 99, pax_headers=headers)]
    archive = pack(toy_cifar10, tmp_path / "a.tar.gz", extra=extra)
    with pytest.raises(CIFAR10Error, match="to its end .*truncated or damaged"):
        read_archive(archive)


def test_files_with_holes_are_passed_over(tmp_path, toy_cifar10, pack):
    holes = {"GNU.sparse.map": "0,4", "GNU.sparse.size": "60000000"}
    extra = [member("data_batch_1", b"evil", pax_headers=holes)]
    found = read_archive(pack(toy_cifar10, tmp_path / "a.tar.gz", extra=extra))
    expected = (toy_cifar10 / "data_batch_1").read_bytes()
    assert found.read("data_batch_1") == expected


def test_a_stranger_that_claims_to_be_endless(tmp_path, toy_cifar10, pack):
    # 2**32 bytes take seconds to run through, and a header can claim far more.
    extra = [member("stranger", pax_headers={"size": str(2**32)})]
    archive = pack(toy_cifar10, tmp_path / "a.tar.gz", extra=extra)
    with pytest.raises(CIFAR10Error, match="unpacks to more than .* too large"):
        read_archive(archive)


def test_a_python_without_xz(tmp_path, toy_cifar10, pack, monkeypatch):
    program = "import sys; sys.modules['lzma'] = None; import utils.cifar10"
    folder = Path(cifar10_files.__file__).parents[2]
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
    gz = pack(toy_cifar10, tmp_path / "a.tar.gz")
    xz = pack(toy_cifar10, tmp_path / "a.tar.xz", mode="w:xz")
    monkeypatch.setitem(sys.modules, "lzma", None)
    assert read_archive(gz).names == tuple(PYTHON_MD5)
    with pytest.raises(CIFAR10Error, match="is packed with xz, which this Python was"):
        read_archive(xz)


def test_only_traversing_members(tmp_path):
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in OFFICIAL_MD5:
            info, content = member(f"../{name}", b"evil")
            tar.addfile(info, io.BytesIO(content))
    with pytest.raises(CIFAR10Error, match="holds no CIFAR-10"):
        read_archive(archive)


def test_doubled_members(tmp_path, toy_cifar10, pack):
    extra = [member("elsewhere/data_batch_1", b"evil")]
    archive = pack(toy_cifar10, tmp_path / "a.tar.gz", extra=extra)
    with pytest.raises(CIFAR10Error, match="holds data_batch_1 twice"):
        read_archive(archive)


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.9999])
def test_truncated_archive(tmp_path, toy_cifar10, mode, share, pack):
    archive = pack(toy_cifar10, tmp_path / "a", mode=mode)
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CIFAR10Error, match="to its end .*truncated or damaged"):
        read_archive(archive)


@pytest.mark.parametrize("mode", ["w:gz", "w:xz"])
def test_damaged_archive(tmp_path, toy_cifar10, mode, pack):
    archive = pack(toy_cifar10, tmp_path / "a", mode=mode)
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(CIFAR10Error, match="truncated or damaged"):
        read_archive(archive)


@pytest.mark.parametrize("content", [b"", b"<html>sign in</html>", bytes(9999)])
def test_not_an_archive(tmp_path, content):
    (tmp_path / "a.tar.gz").write_bytes(content)
    with pytest.raises(CIFAR10Error, match="is not a .tar.gz or .tar.xz archive"):
        read_archive(tmp_path / "a.tar.gz")


def test_bombs(tmp_path, toy_cifar10, monkeypatch, pack):
    zeros = bytes(3_000_000)
    batch = [member("cifar-10-batches-py/data_batch_1", zeros)]
    stranger = [member("zeros", zeros)]
    strangers = [member(name, zeros[:2_000_000]) for name in "ab"]
    one = pack(toy_cifar10, tmp_path / "1", extra=batch)
    two = pack(toy_cifar10, tmp_path / "2", extra=stranger)
    three = pack(toy_cifar10, tmp_path / "3", extra=strangers)
    monkeypatch.setattr(cifar10_files, "FILE_CAP", 2_000_000)
    with pytest.raises(CIFAR10Error, match="data_batch_1 .* 3,000,000 bytes, too larg"):
        read_archive(one)
    monkeypatch.setattr(cifar10_files, "ARCHIVE_CAP", 2_500_000)
    for archive in (two, three):
        with pytest.raises(CIFAR10Error, match="unpacks to more than 2,500,000 bytes"):
            read_archive(archive)


@pytest.mark.parametrize("layout", ["python", "binary"])
def test_install(tmp_path, write_cifar10, layout, pack):
    source = write_cifar10(tmp_path / "source", layout=layout)
    folder = tmp_path / "new" / "cifar-10-batches-py"
    install(read_archive(pack(source, tmp_path / "a")), folder)
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        p.name for p in source.iterdir()
    )
    for file in source.iterdir():
        assert (folder / file.name).read_bytes() == file.read_bytes()
    if os.name != "nt":
        assert (folder / next(iter(source.iterdir())).name).stat().st_mode & 0o444


def test_install_mends_what_differs_and_leaves_the_rest(tmp_path, toy_cifar10):
    folder = shutil.copytree(toy_cifar10, tmp_path / "copy")
    (folder / "README.md").write_text("stays")
    (folder / "data_batch_2").write_bytes(b"damaged")
    untouched = (folder / "data_batch_1").stat()
    install(open_folder(toy_cifar10), folder)
    for file in toy_cifar10.iterdir():
        assert (folder / file.name).read_bytes() == file.read_bytes()
    assert (folder / "data_batch_1").stat().st_mtime_ns == untouched.st_mtime_ns
    assert (folder / "README.md").read_text() == "stays"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_full_disk_midway(tmp_path, toy_cifar10, monkeypatch, error):
    folder = tmp_path / "new"
    folder.mkdir()
    good = (toy_cifar10 / "data_batch_1").read_bytes()
    (folder / "data_batch_1").write_bytes(good)
    (folder / "test_batch").write_bytes(b"damaged")
    synced = []

    def fsync(handle):
        synced.append(handle)
        if len(synced) == 4:
            raise error

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(type(error)):
        install(open_folder(toy_cifar10), folder)
    assert sorted(p.name for p in folder.iterdir()) == ["data_batch_1", "test_batch"]
    assert (folder / "data_batch_1").read_bytes() == good


def test_a_file_that_cannot_be_moved_leaves_no_temporary(
    tmp_path, toy_cifar10, monkeypatch
):
    def replace(source, target):
        assert Path(source).parent == Path(target).parent
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr("utils.whole_files.replace", replace)
    with pytest.raises(PermissionError):
        install(open_folder(toy_cifar10), tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
