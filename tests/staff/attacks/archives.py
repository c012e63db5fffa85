"""Hostile and unlucky archives, made on the fly.

Each function writes one submission into a folder and returns its path.  In all of them
the solved `receptive_field.py` is there for whoever reads carefully, unless the
function's last line says otherwise.
"""

import io
import json
import os
import stat
import struct
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NAME = "utils/exercises/receptive_field.py"
SOLVED = (ROOT / NAME).read_bytes()


def packed(path, files, **options):
    """Write a zip archive of names and contents; a solved exercise is in it."""
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in {NAME: SOLVED, **files}.items():
            archive.writestr(name, data)
    return path


def climbs_out(folder):
    names = ("../escaped.py", "../../escaped.py", "a/../../escaped.py")
    return packed(folder / "climbs.zip", dict.fromkeys(names, b"raise SystemExit"))


def absolute_names(folder):
    names = ("/tmp/escaped.py", "//tmp/escaped.py", "C:\\escaped.py", "C:/escaped.py")
    return packed(folder / "absolute.zip", dict.fromkeys(names, b"raise SystemExit"))


def a_link(folder):
    link = zipfile.ZipInfo("utils/exercises/cnn.py")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = packed(folder / "link.zip", {})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    return path


def a_device(folder):
    device = zipfile.ZipInfo("utils/exercises/cnn.py")
    device.external_attr = (stat.S_IFCHR | 0o666) << 16
    path = packed(folder / "device.zip", {})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(device, "")
    return path


def a_bomb(folder):
    zeros = b"#" * ((200 << 20) + 12345)
    files = {"utils/exercises/cnn.py": zeros, "CNN.ipynb": zeros}
    return packed(folder / "bomb.zip", files, compression=zipfile.ZIP_DEFLATED)


def a_bomb_that_lies(folder):
    path = a_bomb(folder)
    data = bytearray(path.read_bytes())
    small, large = struct.pack("<L", 10), struct.pack("<L", (200 << 20) + 12345)
    path.write_bytes(data.replace(large, small))
    return path


def unusual_packing(folder):
    path = packed(folder / "lzma.zip", {})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("utils/exercises/cnn.py", b"#" * 1000)
    return path


def a_hundred_thousand_files(folder):
    """Refused as a whole."""
    files = dict.fromkeys((f"f{number}" for number in range(100_000)), b"")
    return packed(folder / "many.zip", files)


def reserved_names(folder):
    names = (
        "NUL",
        "con.py",
        "aux/a.py",
        "COM1",
        "a\0b.py",
        "trailing. ",
        "e\u202eyp.x",
    )
    return packed(folder / "CON.zip", dict.fromkeys(names, b"raise SystemExit"))


def shadow_modules(folder):
    names = ["numpy.py", "sitecustomize.py", "usercustomize.py", "conftest.py"]
    names += ["utils/__init__.py", "utils/shapes.py", "utils/checks/oracle.py"]
    names += ["utils/exercises/__init__.py", "utils/exercises/numpy.py", "a.pth"]
    names += ["pytest.ini", "utils/exercises/wire.py", "json/__init__.py", "os.py"]
    return packed(folder / "shadows.zip", dict.fromkeys(names, b"raise SystemExit"))


def poisoned_caches(folder):
    names = ["utils/exercises/__pycache__/receptive_field.cpython-311.pyc"]
    names += ["utils/kernels/__pycache__/gemm.multiply-1.py311.nbi"]
    names += ["utils/exercises/.ipynb_checkpoints/receptive_field.py"]
    names += ["__MACOSX/utils/exercises/receptive_field.py"]
    return packed(folder / "caches.zip", dict.fromkeys(names, b"raise SystemExit"))


def two_of_a_kind(folder):
    other = NAME.replace("field.py", "fiel_.py")
    path = packed(folder / "twice.zip", {NAME: b"raise SystemExit", other: SOLVED})
    # The last one counts, as it would if the archive were unpacked.
    path.write_bytes(path.read_bytes().replace(other.encode(), NAME.encode()))
    return path


def a_workbook_in_a_folder(folder):
    files = {f"HW 5 (final)/{NAME}": SOLVED, f"old/HW/{NAME}": b"raise SystemExit"}
    path = folder / "deep.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def backslashes(folder):
    path = folder / "windows.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo(NAME.replace("/", "\\")), SOLVED)
    return path


