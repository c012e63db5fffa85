import io
import sys

import pytest

from utils.pdf import identity as module
from utils.pdf.files import ExportError
from utils.pdf.identity import SUBMISSION, identity

NOBODY = (None, None)


@pytest.fixture
def typed(monkeypatch):
    def typed(*lines):
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(lines)))

    monkeypatch.setattr(module, "_name_in_git", lambda: "ada on git")
    return typed


def test_given_before_saved(tmp_path):
    (tmp_path / SUBMISSION).write_text('name = "Ada"\nuid = 12\n', "utf-8")
    assert identity(NOBODY, tmp_path) == ("Ada", "12")
    assert identity((" Bo ", None), tmp_path) == ("Bo", "12")


def test_asked_once_and_saved(tmp_path, typed, capsys):
    typed('Ada "Countess" \\ Ł.\n', "42\n")
    assert identity(NOBODY, tmp_path, ask=True) == ('Ada "Countess" \\ Ł.', "42")
    assert "Your name [ada on git]: " in capsys.readouterr().err
    typed()
    assert identity(NOBODY, tmp_path, ask=True) == ('Ada "Countess" \\ Ł.', "42")


def test_enter_takes_the_proposal(tmp_path, typed):
    typed("\n", "\n")
    assert identity(NOBODY, tmp_path, ask=True) == ("ada on git", "")


def test_nobody_is_asked_in_a_script(tmp_path, typed):
    typed("Ada\n")
    assert identity(NOBODY, tmp_path) == ("", "")
    assert not (tmp_path / SUBMISSION).exists()


@pytest.mark.parametrize(
    ("text", "message"), [("name = Ada", "cannot be read"), ("nom = 1", "key 'nom'")]
)
def test_a_file_that_is_wrong(tmp_path, text, message):
    (tmp_path / SUBMISSION).write_text(text)
    with pytest.raises(ExportError, match=message):
        identity(NOBODY, tmp_path)
