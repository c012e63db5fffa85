"""A PostgreSQL of our own on this machine, and a stand-in for the recipes."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import utils

spec = importlib.util.spec_from_file_location(
    "sweep_standin", Path(__file__).with_name("standin.py")
)
standin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(standin)

PASSWORD = "correct horse:battery/staple@%"
ESCAPED = "correct%20horse%3Abattery%2Fstaple%40%25"


@pytest.fixture(autouse=True)
def leave_the_disk_alone(monkeypatch):
    """Let a written line be enough: a busy disk may take a second for each fsync."""
    monkeypatch.setattr(os, "fsync", lambda number: None)


@pytest.fixture
def recipes(monkeypatch):
    """Put the stand-in where `from utils import recipes` finds it."""
    module = standin.make()
    monkeypatch.setitem(sys.modules, "utils.recipes", module)
    monkeypatch.setattr(utils, "recipes", module, raising=False)
    return module


def programs():
    """Find the folder with PostgreSQL's programs, or None."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found or folders[-1]).parent if found or folders else None


def install():
    """Install Debian's package where a machine for tests lets us; else say why not."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (root and os.environ.get("CI") and shutil.which("apt-get")):
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    for command in ("update", "install -y --no-install-recommends postgresql"):
        done = subprocess.run(
            ["apt-get", "-qq", *command.split()],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=600,
        )
        if done.returncode:
            return f"PostgreSQL cannot be installed: apt-get {command} failed"
    return ""


class Server:
    """A PostgreSQL in a folder of its own, on loopback only."""

    def __init__(self, folder, programs, user):
        self.folder, self.programs, self.user = folder, programs, user
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"postgresql://sweeper:{ESCAPED}@127.0.0.1:{self.port}/postgres"

    def run(self, program, *arguments):
        """Run one of PostgreSQL's programs, as a user that it accepts."""
        who = {"user": self.user, "group": self.user, "extra_groups": []}
        log = open(self.folder.with_suffix(".log"), "ab")  # noqa: SIM115
        with log:
            subprocess.run(
                [self.programs / program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                check=True,
                timeout=120,
                **(who if self.user else {}),
            )

    def start(self):
        """Make the cluster and start it."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        data = str(self.folder / "data")
        who = ["-U", "sweeper", "-A", "scram-sha-256", "--pwfile", str(secret)]
        self.run("initdb", "-D", data, *who, "-E", "UTF8", "--no-locale")
        settings = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 "
            "-c unix_socket_directories= -c fsync=off"
        )
        self.run(
            "pg_ctl", "-D", data, "-w", "-l", f"{data}.log", "-o", settings, "start"
        )

    def stop(self):
        """Stop it, whatever it is doing."""
        data = str(self.folder / "data")
        self.run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@pytest.fixture(scope="session")
def postgresql():
    """Start a server for the whole session; skip where there is none."""
    problem = "" if programs() else install()
    if problem or not programs():
        pytest.skip(problem or "PostgreSQL's programs are not found")
    folder = Path(tempfile.mkdtemp(prefix="sweep-"))
    user = None
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # PostgreSQL refuses root
        user = "postgres"
    server = Server(folder / "server", programs(), user)
    try:
        server.folder.mkdir()
        if user:
            folder.chmod(0o755)
            shutil.chown(server.folder, user)
        server.start()
        yield server
    finally:
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
