import errno
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from utils.cifar10 import SYNTHETIC_BANNER, CIFAR10Error, load_cifar10, main
from utils.cifar10 import load as cifar10
from utils.cifar10.format import OFFICIAL_MD5, OFFICIAL_SIZES, PYTHON_MD5

REAL = os.environ.get("CIFAR10_SOURCE", "synthetic")


pytestmark = pytest.mark.usefixtures("away_from_real_cifar10")


def put_in_place(folder):
    cifar10.FOLDER.mkdir()
    for file in folder.iterdir():
        (cifar10.FOLDER / file.name).write_bytes(file.read_bytes())


def damage(file):
    content = bytearray(file.read_bytes())
    content[-4000] ^= 1
    file.write_bytes(content)
    return hashlib.md5(content).hexdigest()


# ---- where it is, without reading it


def test_locate_what_is_in_place(toy_cifar10, monkeypatch):
    monkeypatch.delenv("CIFAR10_SOURCE", raising=False)
    assert cifar10.locate() is None
    put_in_place(toy_cifar10)
    assert cifar10.locate() == str(cifar10.FOLDER)
    (cifar10.FOLDER / "test_batch").unlink()
    with pytest.raises(CIFAR10Error, match="test_batch of the seven"):
        cifar10.locate()


def test_locate_a_copy_that_was_cut_short(toy_cifar10, monkeypatch):
    put_in_place(toy_cifar10)
    with open(cifar10.FOLDER / "data_batch_1", "r+b") as file:
        file.truncate(OFFICIAL_SIZES["data_batch_1"])
    with pytest.raises(CIFAR10Error, match="data_batch_2 .* bytes, .* damaged"):
        cifar10.locate()


def test_locate_what_the_variable_names(toy_cifar10, monkeypatch):
    url = "https://example.org/cifar.tar.gz"
    for source in (str(toy_cifar10), url):
        monkeypatch.setenv("CIFAR10_SOURCE", source)
        assert cifar10.locate() == source
    monkeypatch.setenv("CIFAR10_SOURCE", "synthetic")
    assert "stand-in" in cifar10.locate()
    monkeypatch.setenv("CIFAR10_SOURCE", str(toy_cifar10 / "none"))
    with pytest.raises(CIFAR10Error, match="does not exist"):
        cifar10.locate()


# ---- what load_cifar10 gives


def test_parts_and_order(toy_cifar10):
    data = load_cifar10(toy_cifar10, 30, 8, 6, normalize=None)
    pixels = cifar10.find(toy_cifar10).X_train
    np.testing.assert_array_equal(data["X_train"].raw(slice(None)), pixels[:30])
    np.testing.assert_array_equal(data["X_val"][:], pixels[30:38].astype(np.float32))
    assert data["X_test"].shape == (6, 3, 32, 32)
    assert data["y_train"].tolist() == [i % 10 for i in range(30)]
    assert data["y_val"].tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert data["y_train"].dtype == np.int64
    assert len(data["classes"]) == 10 and data["source"] == str(toy_cifar10)
    assert data["synthetic"] is False and data["official"] is False


