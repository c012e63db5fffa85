import json
from pathlib import Path

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from utils.pdf.engine import ExportError
from utils.pdf.files import clear_output, read_notebook, write_notebook, write_whole

OLD = {
    "nbformat": 4,
    "nbformat_minor": 0,
    "metadata": {},
    "cells": [{"cell_type": "markdown", "metadata": {}, "source": ["a\n", "b"]}],
}


def test_round_trip(tmp_path):
    notebook = new_notebook(cells=[new_markdown_cell("ä\nb")])
    write_notebook(notebook, tmp_path / "deep" / "N.ipynb")
    assert read_notebook(tmp_path / "deep" / "N.ipynb") == notebook


@pytest.mark.parametrize("prefix", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_old_formats_windows_and_byte_order_marks(tmp_path, prefix, end):
    text = prefix + json.dumps(OLD, indent=1).replace("\n", end)
    (tmp_path / "N.ipynb").write_bytes(text.encode())
    assert read_notebook(tmp_path / "N.ipynb").cells[0].source == "a\nb"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"cells": 3, "nbformat": 4}', "\udcff\x00", "null"]
)
def test_broken_files_are_one_sentence(tmp_path, text):
    path = tmp_path / "N.ipynb"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ExportError, match=r"N\.ipynb is not a notebook") as error:
        read_notebook(path)
    assert "\n" not in str(error.value)


def test_missing_file(tmp_path):
    with pytest.raises(ExportError, match="N.ipynb: No such file"):
        read_notebook(tmp_path / "N.ipynb")


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "x.pdf"
    write_whole(path, b"old")

    def full(self, data):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.pdf"]


def test_a_new_file_appears_only_whole(tmp_path, monkeypatch):
    path = tmp_path / "x.pdf"
    write_whole(path, b"old")
    seen = []

    def replace(source, target):
        seen.append((Path(source).read_bytes(), path.read_bytes(), target))
        raise OSError(5, "broken disk")

    monkeypatch.setattr("utils.pdf.files.os.replace", replace)
    with pytest.raises(OSError, match="broken disk"):
        write_whole(path, b"new")
    assert seen == [(b"new", b"old", path)]
    assert [p.name for p in tmp_path.iterdir()] == ["x.pdf"]


def test_clear_output_removes_the_old_file(tmp_path):
    path = tmp_path / "s.pdf"
    path.write_bytes(b"old")
    assert clear_output(path) == path
    assert not path.exists()
    assert clear_output(tmp_path / "none" / "s.pdf") == tmp_path / "none" / "s.pdf"


def test_a_file_that_cannot_be_removed_gets_a_neighbour(tmp_path, monkeypatch):
    opened = tmp_path / "s.pdf"
    unlink = Path.unlink

    def refuse(self, missing_ok=False):
        if self == opened:
            raise PermissionError(13, "in use")
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    (tmp_path / "s-2.pdf").write_bytes(b"older")
    assert clear_output(opened) == tmp_path / "s-2.pdf"
    assert not (tmp_path / "s-2.pdf").exists()


def test_clear_output_of_a_folder(tmp_path):
    with pytest.raises(ExportError, match="this is a folder"):
        clear_output(tmp_path)
