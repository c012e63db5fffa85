import errno
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pypdf import PdfReader

from tests.pdf.torture import code, stream
from utils import cifar10
from utils.pdf import cli


def text(path):
    return "\n".join(page.extract_text() for page in PdfReader(path).pages)


def default(root):
    return root / "build" / "submission.pdf"


def test_whole_workbook(run, root, capsys):
    assert run("--uid", "42", "--strict") == 0
    printed = text(default(root))
    titles = [printed.index(f"About {name}\n") for name in cli.NOTEBOOKS]
    assert titles == sorted(titles)
    assert "the file cnn" in printed and "the file conv_layers" in printed
    assert "the file __init__" not in printed
    assert "Ada (42)" in printed
    shown = capsys.readouterr().out
    assert "page   2   10 points  Question of Receptive-Fields" in shown
    assert "note" not in shown
    assert str(default(root).resolve()) in shown


def test_saved_outputs_are_kept_and_nothing_is_run(run, root):
    run()
    assert "saved" in text(default(root))
    assert not (root / "build" / "executed").exists()


def test_a_notebook_without_outputs_is_run_and_not_changed(run, root, capsys):
    source = root / "CNN.ipynb"
    fresh = new_notebook(
        cells=[new_markdown_cell("# C"), new_code_cell("print(6 * 7)")]
    )
    nbformat.write(fresh, source)
    before = source.read_bytes()
    assert run("--only", "CNN") == 0
    assert "42" in text(default(root))
    assert source.read_bytes() == before
    copy = nbformat.read(root / "build" / "executed" / "CNN.ipynb", 4)
    assert copy.cells[1].outputs[0].text == "42\n"
    assert "CNN.ipynb: 2 cells" in capsys.readouterr().err


def test_an_executed_copy_that_cannot_be_written_does_not_cost_the_pdf(
    run, root, capsys
):
    fresh = new_notebook(cells=[new_code_cell("print(6 * 7)")])
    nbformat.write(fresh, root / "CNN.ipynb")
    (root / "build").mkdir(exist_ok=True)
    (root / "build" / "executed").write_text("in the way")
    assert run("--only", "CNN") == 0
    assert "42" in text(default(root))
    assert "CNN.ipynb: no executed copy" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "folder"),
    [("utils.pdf.cli.write_whole", "build"), ("shutil.copy", tempfile.gettempdir())],
)
def test_a_full_disk_is_named(run, monkeypatch, capsys, place, folder):
    def full(source, target):
        raise OSError(errno.ENOSPC, "No space", "a font")

    monkeypatch.setattr(place, full)
    assert run("--only", "CNN") == 1
    said = capsys.readouterr().err
    assert re.search(f"No PDF: there is no room left in .*{re.escape(folder)} ", said)
    assert "a font" not in said


def test_execute_runs_what_has_outputs(run, root, monkeypatch):
    ran = []

    def execute(notebook, path, timeout, environment):
        ran.append((path.stem, timeout))

    monkeypatch.setattr("utils.pdf.execute.execute", execute)
    assert run("--execute", "--timeout", "7") == 0
    assert ran == [(name, 7) for name in cli.NOTEBOOKS]


def test_what_ends_a_run_early_is_a_note(run, monkeypatch, capsys):
    monkeypatch.setattr(
        "utils.pdf.execute.execute", lambda *arguments: "cell 3 took too long"
    )
    assert run("--execute", "--only", "CNN") == 0
    shown = capsys.readouterr()
    assert "CNN.ipynb: cell 3 took too long" in shown.err
    assert run("--execute", "--only", "CNN", "--strict") == 2


def test_no_execute(run, root, capsys):
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), root / "CNN.ipynb")
    assert run("--no-execute", "--only", "CNN") == 0
    assert "no cell of this notebook was run" in capsys.readouterr().err


@pytest.fixture
def kernels(monkeypatch):
    """Notebooks that need data; returns the variables that kernels are given."""
    given = []
    monkeypatch.setattr("utils.pdf.execute.execute", lambda *a: given.append(a[-1]))
    monkeypatch.setattr(cli, "_mentions_cifar10", lambda notebook: True)
    return given


def fail(error):
    def find():
        raise error

    return find


@pytest.mark.parametrize("failure", [cifar10.CIFAR10Error("broken"), OSError("gone")])
@pytest.mark.parametrize("source", [None, ""])
def test_without_data_the_notebooks_run_all_the_same(
    run, monkeypatch, capsys, kernels, failure, source
):
    if source is None:
        monkeypatch.delenv("CIFAR10_SOURCE", raising=False)
    else:
        monkeypatch.setenv("CIFAR10_SOURCE", source)
    monkeypatch.setattr(cifar10, "find", fail(failure))
    assert run("--execute", "--only", "CNN") == 0
    assert f"({failure}): the notebooks use stand-in" in capsys.readouterr().err
    assert kernels == [{"CIFAR10_SOURCE": "synthetic"}]


