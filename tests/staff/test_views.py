import base64
import bz2
import gzip
import io
import json
import lzma
import marshal
import tarfile
import urllib.parse
import zipfile
import zlib
from importlib.util import MAGIC_NUMBER

import pytest

from utils.staff import StaffError, views

SECRET = 'dx[n, f] += dout[n, f] * w["k"] & ü'


def zipped(data, method=zipfile.ZIP_DEFLATED):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        archive.writestr("a/b.txt", data)
    return memory.getvalue()


def tarred(data):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as archive:
        info = tarfile.TarInfo("b.txt")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return memory.getvalue()


def coloured(text):
    return f"<span>{text[:9]}</span><b>{text[9:].replace('&', '&amp;')}</b>"


def wrapped(data):
    return b'{"image/png": "' + base64.encodebytes(data).replace(b"\n", b"\\n") + b'"}'


RAW = SECRET.encode()
SHOWN = {
    "as it is": RAW,
    "JSON": json.dumps([SECRET]).encode(),
    "JSON in JSON": json.dumps(json.dumps([SECRET])).encode(),
    "a repr": repr(SECRET).encode(),
    "HTML": coloured(SECRET).encode(),
    "HTML in JSON": json.dumps(coloured(SECRET)).encode(),
    "a terminal's colours": b"\x1b[0;32mdx" + RAW[2:9] + b"\x1b[0m" + RAW[9:],
    "an address": urllib.parse.quote(SECRET).encode(),
    "UTF-16": SECRET.encode("utf-16"),
    "UTF-16, the other end first": SECRET.encode("utf-16-be"),
    "numpy's text": SECRET.encode("utf-32-le"),
    "between other bytes": b"\xff\x00\x80" + RAW + b"\xfe",
}
PACKED = {
    "zip": zipped(RAW),
    "zip, stored": zipped(RAW, zipfile.ZIP_STORED),
    "zip in zip": zipped(zipped(RAW)),
    "gzip": gzip.compress(RAW),
    "bz2": bz2.compress(RAW),
    "xz": lzma.compress(RAW),
    "tar.gz": tarred(RAW),
    "zlib inside": b"\x89PNG....iTXt" + zlib.compress(RAW) + b"....",
    "base64": base64.b64encode(RAW),
    "base64, for addresses": base64.urlsafe_b64encode(RAW),
    "base64 behind letters": b"xyz" + base64.b64encode(RAW),
    "base64 in lines, in JSON": wrapped(RAW * 5),
    "base64 of gzip": base64.b64encode(gzip.compress(RAW)),
    "hexadecimal": RAW.hex().encode(),
}


def all_texts(data):
    found = views.contents(data, "a")
    return [text for _, inner in found for text in views.texts(inner)]


@pytest.mark.parametrize("name", SHOWN)
def test_a_text_is_seen_as_a_person_would(name):
    assert any(SECRET in text for text in views.texts(SHOWN[name]))


@pytest.mark.parametrize("name", PACKED)
def test_a_text_is_seen_in_what_is_packed(name):
    assert any(SECRET in text for text in all_texts(PACKED[name]))


def test_places_say_the_way():
    places = [place for place, _ in views.contents(zipped(gzip.compress(RAW)), "a.zip")]
    assert "a.zip > a/b.txt > compressed, byte 0" in places


def test_the_first_text_is_the_file_as_it_is():
    assert next(views.texts(b"a\\nb")) == "a\\nb"


def test_ordinary_text_is_one_text():
    assert list(views.texts(b"for n in range(N): x < y")) == [
        "for n in range(N): x < y"
    ]


def test_compiled_code_is_known_by_its_content():
    code = marshal.dumps(compile("x = 1", "a.py", "exec"))
    assert views.is_compiled(MAGIC_NUMBER + bytes(12) + code)
    assert views.is_compiled(b"\xcb\x0d\r\n" + bytes(12) + b"c...")  # another version
    assert not views.is_compiled(b"a\r\r\n" + bytes(12) + b"x")
    assert not views.is_compiled(b"")


def test_what_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(views, "LARGEST", 1000)
    bomb = gzip.compress(bytes(2000))
    for data in (zipped(bytes(2000)), zipped(bomb), bomb * 2):
        with pytest.raises(StaffError, match=r"^a.* cannot be looked into: .*more"):
            all_texts(data)


def test_what_is_packed_too_deeply_is_refused():
    data = RAW
    for _ in range(views.DEEPEST + 1):
        data = zipped(data)
    with pytest.raises(StaffError, match="too deeply"):
        all_texts(data)


def test_an_archive_that_cannot_be_read_is_refused():
    data = bytearray(zipped(b"a" * 100 + RAW))
    data[45] ^= 0xFF
    with pytest.raises(StaffError, match=r"^a cannot be looked into: it is an archive"):
        all_texts(bytes(data))
