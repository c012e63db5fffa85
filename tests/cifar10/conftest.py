"""Fixtures for the tests of utils.cifar10: official files, archives."""

import io
import tarfile

import pytest


@pytest.fixture
def official(toy_cifar10, pass_for_official):
    """Give a folder whose files pass for the official ones."""
    return pass_for_official(toy_cifar10)


def pack_folder(folder, path, top="cifar-10-batches-py/", mode="w:gz", extra=()):
    """Pack a folder; `extra` are (TarInfo, content) put in front."""
    with tarfile.open(path, mode) as tar:
        for member, content in extra:
            tar.addfile(member, io.BytesIO(content))
        for file in sorted(folder.iterdir()):
            tar.add(file, top + file.name)
    return path


@pytest.fixture(scope="session")
def pack():
    """Give the function `pack_folder(folder, path, top, mode, extra) -> path`."""
    return pack_folder