def test_data_asked_for_by_name_and_not_found_ends_it(
    run, root, monkeypatch, capsys, kernels
):
    monkeypatch.setenv("CIFAR10_SOURCE", "/none/x.tar.gz")
    monkeypatch.setattr(cifar10, "find", fail(cifar10.CIFAR10Error("it is not there")))
    assert run("--execute", "--only", "CNN") == 1
    message = capsys.readouterr().err
    assert "No PDF: CIFAR10_SOURCE is '/none/x.tar.gz', which fails: it is" in message
    assert "stand-in" not in message
    assert kernels == []


def test_data_are_fetched_only_for_a_notebook_that_mentions_them(
    run, root, monkeypatch
):
    fetched = []
    monkeypatch.setattr(cifar10, "find", lambda: fetched.append(True))
    monkeypatch.setattr("utils.pdf.execute.execute", lambda *arguments: None)
    assert run("--execute", "--only", "Receptive-Fields") == 0
    assert fetched == []
    cell = code("from utils.cifar10 import load_cifar10")
    nbformat.write(new_notebook(cells=[cell]), root / "CNN.ipynb")
    assert run("--execute", "--only", "CNN") == 0
    assert fetched == [True]


def test_name_and_number_from_the_file(root):
    (root / "submission.toml").write_text('name = "Ada Ł."\nuid = 123\n', "utf-8")
    assert cli.main(["--strict"], root=root) == 0
    assert "Ada Ł. (123)" in text(default(root))
    assert cli.main(["--uid", "9"], root=root) == 0
    assert "Ada Ł. (9)" in text(default(root))


def test_no_name_is_a_warning_on_the_cover(root):
    assert cli.main([], root=root) == 0
    cover = PdfReader(default(root)).pages[0].extract_text()
    assert "no name given" in cover
    assert "no name: use --name" in cover
    assert cli.main(["--strict"], root=root) == 2


def test_a_name_in_another_encoding(root):
    # What Python makes of Latin-1 bytes among the arguments of a UTF-8 system.
    assert cli.main(["--name", "J\udcfcrgen"], root=root) == 0
    assert "J\ufffdrgen" in text(default(root))


def test_broken_submission_file(root, capsys):
    (root / "submission.toml").write_text("name = Ada", "utf-8")
    assert cli.main([], root=root) == 1
    assert "submission.toml cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["CNN", "cnn", "CNN.ipynb", "./CNN.ipynb"])
def test_only(run, root, name):
    assert run("--only", name, "--no-code") == 0
    printed = text(default(root))
    assert "About CNN\n" in printed
    assert "About CNN-Layers" not in printed
    assert "Source files" not in printed


def test_only_several_keeps_the_order(run, root):
    assert run("--only", "CNN", "--only", "CNN-Layers") == 0
    printed = text(default(root))
    assert printed.index("About CNN-Layers\n") < printed.index("About CNN\n")


def test_unknown_name_lists_the_four(run, root, capsys):
    assert run("--only", "RNN") == 1
    assert capsys.readouterr().err == (
        "No PDF: --only RNN: there is no such notebook; the four are "
        "Receptive-Fields, CNN-Layers, CNN-BatchNorm, CNN.\n"
    )


def test_a_missing_notebook_is_noted(run, root, capsys):
    (root / "CNN-Layers.ipynb").unlink()
    assert run() == 0
    assert "CNN-Layers.ipynb: this notebook was not found" in capsys.readouterr().err
    assert run("--only", "CNN-Layers") == 1
    assert "CNN-Layers.ipynb not found" in capsys.readouterr().err


@pytest.mark.parametrize("damaged", ["CNN-q", ["CNN-q"], {"id": ["CNN-q"]}])
def test_damaged_metadata_of_questions(run, root, damaged):
    cell = new_markdown_cell("## Here", metadata={"question": damaged})
    nbformat.write(new_notebook(cells=[cell]), root / "CNN.ipynb")
    assert run("--only", "CNN") == 0
    assert "Here" in text(default(root))


def test_failure_leaves_no_old_pdf(run, root, capsys):
    assert run() == 0
    (root / "CNN.ipynb").write_text("{", "utf-8")
    assert run() == 1
    assert not default(root).exists()
    message = capsys.readouterr().err
    assert f"Removed the old {default(root)}" in message
    assert "No PDF: " in message and "CNN.ipynb is not a notebook" in message


