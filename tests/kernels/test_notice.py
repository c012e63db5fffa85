import io
import sys
import time
from types import SimpleNamespace

import pytest

from utils.kernels import notice
from utils.pdf.terminal import render


def event(module="utils.kernels.winograd"):
    dispatcher = SimpleNamespace(py_func=SimpleNamespace(__module__=module))
    return SimpleNamespace(data={"dispatcher": dispatcher})


@pytest.fixture
def listener(monkeypatch):
    monkeypatch.setattr(notice, "PATIENCE", 0.02)
    monkeypatch.setattr(notice, "_can_wipe", lambda: True)
    return notice.Notice()


def wait_for(capsys, seconds=5.0):
    """Wait until something stands on stderr, and give it."""
    text, end = "", time.monotonic() + seconds
    while not text and time.monotonic() < end:
        time.sleep(0.01)
        text = capsys.readouterr().err
    return text


def test_the_line_is_shown_and_wiped_away(listener, capsys):
    listener.on_start(event())
    shown = wait_for(capsys)
    assert shown == "\r" + notice.TEXT
    listener.on_end(event())
    wiped = capsys.readouterr().err
    assert not any(render(shown + wiped))  # what a terminal or the PDF shows


def test_a_function_inside_another_does_not_end_it(listener, capsys):
    listener.on_start(event())
    assert wait_for(capsys)
    listener.on_start(event())
    listener.on_end(event())
    assert capsys.readouterr().err == ""
    listener.on_end(event())
    assert capsys.readouterr().err != ""


def test_many_short_ones_add_up(listener, capsys, monkeypatch):
    monkeypatch.setattr(notice, "PATIENCE", 0.2)
    for _ in range(3):
        listener.on_start(event())
        time.sleep(0.07)
        listener.on_end(event())
    assert listener.spent == pytest.approx(0.2, abs=0.01)
    listener.on_start(event())
    assert wait_for(capsys)
    listener.on_end(event())


def test_a_short_one_needs_no_words(listener, capsys, monkeypatch):
    monkeypatch.setattr(notice, "PATIENCE", 60)
    listener.on_start(event())
    listener.on_end(event())
    assert capsys.readouterr().err == ""
    assert not listener.timer.is_alive()


def test_functions_of_others_are_not_ours_to_explain(listener, capsys):
    listener.on_start(event("somebody.else"))
    time.sleep(0.05)
    listener.on_end(event("somebody.else"))
    assert capsys.readouterr().err == ""
    assert listener.timer is None


def test_a_file_gets_the_line_once(listener, capsys, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(notice, "PATIENCE", 0.02)
    listener.on_start(event())
    assert wait_for(capsys) == notice.TEXT + "\n"
    listener.on_end(event())
    listener.on_start(event())
    time.sleep(0.05)
    listener.on_end(event())
    assert capsys.readouterr().err == ""


class Screen(io.StringIO):
    def isatty(self):
        return True


class OutStream(Screen):
    __module__ = "ipykernel.iostream"


@pytest.mark.parametrize(
    ("stream", "can"),
    [(None, False), (io.StringIO(), False), (Screen(), True), (OutStream(), False)],
)
def test_what_can_be_wiped(monkeypatch, stream, can):
    monkeypatch.setattr(sys, "stderr", stream)
    assert notice._can_wipe() is can


def test_a_notebook_stays_clean(listener, monkeypatch):
    stream = OutStream()
    monkeypatch.undo()
    monkeypatch.setattr(notice, "PATIENCE", 0.02)
    monkeypatch.setattr(sys, "stderr", stream)
    listener.on_start(event())
    time.sleep(0.1)
    listener.on_end(event())
    assert stream.getvalue() == ""


@pytest.mark.parametrize("stream", [None, "closed"])
def test_without_a_screen_it_is_silent(listener, monkeypatch, tmp_path, stream):
    if stream == "closed":
        stream = open(tmp_path / "stream", "w")
        stream.close()
    monkeypatch.undo()
    monkeypatch.setattr(notice, "PATIENCE", 0.02)
    monkeypatch.setattr(sys, "stderr", stream)
    listener.on_start(event())
    time.sleep(0.05)
    listener.on_end(event())
