import io

import nbformat
import pytest
from nbconvert.exporters import get_exporter
from nbconvert.nbconvertapp import NbConvertApp
from nbformat.v4 import new_markdown_cell, new_notebook
from pypdf import PdfReader
from traitlets.config import Config

from tests.pdf.torture import code, question, stream
from utils.cifar10 import SYNTHETIC_BANNER
from utils.pdf.contents import Contents
from utils.pdf.document import Options
from utils.pdf.exporter import TypstPDFExporter, export_contents


@pytest.fixture
def notebook():
    said = code("load()", stream(SYNTHETIC_BANNER + "\n"))
    return new_notebook(cells=[question("a", "A", 1, "# A"), said])


def test_nbconvert_finds_the_exporter_and_gets_a_pdf(notebook, tmp_path):
    path = tmp_path / "My notebook.ipynb"
    nbformat.write(notebook, path)
    exporter = get_exporter("utils.pdf.exporter.TypstPDFExporter")(
        name="Ada", paper="a4"
    )
    pdf, resources = exporter.from_filename(str(path))
    assert pdf.startswith(b"%PDF")
    assert resources["output_extension"] == exporter.file_extension == ".pdf"


def test_nbconverts_preprocessors_are_at_work(notebook):
    notebook.cells[1].metadata["tags"] = ["secret"]
    options = {"enabled": True, "remove_cell_tags": ["secret"]}
    exporter = TypstPDFExporter(config=Config({"TagRemovePreprocessor": options}))
    pdf, _ = exporter.from_notebook_node(notebook)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    assert SYNTHETIC_BANNER not in text
    assert "A\n" in text


def test_notes_go_to_nbconverts_log(caplog, monkeypatch):
    broken = new_notebook(cells=[new_markdown_cell("$\\nonsense$")])
    exporter = TypstPDFExporter()
    monkeypatch.setattr(exporter.log, "propagate", True)
    with caplog.at_level("WARNING"):
        exporter.from_notebook_node(broken)
    assert "Notebook.ipynb, cell 1: formula printed as source" in caplog.text


def test_nbconvert_reads_its_own_options_and_misses_no_name(notebook):
    notebook.cells.append(code("count()", stream("line\n" * 300)))
    pdf, _ = TypstPDFExporter().from_notebook_node(notebook)
    cover = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "--TypstPDFExporter.max_output_lines=0" in cover.replace("\n", "")
    assert "no name given" not in cover
    app = NbConvertApp()
    app.parse_command_line(["--TypstPDFExporter.max_output_lines=0"])
    assert TypstPDFExporter(config=app.config).max_output_lines == 0


def test_stand_in_data_is_announced(notebook, tmp_path):
    report = export_contents(Contents([(tmp_path / "N.ipynb", notebook)]), Options())
    assert report.banner == SYNTHETIC_BANNER


def test_keep_in_keeps_the_source(notebook, tmp_path):
    kept = tmp_path / "typ"
    export_contents(
        Contents([(tmp_path / "N.ipynb", notebook)]), Options(), keep_in=kept
    )
    assert '#part("N")' in (kept / "main.typ").read_text("utf-8")
