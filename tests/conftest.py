"""Fixtures for all tests: random numbers, toy CIFAR-10 batches, a file server."""

import os
import signal
import struct
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from utils import kernels

os.environ.setdefault("MPLBACKEND", "Agg")  # before anything imports pyplot

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So shells start what runs in the background, as ./test.sh does the slow tests.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "workbook", deadline=None, derandomize=True, database=None, print_blob=False
)
settings.load_profile("workbook")

KERNELS = Path(__file__).resolve().parent / "kernels"


def pytest_ignore_collect(collection_path):
    """Leave out what cannot run without the compiler, if that is turned off.

    Vector instructions exist in machine code only; all that needs them asks
    `lanes` how wide they are.
    """
    if kernels.compiles() or collection_path.parent != KERNELS:
        return None
    module = collection_path.stem.removeprefix("test_")
    return True if "lanes" in kernels.compiler.with_imports(module) else None


def pytest_terminal_summary(terminalreporter):
    """Say what the checks made of the bank of implementations, if it was judged."""
    bank = sys.modules.get("tests.exercises.bank")
    if bank and bank.OUTCOMES:
        terminalreporter.write_line(bank.summary(bank.OUTCOMES))


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """Give a copy of the workbook and what ``./export_pdf.sh`` said in it.

    Its notebooks have small numbers and were executed on the synthetic stand-in.
    """
    from tests import copies  # imports half of the tests

    folder = tmp_path_factory.mktemp("copy") / "cnn workbook"
    copies.copy_workbook(folder)
    return folder, copies.run(folder, "./export_pdf.sh")


TOY_CLASSES = [f"class {label}" for label in range(10)]


@pytest.fixture
def rng():
    """Random numbers, the same in every run."""
    return np.random.default_rng(2026)


# The official batches were pickled by Python 2 with protocol 2: text is `str`, that
# is bytes, and an array names numpy.core.multiarray.  Python 3 cannot write that.


def dump_python2(value):
    """Pickle dicts, lists, ints, text and uint8 arrays as Python 2 did."""
    return b"\x80\x02" + _opcodes(value) + b"."


def _opcodes(value):
    if isinstance(value, dict):
        items = b"".join(_opcodes(k) + _opcodes(v) for k, v in value.items())
        return b"}(" + items + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(_opcodes, value)) + b"e"
    if isinstance(value, int | np.integer):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, str | bytes):
        text = value.encode() if isinstance(value, str) else value
        return b"T" + struct.pack("<i", len(text)) + text
    state = (
        b"(K\x01(" + b"".join(map(_opcodes, value.shape)) + b"t"
        b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR(K\x03U\x01|NNN"
        b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"  # the dtype and its state
        b"\x89" + _opcodes(value.astype(np.uint8).tobytes()) + b"t"
    )
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n"
        b"(cnumpy\nndarray\nK\x00\x85U\x01btR" + state + b"b"
    )


def write_toy_cifar10(folder, per_batch=10, layout="python", seed=0):
    """Write seven small files in the format of CIFAR-10; see `toy_cifar10`."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    for name in names:
        pixels = rng.integers(0, 256, (per_batch, 3072), np.uint8)
        labels = [(i + seed) % 10 for i in range(per_batch)]
        if layout == "binary":
            records = np.column_stack([np.array(labels, np.uint8), pixels])
            (folder / f"{name}.bin").write_bytes(records.tobytes())
        else:
            batch = {"batch_label": name, "labels": labels, "data": pixels}
            (folder / name).write_bytes(dump_python2(batch))
    if layout == "binary":
        (folder / "batches.meta.txt").write_text("\n".join("abcdefghij") + "\n\n")
    else:
        meta = {"num_cases_per_batch": per_batch, "label_names": TOY_CLASSES}
        (folder / "batches.meta").write_bytes(dump_python2(meta))
    return folder


@pytest.fixture(scope="session")
def python2_pickle():
    """Give the function `dump_python2(value) -> bytes`."""
    return dump_python2


@pytest.fixture(scope="session")
def write_cifar10():
    """Give the function `write_toy_cifar10(folder, per_batch, layout, seed)`."""
    return write_toy_cifar10


@pytest.fixture
def toy_cifar10(tmp_path):
    """Give a folder with 50 training and 10 test pictures in the python layout."""
    return write_toy_cifar10(tmp_path / "toy" / "cifar-10-batches-py")


@pytest.fixture
def pass_for_official(monkeypatch):
    """Give a function that lets the files of a folder pass for the official ones."""
    from utils.cifar10.format import OFFICIAL_MD5, OFFICIAL_SIZES, file_md5

    def let_pass(folder):
        for file in folder.iterdir():
            content = file.read_bytes()
            monkeypatch.setitem(OFFICIAL_MD5, file.name, file_md5(file.name, content))
            if file.name in OFFICIAL_SIZES:
                monkeypatch.setitem(OFFICIAL_SIZES, file.name, len(content))
        return folder

    return let_pass


@pytest.fixture
def away_from_real_cifar10(tmp_path, monkeypatch):
    """Hide the real folder, the caller's variable and the network from a test."""
    from utils.cifar10 import load as cifar10

    monkeypatch.setattr(cifar10, "FOLDER", tmp_path / "repo" / "cifar-10-batches-py")
    monkeypatch.setattr(cifar10, "MIRRORS", ("http://127.0.0.1:9/closed",))
    monkeypatch.setattr(cifar10, "ARCHIVE_MD5", "0" * 32)
    monkeypatch.delenv("CIFAR10_SOURCE", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "repo").mkdir()


@dataclass
class Served:
    """One file of the test server, and how badly it is served."""

    content: bytes
    ranges: bool = True
    etag: str = '"1"'
    cuts: list = field(default_factory=list)  # bytes sent before the line is cut
    stall_after: int | None = None  # bytes sent before silence
    pause: float = 0  # seconds before each piece of 1000 bytes
    chunked: bool = False  # say nothing about the length


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        served = self.server.files.get(self.path)
        self.server.requests.append((self.path, self.headers.get("Range")))
        if served is None:
            self.send_error(404)
            return
        start = self._start(served)
        if start >= len(served.content):
            self.send_error(416)
            return
        total = len(served.content)
        self.send_response(206 if start else 200)
        self.send_header("ETag", served.etag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if not served.chunked:
            self.send_header("Content-Length", str(total - start))
        self.end_headers()
        self._send(served, served.content[start:])

    def _start(self, served):
        asked = self.headers.get("Range")
        unchanged = self.headers.get("If-Range", served.etag) == served.etag
        if not asked or not served.ranges or not unchanged:
            return 0
        return int(asked.removeprefix("bytes=").rstrip("-"))

    def _send(self, served, body):
        if served.cuts:
            body = body[: served.cuts.pop(0)]
        try:
            for start in range(0, len(body), 1000):
                if served.stall_after is not None and start >= served.stall_after:
                    self.server.closing.wait(10)
                    return
                self.server.closing.wait(served.pause)
                self.wfile.write(body[start : start + 1000])
        except OSError:  # the client has given up
            pass

    def log_message(self, *arguments):
        pass


@pytest.fixture
def file_server():
    """Serve files on this machine: `server.files["/name"] = Served(b"...")`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.files, server.requests = {}, []
    server.closing = threading.Event()
    server.Served = Served
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()
