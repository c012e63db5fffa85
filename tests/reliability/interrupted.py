"""Press Interrupt in long cells: ``python -m tests.reliability.interrupted [NAME]``.

Runs the notebooks in a copy of the workbook.  A cell that takes its time is interrupted
at a random moment; then known numbers are computed, the kernel is looked over (threads,
children, locks), and the cell is run again, to its end.
"""

import contextlib
import os
import queue
import random
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client import KernelManager

from tests.copies import copy_files
from tests.test_notebooks import QUICK

ROOT = Path(__file__).resolve().parents[2]
NAMES = "Receptive-Fields", "CNN-Layers", "CNN-BatchNorm", "CNN"
LONG = 600  # seconds

# What must hold after Ctrl-C, wherever it came: a kernel computes right numbers, with
# as many threads as before, and nothing is left behind.
LOOK = """
import threading as _threading, time as _time, numpy as _np, psutil as _psutil
from utils.fast_layers import conv_forward_fast as _conv
from utils.kernels import threads as _threads
_x = _np.arange(2 * 16 * 8 * 8, dtype=_np.float32).reshape(2, 16, 8, 8) % 7
for _many in (1, 64):
    _X, _w = _np.repeat(_x, _many, axis=0), _np.ones((16, 16, 3, 3), _np.float32)
    _out, _ = _conv(_X, _w, _np.zeros(16, _np.float32), {"stride": 1, "pad": 0})
    _sums = _X.sum(axis=1, keepdims=True)
    _want = sum(_sums[:, :, p : p + 6, q : q + 6] for p in range(3) for q in range(3))
    assert abs(_out - _want).max() <= 1e-4 * _want.max(), "wrong numbers"
assert not _threads._team()[0].locked(), "the threads are locked"
assert not _threads._blas()[0]._is_owned(), "BLAS is locked"
_kernels = [t for t in _threading.enumerate() if t.name == "kernel"]
assert all(t.is_alive() for t in _kernels)
assert len(_kernels) <= _threads.count(), "threads were left behind"
for _wait in range(50):
    _children = [p for p in _psutil.Process().children(recursive=True)]
    if not _children:
        break
    _time.sleep(0.1)
assert not _children, f"children were left behind: {_children}"
"""


class Kernel:
    """A notebook's kernel, to run cells in and to interrupt."""

    def __init__(self, folder, **variables):
        self._manager = KernelManager()
        env = {**os.environ, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        self._manager.start_kernel(cwd=str(folder), env=env | variables)
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=120)

    def close(self):
        """End the kernel."""
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def run(self, code, interrupt_after=None):
        """Run a cell; press Interrupt after some seconds if it still runs.

        Returns
        -------
        status, text, pressed : str, str, bool
            "ok" or "error"; all that it printed or raised; whether Interrupt came.
        """
        message, pressed = self._client.execute(code), False
        reply = self._reply(message, interrupt_after or LONG)
        if reply is None and interrupt_after:
            self._manager.interrupt_kernel()
            reply, pressed = self._reply(message, LONG), True
        assert reply is not None, f"no answer for {LONG} s: {code[:60]}"
        text = "\n".join(reply.get("traceback", []))
        with contextlib.suppress(queue.Empty):
            while True:
                content = self._client.get_iopub_msg(timeout=0.3)["content"]
                text += content.get("text", "")
        return reply["status"], text, pressed

    def _reply(self, message, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(queue.Empty):
                left = max(0.01, end - time.monotonic())
                reply = self._client.get_shell_msg(timeout=left)
                if reply["parent_header"].get("msg_id") == message:
                    return reply["content"]
        return None

    def look(self):
        """Raise AssertionError unless the kernel is as good as new."""
        status, text, _ = self.run(LOOK)
        assert status == "ok", text


def play(folder, name, chance):
    """Run a notebook with interrupts; give how many there were."""
    count, kernel = 0, Kernel(folder)
    try:
        for cell in nbformat.read(folder / f"{name}.ipynb", as_version=4).cells:
            if cell.cell_type != "code":
                continue
            source = cell.source
            if cell.id == "parameters":
                source = "\n".join(f"{k} = {v}" for k, v in QUICK[name].items())
            status, text, pressed = kernel.run(source, chance.uniform(0.2, 2.0))
            if pressed:
                count += 1
                assert status == "ok" or "KeyboardInterrupt" in text, (cell.id, text)
                kernel.look()
                status, text, _ = kernel.run(source)
            assert status == "ok", (cell.id, text)
            if cell.id.startswith("check-") and cell.id != "check-cnn-65-percent":
                assert " ok " in text and "FAIL" not in text, (cell.id, text)
        kernel.look()
    finally:
        kernel.close()
    return count


def main(*names):
    """Print one line per notebook."""
    os.environ.setdefault("CIFAR10_SOURCE", "synthetic")
    with tempfile.TemporaryDirectory() as folder:
        copy_files(Path(folder))
        for name in names or NAMES:
            count = play(Path(folder), name, random.Random(0))
            print(f"{name}: {count} long cells interrupted, run again, ok", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
