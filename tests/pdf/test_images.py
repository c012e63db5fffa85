import base64
import os

import pytest

from tests.pdf.torture import encoded, png
from utils.pdf import images
from utils.pdf.images import image, image_from_text, image_from_url

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>'


@pytest.fixture
def folder(context, tmp_path):
    context.base = context.root = tmp_path
    context.place = "N.ipynb, cell 2"
    (tmp_path / "a picture ä.png").write_bytes(png(4, 4))
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def compiles(context, markup):
    return context.engine.part_error(markup) is None and context.notes == []


def test_bytes_become_a_file_named_by_content(context):
    first = image(context, png(4, 4), "image/png", alt='a "b"')
    assert first == image(context, png(4, 4), "image/png", alt='a "b"')
    assert compiles(context, first)


@pytest.mark.parametrize(
    "url",
    [
        "a%20picture%20%C3%A4.png",
        "a picture ä.png",
        "data:image/png;base64," + encoded(png(2, 2)),
        "data:image/svg+xml;utf8," + SVG.decode().replace(" ", "%20"),
    ],
)
def test_addresses(context, folder, url):
    assert compiles(context, image_from_url(context, url))


def test_attachment(context):
    context.attachments = {"x y.png": {"image/png": encoded(png(2, 2))}}
    assert compiles(context, image_from_url(context, "attachment:x%20y.png"))


def test_svg(context):
    assert compiles(context, image(context, SVG, "image/svg+xml", width="30pt"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gone.png", "gone.png is missing"),
        ("nul\0.png", "is missing"),
        ("attachment:gone.png", "is missing"),
        ("data:nonsense", "is missing"),
        ("https://example.org/x.png", "on the network"),
        ("notes.txt", "cannot be printed"),
        ("data:image/png;base64,AAAA", "cannot be decoded"),
    ],
)
def test_what_cannot_be_printed_is_a_box_and_a_note(context, folder, url, message):
    markup = image_from_url(context, url)
    assert markup.startswith("#warning-box(")
    (note,) = context.notes
    assert note.place == "N.ipynb, cell 2"
    assert message in note.message


@pytest.mark.parametrize("form", ["../{}", "{parent}/{}", "link.png", "sub/../../{}"])
def test_only_pictures_in_the_notebooks_project(context, folder, form):
    context.base = context.root = folder / "inside"
    (context.base / "sub").mkdir(parents=True)
    (folder / "secret.png").write_bytes(png(4, 4))
    (context.base / "link.png").symlink_to(folder / "secret.png")
    markup = image_from_url(context, form.format("secret.png", parent=folder))
    assert markup.startswith("#warning-box(")
    assert "outside the notebook's project" in context.notes[0].message


def test_pictures_of_the_project_beside_the_notebooks_folder(context, folder):
    context.base = folder / "chapter"
    context.base.mkdir()
    assert compiles(context, image_from_url(context, "../a%20picture%20ä.png"))


def test_below_the_folder_is_inside_it(context, folder):
    (folder / "sub").mkdir()
    (folder / "sub" / "x.PNG").write_bytes(png(4, 4))
    assert compiles(context, image_from_url(context, "sub/../sub/x.PNG"))


@pytest.mark.parametrize(
    "name", ["notes.txt", "none", "folder.png", "large.png", "pipe.png"]
)
def test_what_is_no_picture_is_not_read(context, folder, monkeypatch, name):
    monkeypatch.setattr(images, "MAX_SIZE", 100)
    (folder / "folder.png").mkdir()
    (folder / "large.png").write_bytes(bytes(101))
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe.png")

    def read(self):
        raise AssertionError("read")

    monkeypatch.setattr("pathlib.Path.read_bytes", read)
    assert image_from_url(context, name).startswith("#warning-box(")
    assert len(context.notes) == 1


def test_truncated_picture(context):
    markup = image(context, png(50, 50)[:-30], "image/png", alt="plot")
    assert markup == '#warning-box("image", "plot cannot be decoded")'
    assert "plot: the picture cannot be decoded" in context.notes[0].message


def test_bad_base64(context):
    assert "warning-box" in image_from_text(context, "!", "image/png")


def test_inline_and_width(context):
    data = base64.b64encode(png(2, 2)).decode()
    markup = image_from_text(context, data, "image/png", width="9pt", inline=True)
    assert markup.startswith("#box(image(")
    assert "width: 9pt" in markup


def test_the_name_of_a_picture_may_be_wrong(context, folder):
    (folder / "really_a.jpg").write_bytes(png(4, 4))
    markup = image_from_url(context, "really_a.jpg")
    assert '.png"' in markup
    assert compiles(context, markup)


def test_photographs_are_made_smaller_without_a_note(context, tmp_path):
    photograph = image(context, png(3000, 100), "image/png")
    figure = image(context, png(3000, 99), "image/png", noted=True)
    document = "#metadata((pages: 1, questions: ())) <report>\n"
    context.engine.folder.joinpath("main.typ").touch()
    printed = context.engine.compile(
        f'#import "template.typ": *\n{document}{photograph}{figure}'
    )
    assert len(printed.shrunk) == 1
