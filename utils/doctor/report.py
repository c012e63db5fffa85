"""Which lines the doctor's report has, and how it is printed."""

import argparse
import textwrap

from utils.console import accept_all_letters
from utils.doctor import files, machine, software
from utils.doctor.remedies import ROOT, Fault, after

# What can be said before the set-up, by any Python.
FIRST = (
    ("Python", software.python),
    ("folder", machine.folder),
    ("writing", machine.writing),
    ("disk", machine.disk),
    ("clock", machine.clock),
    ("variables", software.variables),
    ("utils", software.utils),
    ("environment", software.environment),
)
# What needs the packages, and what does not stop the set-up.
THEN = (
    ("given files", files.given),
    ("notebooks", files.notebooks),
    ("exercises", files.exercises),
    ("packages", software.packages),
    ("kernel", software.kernel),
    ("processor", machine.processor),
    ("threads", machine.threads),
    ("memory", machine.memory),
    ("cache", machine.cache),
    ("data", software.data),
    ("PDF", software.pdf),
)
WIDTH = 80


def examine(lines):
    """Look at some things, print a line on each, and count the faults.

    Parameters
    ----------
    lines : sequence of (str, callable)
        The name of each thing, and the function that looks at it.

    Returns
    -------
    int
    """
    faults = 0
    for name, look in lines:
        try:
            say("ok", name, look())
            continue
        except Fault as fault:
            found = fault
        except ImportError as error:
            found = Fault(str(error), after(error))
        except Exception as error:  # the doctor must not fall ill
            found = Fault(
                f"cannot be looked at ({type(error).__name__}: {error})",
                "show this line to your course's staff",
            )
        faults += 1
        say("FIX", name, found.what)
        print("      -> " + found.remedy, flush=True)
    return faults


def say(mark, name, text):
    """Print one line of the report, folded at 80 columns."""
    print(
        textwrap.fill(
            f"{mark:5} {name}: {text}",
            WIDTH,
            subsequent_indent=" " * 9,
            break_long_words=False,
            break_on_hyphens=False,
        ),
        flush=True,
    )


def main(arguments=None):
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, optional

    Returns
    -------
    int
        Exit status: 0 if all is well, 1 if something is to be mended.
    """
    parser = argparse.ArgumentParser(
        prog="python -m utils.doctor",
        description="Say what is wrong with this machine, and what mends it.",
    )
    parser.parse_args(arguments)
    accept_all_letters()
    faults = examine(FIRST)
    if faults:
        print("The rest is looked at when this is mended.")
    else:
        faults = examine(THEN)
    if not faults:
        print("All is well.")
        return 0
    print(f"Do what stands after ->, in {ROOT}, and run this again.")
    return 1
