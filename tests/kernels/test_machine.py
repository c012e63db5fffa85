"""What the engine finds on this machine, in words."""

import platform
from pathlib import Path

import pytest

from utils.kernels import compiler, lanes, machine


def test_the_processor_has_a_name():
    assert machine.processor()


def test_the_processor_without_proc(monkeypatch):
    def refuse(self):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", refuse)
    monkeypatch.setattr(platform, "processor", lambda: "")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert machine.processor() == "riscv64"


@pytest.mark.parametrize(
    ("processor", "width", "expected"),
    [
        ("x86_64", 16, "AVX-512, 16 floats at a time"),
        ("AMD64", 8, "AVX, 8 floats at a time"),
        ("x86_64", 4, "SSE, 4 floats at a time"),
        ("arm64", 4, "NEON, 4 floats at a time"),
    ],
)
def test_instructions(processor, width, expected, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: processor)
    monkeypatch.setattr(lanes, "LANES", width)
    assert machine.instructions() == expected


def test_the_cache_folder_is_the_one_that_kernels_use(tmp_path, monkeypatch):
    monkeypatch.setattr(compiler.numba.config, "CACHE_DIR", str(tmp_path))
    compiler._home.cache_clear()
    try:
        assert machine.cache_folder() == tmp_path / "cnn-workbook-kernels"
        monkeypatch.setattr(compiler, "_roots", lambda: [Path(__file__)])  # a file
        compiler._home.cache_clear()
        assert machine.cache_folder() is None
    finally:
        compiler._home.cache_clear()
