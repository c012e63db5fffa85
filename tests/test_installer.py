"""The two installers, with faked commands; nothing is installed here."""

import contextlib
import importlib.util
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from utils import installer
from utils.installer import CommandError, SetupError

ROOT = Path(__file__).resolve().parent.parent
FULL = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left"
OFFLINE = "WARNING: Retrying after connection broken by 'NewConnectionError': failed"


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (FULL, "disk is full"),
        ("error: failed to write: No space left on device (os error 28)", "disk"),
        ("OSError: [Errno 122] Disk quota exceeded", "disk is full"),
        (OFFLINE, "go online"),
        ("cause: dns error\n cause: Temporary failure in name resolution", "go online"),
        ("socket.gaierror: [Errno 11001] getaddrinfo failed", "go online"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", "clock"),
        ("error: invalid peer certificate: UnknownIssuer", "clock"),
        ("ERROR: No matching distribution found for numba==0.68.1", "64-bit"),
        ("because numba==0.68.1 has no usable wheels", "64-bit"),
        # Without a network pip ends with the same line: the network is the cause.
        (OFFLINE + "\nERROR: No matching distribution found for anyio", "go online"),
    ],
)
def test_known_outputs_are_explained(output, expected):
    assert expected in installer.explain(output)


def test_an_unknown_output_is_not_explained():
    assert installer.explain("ERROR: Invalid requirement: 'a @@ b'") is None


def test_run_raises_with_the_output_of_the_command(tmp_path, capsys):
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"
    with pytest.raises(CommandError, match="out\nerr"):
        installer.run([sys.executable, "-u", "-c", code], tmp_path)
    assert capsys.readouterr().out == ""


