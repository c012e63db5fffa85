"""All the texts that some bytes can be read as.

Whoever looks for a word must look at what a person, a notebook or a program would
see: after escapes, markup and colours are undone, and inside of what is packed.
"""

import binascii
import html
import io
import re
import urllib.parse
import zipfile
import zlib
from base64 import b64decode
from bz2 import BZ2Decompressor
from lzma import LZMADecompressor

from utils.staff import StaffError

DEEPEST = 6  # archives in archives
LARGEST = 2**28  # bytes that one file may unpack to

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)")
_CONTROL = {"n": "\n", "r": "\n", "t": "\t", "f": " ", "b": " ", "v": " "}
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_TAG = re.compile(r"</?\w[^<>]*>")
_PERCENT = re.compile(r"(%[0-9A-Fa-f]{2}.*){3}")
_BASE64 = re.compile(r"(?:[\w+/-]{32,}\s+)*[\w+/-]{24,}", re.ASCII)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){24,}")
_STREAMS = {
    b"\x1f\x8b\x08": lambda: zlib.decompressobj(31),
    b"x\x01": zlib.decompressobj,
    b"x\x5e": zlib.decompressobj,
    b"x\x9c": zlib.decompressobj,
    b"x\xda": zlib.decompressobj,
    b"BZh": BZ2Decompressor,
    b"\xfd7zXZ\x00": LZMADecompressor,
}
_MAGIC = re.compile(b"|".join(map(re.escape, _STREAMS)))


def texts(data):
    """Give the texts that bytes can be read as without unpacking them.

    The first one is the bytes as they are; a line of it is a line of the file.
    """
    seen = set()
    for text in _decoded(data):
        waiting = [text]
        while waiting:
            text = waiting.pop()
            if hash(text) in seen:
                continue
            seen.add(hash(text))
            yield text
            waiting += [undo(text) for undo in _UNDO]


def _decoded(data):
    yield data.decode("utf-8", "replace")
    if b"\0" in data:
        for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
            yield data.decode(encoding, "replace")


def _without_escapes(text):
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(match):
    what = match[1]
    if len(what) > 1:
        return chr(int(what[1:], 16))
    return _CONTROL.get(what, what)


def _without_markup(text):
    """Undo what a page, a terminal or an address adds to a text."""
    text = _COLOUR.sub("", text)
    if "</" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    return urllib.parse.unquote(text) if _PERCENT.search(text) else text


_UNDO = (_without_escapes, _without_markup)


def unpacked(data):
    """Give what is packed inside of bytes, as pairs of a name and bytes.

    Archives, compressed streams wherever they begin, base64 and hexadecimal numbers.
    """
    budget = LARGEST
    for name, inner in _packed(data):
        budget -= len(inner)
        if budget < 0:
            raise StaffError(f"it unpacks to more than {LARGEST >> 20} MB")
        yield name, inner


def _packed(data):
    if zipfile.is_zipfile(io.BytesIO(data)):
        yield from _members(data)
    for match in _MAGIC.finditer(data):
        inner = _stream(data[match.start() :], _STREAMS[match[0]]())
        if len(inner) > 16:
            yield f"compressed, byte {match.start()}", inner
    raw = data.decode("utf-8", "replace")
    for text in {raw, _without_escapes(raw)}:
        for match in _BASE64.finditer(text):
            for inner in _from_base64(re.sub(r"\s", "", match[0])):
                yield "base64", inner
        for match in _HEX.finditer(text):
            yield "hexadecimal", bytes.fromhex(match[0])


def _members(data):
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(info.file_size for info in archive.infolist())
            if total > LARGEST:
                raise StaffError(f"it unpacks to more than {LARGEST >> 20} MB")
            for info in archive.infolist():
                if not info.is_dir():
                    yield info.filename, archive.read(info)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as error:
        raise StaffError(f"it is an archive that cannot be read ({error})") from None


def _stream(data, decompressor):
    try:
        return decompressor.decompress(data, LARGEST + 1)
    except Exception:  # it only looked like one; each library has errors of its own
        return b""


def _from_base64(text):
    """Give what a run of base64 says; letters before it may have moved its start."""
    text = text.replace("-", "+").replace("_", "/")
    for start in range(4):
        piece = text[start:]
        try:
            inner = b64decode(piece[: len(piece) // 4 * 4])
        except (binascii.Error, ValueError):
            continue
        known = _MAGIC.match(inner) or inner[:2] == b"PK" or is_compiled(inner)
        if known or _reads(inner):
            yield inner


def _reads(data):
    """Tell whether bytes could be text."""
    plain = sum(32 <= byte < 127 or byte in b"\n\r\t" for byte in data)
    return plain > 0.9 * len(data)


def contents(data, place, depth=0):
    """Give some bytes, and all that is packed in them, as pairs of a place and bytes.

    Parameters
    ----------
    data : bytes
    place : str
        What the first place is called; those of what is packed inside begin with it.

    Raises
    ------
    StaffError
        If the bytes cannot be looked into to the end.
    """
    yield place, data
    if depth == DEEPEST:
        raise StaffError(f"{place} is packed too deeply to be looked into.")
    try:
        for name, inner in unpacked(data):
            yield from contents(inner, f"{place} > {name}", depth + 1)
    except StaffError as error:
        if str(error).startswith(place):
            raise
        raise StaffError(f"{place} cannot be looked into: {error}.") from None


def is_compiled(data):
    """Tell whether bytes are code that Python has compiled, of whatever version."""
    # A magic number that ends in a line end, flags, a time and a size; then an object
    # of type code.
    return data[2:4] == b"\r\n" and data[16:17] in (b"c", b"\xe3")
