import hashlib
import json
import zipfile

import pytest

from tests.staff.conftest import EXERCISE, commit
from utils.staff import cli, editions, handout, leaks

NAME = "utils/exercises/conv_layers.py"


@pytest.fixture
def make(workbook, tmp_path, monkeypatch):
    """Return a function that makes the handout by the command."""
    monkeypatch.setattr(handout, "ROOT", workbook)

    def run(*more, out="out"):
        target = str(tmp_path / out)
        return cli.main(["handout", "--out", target, *more])

    return run


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_what_is_in_it(make, tmp_path, capsys):
    assert make() == 0
    assert " 5 files, version " in capsys.readouterr().out
    files = content(tmp_path / "out")
    assert list(files) == ["CNN.ipynb", "README.md", "handout.json", "test.sh", NAME]
    for path, data in files.items():
        assert b"SOLUTION" not in data and b"canary" not in data, path
    assert files[NAME].decode() == editions.student_edition(EXERCISE, NAME)
    assert (tmp_path / "out" / "test.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out" / "README.md").stat().st_mode & 0o777 == 0o644


def test_the_manifest(make, tmp_path, workbook):
    make()
    files = content(tmp_path / "out")
    manifest = json.loads(files.pop("handout.json"))
    head = handout.git(workbook, "rev-parse", "HEAD")
    assert head.startswith(manifest["version"]) and len(manifest["version"]) == 12
    assert manifest["date"].endswith("Z")
    assert set(manifest["yours"]) == {"CNN.ipynb", NAME}
    assert manifest["given"] | manifest["yours"] == {
        path: hashlib.sha256(data).hexdigest() for path, data in files.items()
    }


def test_twice_the_same_bytes(make, tmp_path, workbook, monkeypatch):
    make("--zip", str(tmp_path / "1.zip"), out="1/book")
    (workbook / "README.md").touch()
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    make("--zip", str(tmp_path / "2.zip"), out="2/book")
    assert content(tmp_path / "1" / "book") == content(tmp_path / "2" / "book")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_the_archive_holds_the_same(make, tmp_path):
    make("--zip", str(tmp_path / "a.zip"))
    files = content(tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == sorted(f"out/{path}" for path in files)
        for path, data in files.items():
            assert archive.read(f"out/{path}") == data
        modes = [archive.getinfo(f"out/{p}").external_attr >> 16 for p in files]
    assert modes == [0o100755 if p == "test.sh" else 0o100644 for p in files]


def test_what_is_not_committed_is_refused(make, tmp_path, workbook, capsys):
    (workbook / "README.md").write_text("new")
    assert make() == 1
    assert capsys.readouterr().err.startswith("Not committed: README.md. A handout")
    assert not (tmp_path / "out").exists()
    assert make("--dirty") == 0
    assert (tmp_path / "out" / "README.md").read_text() == "new"
    manifest = json.loads((tmp_path / "out" / "handout.json").read_bytes())
    assert manifest["version"].endswith("-changed")


def test_a_change_elsewhere_does_not_matter(make, workbook):
    (workbook / "tests" / "answer.py").write_text("new")
    assert make() == 0


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (NAME, "\n        # END SOLUTION", "", f"{NAME}, line 21: BEGIN SOLUTION with"),
        (NAME, "# Hint: add.", "# END SOLUTION", f"{NAME}, line 9: END SOLUTION ends"),
        (NAME, "total = x + x", "total = (x", f"{NAME}, line "),
        ("README.md", "<!-- END STAFF -->", "", "README.md, line 3: BEGIN STAFF"),
        ("CNN.ipynb", "# END SOLUTION", "", "CNN.ipynb, cell model, line 2: BEGIN"),
        ("test.sh", "# BEGIN", "#BEGIN", "test.sh, line 2: '#BEGIN STAFF' is no"),
    ],
)
def test_a_wrong_marker_leaves_nothing(
    make, tmp_path, workbook, capsys, path, old, new, said
):
    file = workbook / path
    file.write_text(file.read_text().replace(old, new))
    commit(workbook)
    before = set(tmp_path.iterdir())
    assert make("--zip", str(tmp_path / "a.zip")) == 1
    assert capsys.readouterr().err.startswith(said)
    assert set(tmp_path.iterdir()) == before


def test_a_leak_leaves_nothing(make, tmp_path, monkeypatch, capsys):
    # A mistake in our own code: everything is taken over as it is.
    monkeypatch.setattr(editions, "student_edition", lambda text, name: text)
    assert make("--zip", str(tmp_path / "a.zip")) == 1
    said = capsys.readouterr().err
    assert said.startswith("The handout would give solutions away:")
    assert "canary-" in said and NAME in said and "CNN.ipynb" in said
    assert [path.name for path in tmp_path.iterdir()] == ["solved"]


def test_a_solution_without_its_canary_is_found_as_well(make, monkeypatch, capsys):
    monkeypatch.setattr(editions, "student_edition", lambda text, name: text)
    monkeypatch.setattr(editions, "with_canaries", lambda text, name: text)
    assert make() == 1
    assert "'weights = np . full ( X .' is from" in capsys.readouterr().err


def test_the_search_is_not_told_by_the_stripping(workbook, monkeypatch):
    # What a faulty stripping leaves in would otherwise count as given.
    monkeypatch.setattr(editions, "student_edition", lambda text, name: text)
    known = leaks.fingerprints(handout.given_files(workbook))
    assert known.without() == []


def test_a_former_handout_is_replaced_and_nothing_else(make, tmp_path, capsys):
    assert make() == 0
    (tmp_path / "out" / "old.py").write_text("x")
    assert make() == 0
    assert not (tmp_path / "out" / "old.py").exists()
    (tmp_path / "mine").mkdir()
    assert make(out="mine") == 0  # an empty folder
    (tmp_path / "mine" / "handout.json").unlink()
    assert make(out="mine") == 1
    assert "holds something else than a handout" in capsys.readouterr().err
    assert (tmp_path / "mine" / "README.md").exists()
    (tmp_path / "file").write_text("x")
    assert make(out="file") == 1
    assert "is no folder" in capsys.readouterr().err
    assert not list(tmp_path.glob(".handout-*"))


def test_the_archive_stands_beside(make, tmp_path, capsys):
    assert make("--zip", str(tmp_path / "out" / "a.zip")) == 1
    assert "is inside of" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_if_the_move_fails_the_former_handout_is_back(make, tmp_path, monkeypatch):
    make()
    before = content(tmp_path / "out")
    rename = handout.Path.rename

    def refuse(self, target):
        if self.name == "new":
            raise PermissionError(13, "Permission denied", str(target))
        return rename(self, target)

    monkeypatch.setattr(handout.Path, "rename", refuse)
    assert make() == 1
    assert content(tmp_path / "out") == before
    assert not list(tmp_path.glob(".handout-*"))


def test_text_that_is_none(make, workbook, capsys):
    (workbook / "README.md").write_bytes(b"\xff\xfe")
    commit(workbook)
    assert make() == 1
    assert capsys.readouterr().err == "README.md is not UTF-8 text.\n"
