"""Pictures: from bytes, files, attachments and data URIs into the document."""

import base64
import binascii
import hashlib
import re
import struct
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from utils.pdf.typst_source import call, string

EXTENSIONS = {
    "image/svg+xml": "svg",
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
}
_MIME_OF_SUFFIX = {f".{suffix}": mime for mime, suffix in EXTENSIONS.items()}
_MIME_OF_SUFFIX[".jpeg"] = "image/jpeg"
_SIGNATURES = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"%PDF": "application/pdf",
}
# Larger files are no pictures for a page.
MAX_SIZE = 50 * 2**20
# Decoded, each takes up to four bytes; a small file can hold any number of them.
MAX_PIXELS = 100 * 10**6
_DATA_URI = re.compile(r"data:(?P<mime>[^;,]+)[^,]*?(?P<base64>;base64)?,(?P<data>.*)")


def image(context, data, mime, width=None, inline=False, alt="", label="", noted=False):
    """Return an image of the document, or a visible box if it is damaged.

    Parameters
    ----------
    context : utils.pdf.context.Context
    data : bytes
    mime : str
        One of `EXTENSIONS`.
    width : str, optional
        A Typst length or ratio; without it the image keeps its own size.
    inline : bool
        Whether it stands in a line of text.
    alt : str
        A description for readers who cannot see it.
    label : str
        What messages call it; by default its description.
    noted : bool
        Whether it is worth a note if it has to be made much smaller: a figure, but
        not a photograph.

    Returns
    -------
    str
        Typst markup.
    """
    label = label or alt or "image"
    extension = EXTENSIONS.get(_sniffed(data, mime))
    if extension is None:
        context.note(f"{label}: pictures of type {mime} cannot be printed")
        return context.warning_box("image", f"{label} ({mime}) cannot be printed")
    if _pixels(data) > MAX_PIXELS:
        return _refused(context, label, f"has more than {MAX_PIXELS:,} pixels")
    name = f"{hashlib.sha256(data).hexdigest()[:16]}.{extension}"
    (context.engine.folder / name).write_bytes(data)
    error = context.engine.image_error(name)
    if error:
        context.note(f"{label}: the picture cannot be decoded ({error})")
        return context.warning_box("image", f"{label} cannot be decoded")
    options = {"width": width} if width else {}
    if alt:
        options["alt"] = context.string(alt)
    picture = call("image", string(name), **options)
    if inline:
        return "#" + call("box", picture)
    options = {} if noted else {"noted": "false"}
    return "#" + call("fit", string(context.place), picture, **options)


def _sniffed(data, mime):
    """Return the type that the bytes show: names of files are often wrong."""
    for start, shown in _SIGNATURES.items():
        if data.startswith(start):
            return shown
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return mime


def _pixels(data):
    """Return width times height as a PNG, GIF or JPEG says; 0 if it does not."""
    try:
        if data.startswith(b"\x89PNG"):
            width, height = struct.unpack(">II", data[16:24])
        elif data.startswith(b"GIF8"):
            width, height = struct.unpack("<HH", data[6:10])
        elif data.startswith(b"\xff\xd8"):
            height, width = _size_of_jpeg(data)
        else:
            return 0
    except struct.error:
        return 0  # cut short: decoding it will say so
    return width * height


def _size_of_jpeg(data):
    """Return height and width from the first frame header."""
    position = 2
    while True:
        marker, length = struct.unpack(">HH", data[position : position + 4])
        # Start of frame, in all its variants; the others define tables.
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            return struct.unpack(">HH", data[position + 5 : position + 9])
        position += 2 + length


def image_from_text(context, encoded, mime, **options):
    """Return an image whose bytes are base64 text."""
    try:
        data = base64.b64decode(encoded, validate=False)
    except (binascii.Error, ValueError):
        data = b""
    return image(context, data, mime, **options)


def image_from_url(context, url, alt="", **options):
    """Return the image an address stands for; nothing is ever downloaded.

    Parameters
    ----------
    context : utils.pdf.context.Context
    url : str
        ``attachment:NAME``, a data URI, or a path from the notebook's folder.
    alt : str
        A description.
    **options
        As for `image`.
    """
    url = url.strip()
    if url.startswith("attachment:"):
        bundle = context.attachments.get(unquote(url.removeprefix("attachment:")))
        if not bundle:
            return _missing(context, url)
        mime, encoded = next(iter(bundle.items()))
        return image_from_text(context, encoded, mime, alt=alt, **options)
    if url.startswith("data:"):
        return _from_data_uri(context, url, alt, options)
    if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:", url):
        context.note(
            f"picture {url} is on the network and is not printed: "
            "save it next to the notebook"
        )
        return context.warning_box("image on the network", url)
    return _from_file(context, url, alt, options)


def _from_data_uri(context, url, alt, options):
    match = _DATA_URI.match(re.sub(r"\s+", "", url))
    if not match:
        return _missing(context, url[:40])
    if match["base64"]:
        encoded = unquote(match["data"])
        return image_from_text(context, encoded, match["mime"], alt=alt, **options)
    data = unquote_to_bytes(match["data"])
    return image(context, data, match["mime"], alt=alt, **options)


def _from_file(context, url, alt, options):
    name = Path(unquote(url))
    label = name.name or "image"
    mime = _MIME_OF_SUFFIX.get(name.suffix.lower())
    if mime is None:
        kind = name.suffix or "without a suffix"
        return _refused(context, label, f"({kind}) cannot be printed")
    try:
        # Links are followed first: a notebook shows what lies in its own project.
        path = (context.base / name).resolve()
        if not path.is_relative_to(context.root.resolve()):
            return _refused(context, label, "lies outside the notebook's project")
        if not path.is_file():
            return _missing(context, url)
        if path.stat().st_size > MAX_SIZE:
            return _refused(context, label, f"is larger than {MAX_SIZE >> 20} MiB")
        data = path.read_bytes()
    except (OSError, RuntimeError, ValueError):
        return _missing(context, url)
    return image(context, data, mime, alt=alt or label, label=label, **options)


def _refused(context, label, reason):
    context.note(f"picture {label} {reason}")
    return context.warning_box("image", f"{label} {reason}")


def _missing(context, url):
    context.note(f"picture {url} is missing")
    return context.warning_box("missing image", url)
