"""Whose workbook it is."""

import subprocess
import sys
import tomllib

from utils.pdf.arguments import SUBMISSION
from utils.pdf.files import ExportError

_KEYS = ("name", "uid")


def identity(given, root, ask=False):
    """Return name and number: given, from `SUBMISSION`, or asked for and saved there.

    Parameters
    ----------
    given : pair of str or None
        From the command line.
    root : Path
        The workbook's folder.
    ask : bool
        Whether there is somebody to ask.

    Returns
    -------
    name, uid : str
        Empty if unknown.

    Raises
    ------
    ExportError
        If `SUBMISSION` cannot be read.
    """
    path = root / SUBMISSION
    saved = _saved(path) if path.is_file() else {}
    name, uid = (
        str(saved.get(key, "") if value is None else value).strip()
        for key, value in zip(_KEYS, given, strict=True)
    )
    if not name and ask and not path.exists():
        name = _ask("Your name", _name_in_git())
        uid = uid or _ask("Your university number", "")
        if name:
            lines = [
                f"{key} = {_quoted(value)}\n"
                for key, value in zip(_KEYS, (name, uid), strict=True)
            ]
            path.write_text("".join(lines), encoding="utf-8")
            print(f"Saved in {SUBMISSION}.", file=sys.stderr)
    return name, uid


def _saved(path):
    try:
        saved = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExportError(
            f"{SUBMISSION} cannot be read ({error}). It holds two lines: name = "
            '"Ada Lovelace" and uid = "123456789".'
        ) from error
    unknown = [key for key in saved if key not in _KEYS]
    if unknown:
        raise ExportError(
            f"{SUBMISSION} has the unknown key {unknown[0]!r}; it holds name and uid."
        )
    return saved


def _ask(what, proposal):
    hint = f" [{proposal}]" if proposal else ""
    print(f"{what}{hint}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or proposal


def _name_in_git():
    """Return the name that git puts on commits: good as a proposal, no more."""
    command = ["git", "config", "user.name"]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip()  # whatever the locale is


def _quoted(value):
    # The basic strings of TOML escape as Typst's do: backslash and quote.
    cleaned = "".join(c for c in value if c.isprintable())
    return '"' + cleaned.replace("\\", "\\\\").replace('"', '\\"') + '"'
