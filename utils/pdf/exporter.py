"""The doors of the exporter: one for nbconvert, one for the whole workbook."""

import tempfile
from contextlib import nullcontext
from pathlib import Path

from nbconvert.exporters import Exporter
from traitlets import Bool, Enum, Integer, Unicode, default

from utils.pdf.contents import Contents
from utils.pdf.document import Options, build
from utils.pdf.files import room_in

# What cells print that work on stand-in data.  `utils.cifar10` would bring NumPy, for
# one line; a test holds them equal.
SYNTHETIC_BANNER = (
    "SYNTHETIC STAND-IN DATA, NOT CIFAR-10: accuracies on it are not CIFAR-10's."
)


class TypstPDFExporter(Exporter):
    """Convert one notebook to PDF through Typst.

    ``jupyter nbconvert --to typstpdf CNN.ipynb``, once `utils.pdf.register` has told
    nbconvert about it.
    """

    export_from_notebook = "PDF via Typst"
    output_mimetype = "application/pdf"

    name = Unicode(help="The student's name.").tag(config=True)
    uid = Unicode(help="The student's number.").tag(config=True)
    paper = Enum(["us-letter", "a4"], "us-letter", help="Paper.").tag(config=True)
    question_breaks = Bool(True, help="A page for each question.").tag(config=True)
    max_output_lines = Integer(200, help="0 prints all.").tag(config=True)
    system_fonts = Bool(False, help="Use this machine's fonts.").tag(config=True)
    tagged = Bool(False, help="For programs that read aloud.").tag(config=True)

    @default("file_extension")
    def _file_extension_default(self):
        return ".pdf"

    def from_notebook_node(self, nb, resources=None, **kw):
        """Return the PDF of a notebook, and nbconvert's resources."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        metadata = resources.get("metadata", {})
        name = metadata.get("name") or "notebook"
        options = Options(
            title=name,
            name=self.name,
            uid=self.uid,
            paper=self.paper,
            question_breaks=self.question_breaks,
            max_output_lines=self.max_output_lines,
            system_fonts=self.system_fonts,
            tagged=self.tagged,
            by_nbconvert=True,
        )
        path = Path(metadata.get("path") or ".") / f"{name}.ipynb"
        report = export_contents(Contents([(path, nb)]), options)
        for note in report.notes:
            self.log.warning("%s: %s", note.place or name, note.message)
        resources["output_extension"] = ".pdf"
        return report.data, resources


def export_contents(contents, options, keep_in=None):
    """Make one PDF of several notebooks and source files.

    Parameters
    ----------
    contents : utils.pdf.contents.Contents
    options : utils.pdf.document.Options
    keep_in : Path, optional
        A folder for the Typst source and its images; by default they are removed.

    Returns
    -------
    utils.pdf.report.Report

    Raises
    ------
    utils.pdf.files.ExportError
        If no PDF can be made; the message is a sentence for the student.
    """
    options.banner = options.banner or SYNTHETIC_BANNER
    if keep_in is None:
        scratch = tempfile.TemporaryDirectory(prefix="workbook-pdf-")
    else:
        keep_in.mkdir(parents=True, exist_ok=True)
        scratch = nullcontext(str(keep_in))
    with scratch as folder, room_in(Path(folder).parent):
        return build(contents, options, Path(folder))
