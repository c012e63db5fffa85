"""The command line: ``python -m utils.staff COMMAND ...``.

A command is a module of this package with a docstring, whose first line is its help,
and two functions: ``add_arguments(parser)`` and ``run(arguments)``, which returns the
exit status and raises `StaffError` with a sentence if it cannot do its work.
"""

import argparse
import importlib
import sys
from pathlib import Path

from utils.staff import StaffError

COMMANDS = {
    "handout": "utils.staff.handout",
    "leaks": "utils.staff.leaks",
    "receive": "utils.staff.receive",
    "grade": "utils.staff.grade",
    "merge": "utils.staff.merge",
    "gradescope": "utils.staff.gradescope",
}


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; by default those of the process.

    Returns
    -------
    int
        What the command returned; 1 if it could not do its work.
    """
    parser = argparse.ArgumentParser(
        prog="python -m utils.staff", description="Make handouts and grade them."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module_name in COMMANDS.items():
        module = importlib.import_module(module_name)
        summary = module.__doc__.splitlines()[0]
        command = commands.add_parser(name, help=summary, description=summary)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    arguments = absolute(parser.parse_args(argv))
    try:
        return arguments.run(arguments)
    except StaffError as error:
        message = str(error)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        message = f"{where}{error.strerror or error}."
    except KeyboardInterrupt:
        message = "Stopped."
    print(message, file=sys.stderr)
    return 1


def absolute(arguments):
    """Make all paths absolute: some are used by processes in another folder."""
    for name, value in vars(arguments).items():
        if isinstance(value, Path):
            setattr(arguments, name, value.absolute())
        elif isinstance(value, list):
            setattr(arguments, name, [path.absolute() for path in value])
    return arguments
