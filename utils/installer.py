"""Fill an environment with packages, by uv or by pip, and explain what goes wrong.

`utils.environment` decides when and where; this module knows the two tools.  Like
that module it needs only the standard library and no new syntax.
"""

import importlib.util
import os
import shutil
import subprocess
import sys

IMPORTS = (
    "numpy, matplotlib, numba, jupyterlab, nbconvert, ipykernel, threadpoolctl, tqdm, "
    "typst"
)
# They point into another Python, whose packages would mix with ours; with
# PYTHONSAFEPATH, Python does not find utils in the current folder.
FOREIGN_VARIABLES = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSAFEPATH",
    "VIRTUAL_ENV",
    "__PYVENV_LAUNCHER__",
)

NO_SPACE = "the disk is full; free about 1 GB"
# What the tools print, and what it means for the person in front of the screen.
CAUSES = [
    (
        "no space left on device|os error 28|errno 28|not enough space on the disk"
        "|os error 112|quota exceeded",
        NO_SPACE,
    ),
    (
        "certificate_verify_failed|certificate verify failed|invalid peer certificate"
        "|unknownissuer",
        "the secure connection was refused; check the clock of this computer and the "
        "certificate settings of your network",
    ),
    (
        "name resolution|name or service not known|getaddrinfo failed|nodename nor"
        "|dns error|network is unreachable|no route to host|connection refused"
        "|connecttimeout|timed out|newconnectionerror|tcp connect error"
        "|cannot connect to proxy|error sending request|network connectivity",
        "there is no connection to the package index; go online for this first "
        "set-up (later runs work offline)",
    ),
    (
        "no matching distribution|no usable wheels|no wheels with a matching"
        "|has no wheels|doesn't have a source distribution or wheel",
        "a package has no ready-made build for this Python and computer; install the "
        "64-bit Python 3.13",
    ),
]


class SetupError(Exception):
    """A set-up that cannot go on; its text is 'what is wrong; how to mend it'."""


class CommandError(Exception):
    """A command that failed; its text is what the command printed."""


def say(text):
    """Print one line at once, also into a file or a pipe."""
    print(text, flush=True)


def explain(output):
    """Turn the output of a failed tool into 'what is wrong; how to mend it'.

    Parameters
    ----------
    output : str

    Returns
    -------
    str or None
        None if the cause is not in the table.
    """
    text = output.lower()
    for patterns, sentence in CAUSES:
        if any(pattern in text for pattern in patterns.split("|")):
            return sentence
    return None


def run(command, folder):
    """Run a command, keep its output, and show it only if VERBOSE is set.

    Parameters
    ----------
    command : list of str
    folder : Path
        The folder to run it in.

    Raises
    ------
    CommandError
        If the command fails.
    """
    env = {k: v for k, v in os.environ.items() if k not in FOREIGN_VARIABLES}
    env.update(PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PYTHONUTF8="1")
    process = subprocess.Popen(
        command,
        cwd=str(folder),
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    lines = []
    with process:
        try:
            for line in process.stdout:
                lines.append(line)
                if os.environ.get("VERBOSE"):
                    say(line.rstrip())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise CommandError("".join(lines))


def fill_with_uv(folder, python, root):
    """Make the environment and install the packages with uv."""
    make = ["uv", "venv", "--seed", "--allow-existing", "--python", base_python()]
    run([*make, str(folder)], root)
    fill = ["uv", "pip", "install", "--python", str(python)]
    run([*fill, "--only-binary", ":all:", "-r", "requirements.txt"], root)


def fill_with_pip(folder, python, root):
    """Make the environment with venv and install the packages with pip."""
    run([base_python(), "-m", "venv", str(folder)], root)
    fill = [str(python), "-m", "pip", "install", "--no-input"]
    run([*fill, "--only-binary", ":all:", "-r", "requirements.txt"], root)


def installers():
    """Return the tools that work here, best first, as (name, function).

    Raises
    ------
    SetupError
        If there is none.
    """
    found = []
    if shutil.which("uv"):
        found.append(("uv", fill_with_uv))
    missing = [name for name in ("venv", "ensurepip") if not has_module(name)]
    if not missing:
        found.append(("pip", fill_with_pip))
    if not found:
        version = "{}.{}".format(*sys.version_info)
        raise SetupError(
            f"this Python {version} has no module {missing[0]}, which makes "
            "environments; install it (Debian and Ubuntu: "
            f"sudo apt install python{version}-venv)"
        )
    return found


def install(folder, python, root, clear):
    """Fill `folder` with the first tool that succeeds, and try the packages out.

    Parameters
    ----------
    folder : Path
        The environment to make.
    python : Path
        The Python inside it.
    root : Path
        Where `requirements.txt` is.
    clear : callable
        Called without arguments before another tool begins: empties the folder.

    Raises
    ------
    SetupError
        If no tool succeeds.
    """
    tools = installers()
    version = "{}.{}.{}".format(*sys.version_info)
    for number, (name, fill) in enumerate(tools, start=1):
        say(
            f"Installing the packages into {folder.name} with {name} "
            f"(Python {version}); this takes a minute or two."
        )
        try:
            fill(folder, python, root)
            run([str(python), "-c", f"import {IMPORTS}"], root)
            return
        except CommandError as error:
            output = str(error)
        cause = explain(output)
        if cause == NO_SPACE or number == len(tools):
            raise SetupError(cause or show_end(name, output))
        reason = cause.split(";")[0] if cause else last_line(output)
        say(f"{name} did not succeed: {reason}.")
        clear()


def base_python():
    """Return the Python behind the running one, which may be the one to replace."""
    return getattr(sys, "_base_executable", None) or sys.executable


def has_module(name):
    """Tell whether a module is installed, without importing it."""
    return importlib.util.find_spec(name) is not None


def last_line(output):
    """Return the last line of an output that says something."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "no message"


def show_end(name, output):
    """Print the end of an output nobody foresaw; return a sentence about it."""
    for line in output.splitlines()[-8:]:
        say("  " + line)
    return (
        f"{name} could not install the packages (its last lines are above); set the "
        "variable VERBOSE=1 to see everything"
    )