def test_statistics_come_from_the_training_part_only(toy_cifar10):
    data = load_cifar10(toy_cifar10, 20, 10)
    train = cifar10.find(toy_cifar10).X_train[:20].astype(np.float32)
    np.testing.assert_allclose(data["mean"], train.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(data["X_train"][:].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(
        data["X_test"][2], data["X_test"].raw(2) - data["mean"], rtol=1e-6
    )
    data = load_cifar10(toy_cifar10, 20, 10, normalize="channels")
    batch = data["X_train"][:]
    np.testing.assert_allclose(batch.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(batch.std(axis=(0, 2, 3)), 1, atol=1e-5)
    assert data["std"].dtype == data["mean"].dtype == np.float32


def test_small_sets_scale_the_parts_down(toy_cifar10, capsys):
    data = load_cifar10(toy_cifar10)
    sizes = [len(data[f"X_{part}"]) for part in ("train", "val", "test")]
    assert sizes == [45, 5, 10]
    assert [len(data[f"y_{part}"]) for part in ("train", "val", "test")] == sizes
    assert "NOT THE OFFICIAL CIFAR-10" in capsys.readouterr().out


def test_official_data_is_never_scaled_down(official):
    assert len(load_cifar10(official, 40, 10, 10)["X_val"]) == 10
    with pytest.raises(ValueError, match=r"num_train \+ num_val is 51 and num_test"):
        load_cifar10(official, 41, 10, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_train": 0}, "num_train is 0, expected an integer >= 1"),
        ({"num_val": -1}, "num_val is -1, expected an integer >= 0"),
        ({"num_test": 1.5}, "num_test is 1.5"),
        ({"normalize": "zscore"}, "normalize is 'zscore'"),
    ],
)
def test_arguments(toy_cifar10, arguments, message):
    with pytest.raises(ValueError, match=message):
        load_cifar10(toy_cifar10, **arguments)


# ---- the stand-in


def test_stand_in_by_variable(monkeypatch, official, capsys):
    put_in_place(official)
    monkeypatch.setenv("CIFAR10_SOURCE", "synthetic")
    data = load_cifar10()
    assert data["synthetic"] is True and data["official"] is False
    assert [len(data[f"X_{part}"]) for part in ("train", "val", "test")] == [
        9000,
        1000,
        2000,
    ]
    assert len(data["classes"]) == 10 and "airplane" not in data["classes"]
    assert capsys.readouterr().out.splitlines() == [SYNTHETIC_BANNER]


def test_stand_in_without_data_and_network(capsys):
    data = load_cifar10(num_train=100, num_val=10, num_test=10)
    out = capsys.readouterr().out
    assert data["synthetic"] is True and len(data["X_train"]) == 100
    assert "could not be downloaded (http://127.0.0.1:9/closed: no connection" in out
    assert SYNTHETIC_BANNER in out


def test_stand_in_beside_an_incomplete_folder(official, capsys):
    put_in_place(official)
    (cifar10.FOLDER / "data_batch_4").unlink()
    data = load_cifar10(num_train=100, num_val=10, num_test=10)
    out = capsys.readouterr().out
    assert data["synthetic"] is True
    assert "is incomplete: data_batch_4" in out and "could not be downloaded" in out
    assert out.splitlines()[-1] == SYNTHETIC_BANNER


def test_what_was_asked_for_is_never_replaced_by_the_stand_in(monkeypatch):
    with pytest.raises(CIFAR10Error, match="source 'nowhere' does not exist; expected"):
        load_cifar10("nowhere")
    monkeypatch.setenv("CIFAR10_SOURCE", "http://127.0.0.1:9/closed")
    with pytest.raises(CIFAR10Error, match="the CIFAR-10 source fails: .*no connectio"):
        load_cifar10()


# ---- the search


def test_the_folder_beside_utils_comes_first(official, write_cifar10, monkeypatch):
    put_in_place(official)
    other = write_cifar10(official.parent / "other", seed=1)
    monkeypatch.setenv("CIFAR10_SOURCE", str(other))
    assert cifar10.find().where == str(cifar10.FOLDER)
    assert cifar10.find(other).where == str(other)


def test_the_variable_comes_second(toy_cifar10, monkeypatch, capsys):
    monkeypatch.setenv("CIFAR10_SOURCE", str(toy_cifar10))
    assert cifar10.find().where == str(toy_cifar10)
    assert not cifar10.FOLDER.exists()  # a folder is used in place
    out = capsys.readouterr().out
    assert "NOT THE OFFICIAL CIFAR-10: in" in out and out.count("\n") == 1


def test_a_verified_archive_is_installed(official, tmp_path, monkeypatch, capsys, pack):
    archive = pack(official, tmp_path / "a.tar.gz")
    monkeypatch.setenv("CIFAR10_SOURCE", str(archive))
    first = cifar10.find()
    before, after = capsys.readouterr().out.splitlines()
    assert before.startswith("Unpacking and verifying a.tar.gz")
    assert first.official and "installed in cifar-10-batches-py/" in after
    archive.unlink()
    again = cifar10.find()
    assert again.where == str(cifar10.FOLDER) and again.official
    assert (first.X_train == again.X_train).all()
    assert capsys.readouterr().out == ""


def test_file_urls(official, tmp_path, pack):
    archive = pack(official, tmp_path / "an archive.tar.gz")
    found = cifar10.find(archive.as_uri())
    assert found.official and found.where == str(cifar10.FOLDER)


def test_other_data_is_used_but_not_installed(toy_cifar10, tmp_path, capsys, pack):
    archive = pack(toy_cifar10, tmp_path / "a.tar.gz")
    assert not cifar10.find(archive).official
    assert not cifar10.FOLDER.exists()
    assert "NOT THE OFFICIAL CIFAR-10" in capsys.readouterr().out


def test_own_data_in_the_folder_is_used_with_a_warning(toy_cifar10, capsys):
    put_in_place(toy_cifar10)
    assert len(cifar10.find().X_train) == 50
    assert "NOT THE OFFICIAL CIFAR-10" in capsys.readouterr().out


# ---- damage


def test_a_damaged_file_is_reported_and_not_used(official, capsys):
    put_in_place(official)
    got = damage(cifar10.FOLDER / "data_batch_3")
    expected = OFFICIAL_MD5["data_batch_3"]
    with pytest.raises(CIFAR10Error, match="no other copy could be downloaded"):
        load_cifar10()
    (line,) = capsys.readouterr().out.splitlines()
    assert "data_batch_3 in" in line and got in line and expected in line


def test_a_damaged_file_is_mended_from_a_verified_archive(
    official, tmp_path, monkeypatch, capsys, pack
):
    put_in_place(official)
    damage(cifar10.FOLDER / "data_batch_3")
    monkeypatch.setenv("CIFAR10_SOURCE", str(pack(official, tmp_path / "a.tar.gz")))
    assert cifar10.find().official
    assert "looking for another copy" in capsys.readouterr().out
    monkeypatch.delenv("CIFAR10_SOURCE")
    assert cifar10.find().official
    assert capsys.readouterr().out == ""


def test_a_good_copy_is_never_overwritten_by_a_bad_one(official, tmp_path, pack):
    put_in_place(official)
    before = {file.name: file.read_bytes() for file in cifar10.FOLDER.iterdir()}
    damage(official / "data_batch_5")
    assert not cifar10.find(pack(official, tmp_path / "a.tar.gz")).official
    (official / "test_batch").write_bytes(b"cos\nsystem\n.")
    with pytest.raises(CIFAR10Error, match="test_batch in .* asks for os.system"):
        cifar10.find(pack(official, tmp_path / "b.tar.gz"))
    after = {file.name: file.read_bytes() for file in cifar10.FOLDER.iterdir()}
    assert after == before


def test_an_incomplete_folder_is_completed(
    official, tmp_path, monkeypatch, capsys, pack
):
    put_in_place(official)
    (cifar10.FOLDER / "data_batch_4").unlink()
    monkeypatch.setenv("CIFAR10_SOURCE", str(pack(official, tmp_path / "a.tar.gz")))
    assert cifar10.find().official
    assert "is incomplete: data_batch_4" in capsys.readouterr().out
    assert (cifar10.FOLDER / "data_batch_4").exists()


def test_no_room_to_install(official, tmp_path, monkeypatch, capsys, pack):
    def no_room(files, folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cifar10.files, "install", no_room)
    found = cifar10.find(pack(official, tmp_path / "a.tar.gz"))
    assert found.official and len(found.X_train) == 50
    _, line = capsys.readouterr().out.splitlines()
    assert "used from memory" in line and "No space left" in line


# ---- the command line


def test_command_line(official, capsys):
    assert main(["--source", str(official)]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "50 training and 10 test pictures from" in out
    assert str(official) in out and "official, MD5 verified" in out


def test_command_line_without_data(capsys):
    assert main([]) == 1
    captured = capsys.readouterr()
    assert "no download (http://127.0.0.1:9/closed: no connect" in captured.err
    assert "README.md tells how" in captured.err
    assert captured.err.count("\n") == 1 and captured.out == ""


def test_command_line_stand_in(capsys):
    assert main(["--synthetic"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(SYNTHETIC_BANNER) and "10,000 training and 2,000 test" in out
    assert not cifar10.FOLDER.exists()


def test_command_line_verify(official, tmp_path, monkeypatch, capsys, pack):
    put_in_place(official)
    archive = pack(official, tmp_path / "a.tar.gz")
    assert main(["--verify"]) == 0
    assert main(["--verify", "--source", str(archive)]) == 0
    assert capsys.readouterr().out.count("ok     data_batch_") == 10
    damage(cifar10.FOLDER / "data_batch_2")
    damage(cifar10.FOLDER / "test_batch")
    assert main(["--verify"]) == 1
    captured = capsys.readouterr()
    assert captured.out.count("WRONG") == 2 and captured.out.count("ok ") == 5
    assert OFFICIAL_MD5["data_batch_2"] in captured.err
    assert OFFICIAL_MD5["test_batch"] in captured.err


def test_command_line_nothing_to_verify(capsys):
    assert main(["--verify"]) == 1
    assert "nothing to verify" in capsys.readouterr().err


def test_command_line_errors_are_one_sentence(tmp_path, capsys):
    (tmp_path / "a.tar.gz").write_bytes(b"<html>")
    for arguments in (["--source", str(tmp_path / "a.tar.gz")], ["--source", "no"]):
        assert main(arguments) == 1
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 1
        assert captured.out.count("Unpacking") == captured.out.count("\n")
        assert "Traceback" not in captured.err


def test_command_line_refuses_contradictions(capsys):
    with pytest.raises(SystemExit):
        main(["--synthetic", "--source", "x"])
    assert "not allowed with" in capsys.readouterr().err


def test_ctrl_c(monkeypatch, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cifar10, "_from_download", interrupted)
    assert main([]) == 1
    assert "the next run continues" in capsys.readouterr().err


# ---- the real thing


@pytest.mark.data
@pytest.mark.skipif(REAL == "synthetic", reason="CIFAR10_SOURCE names no real data")
def test_real_data():
    data = load_cifar10(REAL)  # an archive is installed below tmp_path
    assert data["official"] and data["classes"][6] == "frog"
    assert [len(data[f"X_{part}"]) for part in ("train", "val", "test")] == [
        49000,
        1000,
        10000,
    ]
    assert data["y_train"][:4].tolist() == [6, 9, 9, 4]
    assert data["y_test"][:4].tolist() == [3, 8, 8, 0]
    assert (np.bincount(data["y_test"]) == 1000).all()


def test_the_folder_says_which_files_it_wants():
    folder = Path(cifar10.__file__).parents[2] / "cifar-10-batches-py"
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8")
    for name, md5 in PYTHON_MD5.items():
        assert f"| `{name}` |" in text and md5 in text
    for size in list(OFFICIAL_SIZES.values())[:6]:
        assert f"{size:,}" in text
    assert "`.lock`" in text and "`*.part`" in text  # what a download leaves there