def test_output_in_a_new_folder(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("-o", "new folder/mine.pdf", "--only", "CNN") == 0
    assert Path("new folder/mine.pdf").read_bytes().startswith(b"%PDF")


def test_output_that_cannot_be_written(run, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert run("--execute", "-o", str(tmp_path / "file" / "mine.pdf")) == 1
    message = capsys.readouterr().err
    assert f"{tmp_path / 'file'} cannot be written" in message
    assert "running" not in message


@pytest.mark.parametrize("name", ["CNN.ipynb", "link.pdf"])
def test_output_never_costs_another_file(run, root, capsys, name):
    notebook = root / "CNN.ipynb"
    (root / "link.pdf").symlink_to(notebook)
    before = notebook.read_bytes()
    assert run("--only", "CNN", "-o", str(root / name)) == 1
    assert notebook.read_bytes() == before
    assert (root / "link.pdf").is_symlink()
    assert f"No PDF: -o {root / name}: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("damage", "is_left"),
    [
        (lambda root: (root / "submission.toml").write_text("name = Ada"), False),
        (lambda root: [path.unlink() for path in root.glob("*.ipynb")], False),
        (lambda root: ["--only", "RNN"], True),
        (lambda root: ["--check"], True),
    ],
    ids=["submission.toml", "no notebooks", "wrong option", "--check"],
)
def test_an_old_pdf_is_left_only_if_nothing_was_begun(run, root, damage, is_left):
    default(root).parent.mkdir()
    default(root).write_bytes(b"old")
    arguments = damage(root)
    run(*(arguments if isinstance(arguments, list) and arguments[0] else []))
    assert default(root).exists() == is_left


def test_output_open_in_a_viewer(run, root, monkeypatch, capsys, hold_open):
    hold_open(default(root))
    monkeypatch.setattr("utils.pdf.files.ON_WINDOWS", True)
    assert run() == 0
    assert (root / "build" / "submission-2.pdf").is_file()
    assert "open in another program" in capsys.readouterr().out


def test_an_unknown_key_in_submission_toml_is_named(run, root, capsys):
    (root / "submission.toml").write_text('nmae = "Ada"\n')
    assert run() == 1
    assert "unknown key 'nmae'; it holds name and uid" in capsys.readouterr().err


def test_interrupt(run, monkeypatch, capsys):
    def interrupt(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "read_notebook", interrupt)
    assert run() == 1
    assert capsys.readouterr().err == "No PDF: stopped.\n"


def test_output_counts_from_where_the_shell_stood(run, tmp_path, monkeypatch):
    (tmp_path / "there").mkdir()
    monkeypatch.setenv(cli.CALLED_FROM, str(tmp_path / "there"))
    assert run("-o", "mine.pdf", "--only", "CNN") == 0
    assert (tmp_path / "there" / "mine.pdf").is_file()


@pytest.mark.parametrize("name", ["export_pdf.sh", "export_pdf.cmd"])
def test_both_commands_remember_where_the_shell_stood(name):
    before, _ = re.split(r"\bcd -- |\npushd ", (cli.ROOT / name).read_text("utf-8"))
    assert re.search(rf"{cli.CALLED_FROM}=(\$PWD|%CD%)", before)


@pytest.mark.parametrize(
    ("module", "late"),
    [("cli", ["typst", "nbconvert", "nbclient"]), ("exporter", ["numpy"])],
)
def test_what_is_imported_late_is_not_imported_early(module, late):
    program = (
        f"import sys, utils.pdf.{module}; "
        f"print([n for n in {late} if n in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cli.ROOT)
    assert done.stdout == "[]\n", done.stderr


def test_look(run, root):
    assert run("--paper", "a4", "--no-question-breaks", "--no-code") == 0
    page = PdfReader(default(root)).pages[0]
    assert float(page.mediabox.width) == pytest.approx(595.28, abs=0.1)


def test_shortened_outputs(run, root):
    lines = "".join(f"line {i}\n" for i in range(50))
    nbformat.write(new_notebook(cells=[code("x", stream(lines))]), root / "CNN.ipynb")
    assert run("--only", "CNN", "--max-output-lines", "10") == 0
    assert "40 lines not printed" in text(default(root))
    assert run("--only", "CNN", "--max-output-lines", "0") == 0
    assert "line 49" in text(default(root))


def test_keep_typ(run, root):
    assert run("--only", "CNN", "--keep-typ") == 0
    assert (root / "build" / "submission.typ.d" / "main.typ").is_file()


def test_a_console_that_cannot_print_everything(run, monkeypatch):
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, "stdout", console)
    assert run("--only", "CNN") == 0


def test_module_runs():
    command = [sys.executable, "-m", "utils.pdf", "--help"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=cli.ROOT, check=False
    )
    assert done.returncode == 0
    assert "--max-output-lines" in done.stdout
