import io

from utils.pdf.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_two_lines_without_a_terminal():
    stream = io.StringIO()
    with Progress("CNN.ipynb", 12, stream) as progress:
        progress.cell = 3
    assert (
        stream.getvalue() == "CNN.ipynb: running 12 cells\nCNN.ipynb: 12 cells, 0:00\n"
    )


def test_one_line_that_is_rewritten_on_a_terminal():
    stream = Terminal()
    with Progress("CNN.ipynb", 12, stream):
        pass
    assert "\r\x1b[KCNN.ipynb: cell 0 of 12, 0:00" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[KCNN.ipynb: 12 cells, 0:00\n")


def test_elapsed(monkeypatch):
    times = iter([10.0, 75.9])
    monkeypatch.setattr("utils.pdf.progress.time.monotonic", lambda: next(times))
    progress = Progress("x", 1, io.StringIO())
    assert progress.__enter__().elapsed() == "1:05"
