import errno
import json
import os
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from utils.pdf.files import (
    ExportError,
    check_output,
    clear_output,
    read_notebook,
    room_in,
    write_notebook,
    write_whole,
)

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


def code_cell(**fields):
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": []}
    cell |= {"execution_count": None} | fields
    return {key: value for key, value in cell.items() if value != "missing"}


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (code_cell(outputs="missing"), "cell 2: 'outputs' is a required property"),
        (
            code_cell(outputs=[{"output_type": "stream", "text": "x"}]),
            "cell 2: 'name' is a required property",
        ),
        (code_cell(metadata={"tags": 5}), "cell 2: 5 is not of type 'array'"),
        (code_cell(source=5), "cell 2: 5 is not valid"),
    ],
)
def test_damaged_cells_are_one_sentence(tmp_path, cell, message):
    path = tmp_path / "N.ipynb"
    path.write_text(json.dumps({**OLD, "cells": [*OLD["cells"], cell]}), "utf-8")
    with pytest.raises(ExportError, match=r"N\.ipynb is not a notebook") as error:
        read_notebook(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_what_other_programs_add_may_stay(tmp_path):
    path = tmp_path / "N.ipynb"
    cells = [code_cell(id="a", colour="red"), code_cell(id="a")]
    path.write_text(json.dumps({**OLD, "cells": cells}), "utf-8")
    assert read_notebook(path).cells[0].colour == "red"


def test_writing_characters_that_no_file_can_hold(tmp_path):
    write_notebook(
        new_notebook(cells=[new_markdown_cell("a\ud800b")]), tmp_path / "N.ipynb"
    )
    assert read_notebook(tmp_path / "N.ipynb").cells[0].source == "a?b"


def test_missing_file(tmp_path):
    with pytest.raises(ExportError, match="N.ipynb: No such file"):
        read_notebook(tmp_path / "N.ipynb")


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "x.pdf"
    write_whole(path, b"old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.pdf"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_folder_is_named(tmp_path, number):
    says = f"no room left in {re.escape(str(tmp_path))} "
    with pytest.raises(ExportError, match=says), room_in(tmp_path):
        raise OSError(number, os.strerror(number), "the source of a copy")


def test_other_errors_keep_their_words(tmp_path):
    with pytest.raises(PermissionError, match="denied"), room_in(tmp_path):
        raise PermissionError(errno.EACCES, "denied", "x")


def test_a_new_file_appears_only_whole(tmp_path, monkeypatch):
    path = tmp_path / "x.pdf"
    write_whole(path, b"old")
    seen = []

    def replace(source, target):
        seen.append((Path(source).read_bytes(), path.read_bytes(), target))
        raise OSError(5, "broken disk")

    monkeypatch.setattr("utils.whole_files.os.replace", replace)
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


def test_on_windows_an_open_file_gets_a_neighbour(tmp_path, monkeypatch, hold_open):
    opened = tmp_path / "s.pdf"
    hold_open(opened)
    (tmp_path / "s-2.pdf").write_bytes(b"older")
    monkeypatch.setattr("utils.pdf.files.ON_WINDOWS", True)
    assert clear_output(opened) == tmp_path / "s-2.pdf"
    assert not (tmp_path / "s-2.pdf").exists()


def test_elsewhere_a_file_that_cannot_be_removed_ends_it(
    tmp_path, monkeypatch, hold_open
):
    hold_open(tmp_path / "s.pdf")
    monkeypatch.setattr("utils.pdf.files.ON_WINDOWS", False)
    with pytest.raises(PermissionError, match="in use"):
        clear_output(tmp_path / "s.pdf")


def test_a_folder_that_cannot_be_written_is_found_out_at_once(tmp_path, monkeypatch):
    def refuse(self, data):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(ExportError, match=r"cannot be written \(Permission denied\)"):
        clear_output(tmp_path / "s.pdf")


def test_trying_the_folder_leaves_nothing(tmp_path):
    clear_output(tmp_path / "new" / "s.pdf")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["N.ipynb", "cnn.py", "submission", ".pdf", "x.pdf.gz"]
)
def test_the_pdf_is_called_pdf(tmp_path, name):
    with pytest.raises(ExportError, match=r"has to end in \.pdf"):
        check_output(tmp_path / name, [])


def test_the_pdf_is_none_of_the_inputs(tmp_path):
    notebook = tmp_path / "N.ipynb"
    notebook.touch()
    link = tmp_path / "N.pdf"
    link.symlink_to(notebook)
    with pytest.raises(ExportError, match="one of the files to be printed"):
        check_output(link, [notebook])
    check_output(tmp_path / "other.PDF", [notebook])


def test_clear_output_of_a_folder(tmp_path):
    with pytest.raises(ExportError, match="this is a folder"):
        clear_output(tmp_path)
