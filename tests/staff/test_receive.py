"""What counts of a submission; hostile archives are in `test_attacks`."""

import json
import os
import re
import zipfile

import pytest

from tests.staff.attacks.archives import ARCHIVES, NAME, SOLVED, packed
from utils.staff import StaffError, cli, isolation, receive

REST = {f"utils/exercises/{name}.py": b"x = 1\n" for name in receive.EXERCISES[1:]}


def test_a_folder_and_an_archive_of_it_are_the_same(tmp_path):
    folder = tmp_path / "ada"
    files = {NAME: SOLVED, **REST, "README.md": b"ours"}
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    one, two = receive.take(folder), receive.take(packed(tmp_path / "ada.zip", files))
    assert one.files == two.files == {NAME: SOLVED, **REST}
    assert (one.name, two.name) == ("ada", "ada.zip")
    assert one.digest == two.digest and one.notes == two.notes == ()


def test_the_digest_is_that_of_the_exercises(tmp_path):
    submission = receive.take(packed(tmp_path / "a.zip", REST))
    noted = submission._replace(files=submission.files | {"CNN.ipynb": b"{}"})
    other = submission._replace(files=submission.files | {NAME: b""})
    assert noted.digest == submission.digest != other.digest


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("truncated", "It is no zip archive."),
        ("no_archive", "It is no zip archive."),
        ("a_hundred_thousand_files", "It holds more than 20,000 files."),
        ("claims_to_be_endless", "It holds more than 20,000 files."),
        ("a_link_itself", "It is a link, which is not followed."),
        ("climbs_out", "Not taken, its name leads elsewhere: ../escaped.py."),
        ("a_link", "Not taken, it is a link or device: utils/exercises/cnn.py."),
        ("with_a_password", "Not taken, it has a password: utils/exercises/cnn.py."),
        ("unusual_packing", "Not taken, it is packed unusually"),
        ("a_huge_notebook", "CNN.ipynb is not taken: it has more than 20 MB."),
        ("a_deep_notebook", "CNN.ipynb is no notebook: RecursionError"),
        ("damaged_inside", "utils/exercises/cnn.py cannot be read: "),
        ("two_of_a_kind", f"There are 2 of {NAME}; {NAME} counts."),
        ("a_workbook_in_a_folder", f"; HW 5 (final)/{NAME} counts."),
    ],
)
def test_a_note_says_what_is_wrong(name, text, tmp_path):
    (tmp_path / "in").mkdir()
    notes = receive.take(ARCHIVES[name](tmp_path / "in")).notes
    assert any(text in note for note in notes), notes


def test_a_folder_may_be_bottomless(tmp_path, monkeypatch):
    files = {NAME: SOLVED, **REST}
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    try:
        for _ in range(1200):
            os.mkdir("d")
            os.chdir("d")
        assert receive.take(tmp_path).files == files
    finally:
        os.chdir(tmp_path)
        isolation.remove(tmp_path / "d")  # which pytest cannot


def test_nobody_is_overlooked(tmp_path, capsys):
    (tmp_path / "ada.zip").write_bytes(b"")
    assert receive.find(tmp_path) == [tmp_path / "ada.zip"]
    assert capsys.readouterr().err == ""
    (tmp_path / "bob.pdf").write_bytes(b"")
    assert receive.find(tmp_path) == [tmp_path / "ada.zip"]
    assert "Not looked at" in (err := capsys.readouterr().err) and "bob.pdf" in err
    (tmp_path / "eve.tar.gz").write_bytes(b"")
    assert receive.find(tmp_path)[1:] == [tmp_path / "eve.tar.gz"]
    assert receive.take(tmp_path / "eve.tar.gz").notes == ("It is no zip archive.",)


def test_what_cannot_be_read_is_told_from_what_is_not_there(tmp_path):
    damaged = ARCHIVES["damaged_inside"](tmp_path)
    assert receive.take(damaged).unread == ("utils/exercises/cnn.py",)
    assert receive.take(ARCHIVES["truncated"](tmp_path)).unread == tuple(receive.PATHS)
    (tmp_path / "empty").mkdir()
    assert receive.take(tmp_path / "empty").unread == ()


def test_of_a_whole_workbook_our_files_of_the_same_names_do_not_count(tmp_path):
    files = {NAME: SOLVED, **REST}
    ours = {name.replace("exercises", "checks"): b"ours" for name in files}
    both = files | ours | {"old/cnn.py": b"loose"}
    submission = receive.take(packed(tmp_path / "a.zip", both))
    assert submission.notes == () and submission.files == files
    submission = receive.take(packed(tmp_path / "b.zip", ours | {NAME: SOLVED}))
    assert submission.files == {NAME: SOLVED}


def test_results_do_not_go_among_the_submissions(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    packed(tmp_path / "in" / "a.zip", REST)
    for command in ("grade", "receive"):
        for out in (tmp_path / "in", tmp_path / "in" / "out"):
            assert cli.main([command, str(tmp_path / "in"), "--out", str(out)]) == 1
            assert "choose a folder outside of it" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["a.zip"]


def test_of_two_with_one_name_the_last_counts(tmp_path):
    assert receive.take(ARCHIVES["two_of_a_kind"](tmp_path)).files[NAME] == SOLVED


def test_of_a_notebook_only_sources_are_left(tmp_path):
    files = receive.take(ARCHIVES["a_notebook_that_acts"](tmp_path)).files
    [cell] = json.loads(files["CNN.ipynb"])["cells"]
    assert cell == {
        "cell_type": "code",
        "metadata": {},
        "source": "1",
        "execution_count": None,
        "outputs": [],
    }


def test_names_are_harmless_and_stay_different():
    names = ["a", "a.zip", "a b", "a_b", "Zo\u00eb", "..", "con", "NUL.zip", "x" * 99]
    names += ["=cmd()", "../up", "_a_b-" + receive.safe_name("a b")[-8:], ""]
    safe = [receive.safe_name(name) for name in names]
    assert len({name.lower() for name in safe}) == len(names)
    assert all(re.fullmatch(r"(?a)\w[\w.-]*", name) for name in safe), safe
    assert not any(receive.UNSAFE.match(name) for name in safe)
    assert safe[:2] == ["a", "a.zip"]


def test_submissions_are_folders_and_archives(tmp_path):
    with pytest.raises(StaffError, match="holds neither folders nor zip"):
        receive.find(tmp_path)
    for name in ("b.zip", "c.txt", ".hidden.zip"):
        (tmp_path / name).write_text("")
    (tmp_path / "a").mkdir()
    assert [path.name for path in receive.find(tmp_path)] == ["a", "b.zip"]
    with pytest.raises(StaffError, match="is no folder of submissions"):
        receive.find(tmp_path / "c.txt")


@pytest.mark.parametrize(
    ("content", "version"),
    [(b'{"version": "v1"}', "v1"), (b"{", ""), (b"[" * 99_999, ""), (b"[]", "")],
)
def test_the_version_of_the_handout(content, version):
    assert receive.handout_version({"handout.json": content}) == version
    assert receive.handout_version({}) == ""


def test_the_command_writes_what_counts(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    path = packed(tmp_path / "in" / "a.zip", {**REST, "numpy.py": b""})
    assert cli.main(["receive", str(path.parent), "--out", str(tmp_path / "out")]) == 0
    written = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert len(written) == 4 and capsys.readouterr().out == "a.zip: 4 files\n"
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../b", "")
    assert cli.main(["receive", str(path.parent), "--out", str(tmp_path / "out")]) == 1
    assert "leads elsewhere" in capsys.readouterr().out