def a_huge_notebook(folder):
    output = {"data": {"text/plain": "x" * (30 << 20)}}
    cell = {"cell_type": "code", "source": "", "outputs": [output]}
    return packed(folder / "huge.zip", {"CNN.ipynb": json.dumps({"cells": [cell]})})


def a_deep_notebook(folder):
    return packed(
        folder / "deep-json.zip", {"CNN.ipynb": b'{"cells":' + b"[" * 500_000}
    )


def a_notebook_that_acts(folder):
    html = {"text/html": "<script>alert(1)</script>"}
    cell = {"cell_type": "code", "source": "1", "outputs": [{"data": html}]}
    cell["metadata"] = {"widgets": "<script>"}
    return packed(folder / "script.zip", {"CNN.ipynb": json.dumps({"cells": [cell]})})


def a_lying_manifest(folder):
    manifest = json.dumps({"version": "=cmd()\n<script>" + "9" * 9999})
    return packed(folder / "manifest.zip", {"handout.json": manifest})


def truncated(folder):
    """Refused as a whole."""
    path = packed(folder / "truncated.zip", {"a": os.urandom(1000)})
    path.write_bytes(path.read_bytes()[:-300])
    return path


def no_archive(folder):
    """Refused as a whole."""
    path = folder / "text.zip"
    path.write_bytes(b"This is my homework.")
    return path


def claims_to_be_endless(folder):
    """Refused as a whole."""
    path = folder / "endless.zip"
    path.write_bytes(b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 9, 9, 0xFFFFFFF0, 0, 0))
    return path


def damaged_inside(folder):
    path = packed(folder / "damaged.zip", {"utils/exercises/cnn.py": b"#" * 1000})
    data = path.read_bytes().replace(b"#" * 500, b"?" * 500)
    path.write_bytes(data)
    return path


def with_a_password(folder):
    path = packed(folder / "password.zip", {"utils/exercises/cnn.py": b"#" * 10})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        at = archive.getinfo("utils/exercises/cnn.py").header_offset
    data[at + 6] |= 1
    central = data.rindex(b"utils/exercises/cnn.py") - 46
    data[central + 8] |= 1
    path.write_bytes(data)
    return path


def a_folder_of_links(folder):
    """Refused: what is behind links is not the student's."""
    exercises = folder / "links" / "utils" / "exercises"
    exercises.mkdir(parents=True)
    (exercises / "receptive_field.py").symlink_to(ROOT / NAME)
    (exercises / "cnn.py").symlink_to("/dev/zero")
    (folder / "links" / "up").symlink_to("/")
    os.mkfifo(exercises / "conv_layers.py")
    return folder / "links"


def a_link_itself(folder):
    """Refused as a whole."""
    path = folder / "itself.zip"
    path.symlink_to(packed(folder.parent / "elsewhere.zip", {}))
    return path


def line_ends_and_marks(folder):
    text = b"\xef\xbb\xbf" + SOLVED.replace(b"\n", b"\r\n")
    return packed(folder / "windows-text.zip", {NAME: text})


def loose_files(folder):
    path = folder / "loose"
    path.mkdir()
    (path / "receptive_field.py").write_bytes(SOLVED)
    return path


def no_text(folder):
    """Worth nothing: it is not Python."""
    return packed(folder / "bytes.zip", {NAME: SOLVED + b"\nx = '\xff\xfe'\n"})


def null_bytes(folder):
    """Worth nothing: it is not Python."""
    return packed(folder / "null.zip", {NAME: SOLVED + b"\0"})


def a_giant_literal(folder):
    """Worth nothing: it is not Python that one can read."""
    text = b"x = " + b"9" * 900_000 + b"\n"
    return packed(folder / "literal.zip", {NAME: text + SOLVED})


def a_tower_of_brackets(folder):
    """Worth nothing: it is not Python that one can read."""
    return packed(folder / "brackets.zip", {NAME: b"(" * 900_000})


ARCHIVES = {
    name: make
    for name, make in list(globals().items())
    if callable(make) and make.__module__ == __name__ and name != "packed"
}