def test_run_shows_the_output_if_verbose_is_set(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("VERBOSE", "1")
    installer.run([sys.executable, "-c", "print('a\\nb')"], tmp_path)
    assert capsys.readouterr().out == "a\nb\n"


def test_run_keeps_other_pythons_out(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("VERBOSE", "1")
    for name in installer.FOREIGN_VARIABLES:
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_INDEX_URL", "mirror")  # the user's settings stay
    names = [*installer.FOREIGN_VARIABLES, "PIP_USER", "PIP_INDEX_URL"]
    code = f"import os; print([os.environ.get(name) for name in {names}])"
    installer.run([sys.executable, "-c", code], tmp_path)
    nothing = [None] * len(installer.FOREIGN_VARIABLES)
    assert capsys.readouterr().out.strip() == str([*nothing, "0", "mirror"])


@pytest.fixture
def tools(monkeypatch):
    """Set which of uv and ensurepip this machine seems to have."""

    def choose(uv, ensurepip):
        monkeypatch.setattr(installer.shutil, "which", lambda name: uv and name or None)
        monkeypatch.setattr(
            installer, "has_module", lambda name: name != "ensurepip" or ensurepip
        )

    return choose


@pytest.mark.parametrize(
    ("uv", "ensurepip", "names"),
    [(True, True, ["uv", "pip"]), (True, False, ["uv"]), (False, True, ["pip"])],
)
def test_installers_are_those_that_work_here(tools, uv, ensurepip, names):
    tools(uv, ensurepip)
    assert [name for name, _ in installer.installers()] == names


def test_no_installer_names_the_missing_module_and_its_package(tools):
    tools(uv=False, ensurepip=False)
    package = f"python3.{sys.version_info[1]}-venv"
    with pytest.raises(SetupError, match=f"no module ensurepip.*apt install {package}"):
        installer.installers()


def test_has_module():
    assert installer.has_module("json")
    assert not installer.has_module("no_such_module_anywhere")
    assert "no_such_module_anywhere" not in sys.modules


def fails(output):
    def fill(folder, python, root):
        raise CommandError(output)

    return fill


def works(folder, python, root):
    pass


@pytest.fixture
def install(monkeypatch, tmp_path):
    """Run `install` with given tools; return how often the folder was cleared."""

    def go(*tools, packages=""):
        cleared = []

        def run(command, folder):
            if packages:
                raise CommandError(packages)

        monkeypatch.setattr(installer, "installers", lambda: tools)
        monkeypatch.setattr(installer, "run", run)
        folder = tmp_path / ".venv"
        installer.install(
            folder, folder / "python", tmp_path, lambda: cleared.append(1)
        )
        return len(cleared)

    return go


def test_install_announces_the_wait(install, capsys):
    assert install(("uv", works), ("pip", fails("not called"))) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert re.match(r"Installing .* \.venv with uv .*a minute or two", lines[0])


def test_install_tries_the_next_tool_and_says_why(install, capsys):
    assert install(("uv", fails("dns error")), ("pip", works)) == 1
    out = capsys.readouterr().out
    assert "uv did not succeed: there is no connection to the package index.\n" in out
    assert "with pip" in out


def test_install_quotes_an_unknown_reason_of_the_first_tool(install, capsys):
    install(("uv", fails("a\nerror: strange.\n\n")), ("pip", works))
    assert "uv did not succeed: error: strange.\n" in capsys.readouterr().out


def test_install_does_not_try_twice_on_a_full_disk(install):
    with pytest.raises(SetupError, match="disk is full"):
        install(("uv", fails(FULL)), ("pip", works))


def test_install_reports_the_reason_of_the_last_tool(install):
    with pytest.raises(SetupError, match="go online"):
        install(("uv", fails("strange")), ("pip", fails(OFFLINE)))


def test_install_shows_the_end_of_an_unknown_output(install, capsys):
    output = "\n".join(f"line {i}" for i in range(20))
    with pytest.raises(SetupError, match="last lines are above.*VERBOSE=1"):
        install(("pip", fails(output)))
    shown = [s.strip() for s in capsys.readouterr().out.splitlines()[1:]]
    assert shown == [f"line {i}" for i in range(12, 20)]


def test_install_tries_the_packages_out(install):
    broken = "ImportError: libm.so.6: version `GLIBC_2.34' not found"
    with pytest.raises(SetupError, match="last lines"):
        install(("pip", works), packages=broken)


@pytest.mark.parametrize("fill", [installer.fill_with_uv, installer.fill_with_pip])
def test_fill_leaves_the_choice_of_the_index_to_the_user(fill, monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(
        installer, "run", lambda command, folder: commands.append(command)
    )
    folder = tmp_path / ".venv"
    fill(folder, folder / "python", tmp_path)
    make, install = commands
    assert str(folder) in make and installer.base_python() in make
    assert install[-2:] == ["-r", "requirements.txt"]
    assert str(folder / "python") in install
    assert "--only-binary" in install
    assert not any("index" in word or "://" in word for word in make + install)


def test_base_python_is_outside_of_any_environment():
    python = Path(installer.base_python())
    assert python.exists()
    assert not (python.parent.parent / "pyvenv.cfg").exists()


def normal(name):
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", name).group()).lower()


def pinned():
    """Return the names that students' requirements pin, and those of staff only."""
    text = (ROOT / "requirements.txt").read_text("utf-8")
    given, staff = text.split("# BEGIN STAFF\n")
    sections = []
    for section in (given, staff):
        pins = [x.split(";")[0].strip() for x in section.splitlines() if x[0] != "#"]
        assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
        sections.append({normal(pin) for pin in pins})
    assert given.startswith("# Pinned by: uv pip compile")
    assert staff.endswith("# END STAFF\n")
    return sections


def needed_by(requirements):
    """Return the names of the installed packages that these need, down to the last."""
    found, queue = set(), [Requirement(line) for line in requirements]
    while queue:
        one = queue.pop()
        if normal(one.name) in found or one.marker and not one.marker.evaluate():
            continue
        with contextlib.suppress(PackageNotFoundError):  # of another system
            lines = map(Requirement, distribution(one.name).requires or ())
            found.add(normal(one.name))
            extras = ("", *one.extras)
            for line in lines:
                marks = line.marker
                if not marks or any(marks.evaluate({"extra": e}) for e in extras):
                    line.marker = None
                    queue.append(line)
    return found


def test_requirements_pin_every_dependency_and_name_no_server():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + extras["sweep"]
    given, staff = pinned()
    assert {normal(name) for name in wanted} <= given
    assert {normal(name) for name in extras["dev"]} <= staff
    below = needed_by(wanted)
    assert len(below) > 80 and below <= given
    assert needed_by(extras["dev"]) <= given | staff and not staff & below


def test_imports_are_the_dependencies():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {normal(name) for name in project["dependencies"]}
    assert set(installer.IMPORTS.split(", ")) == wanted
    assert all(importlib.util.find_spec(name) for name in wanted)
