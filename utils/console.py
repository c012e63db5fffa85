"""A console that prints what it can, whatever letters a text has."""

import sys


def accept_all_letters():
    """Let standard output and errors replace letters that they do not have.

    Consoles of Windows, and the locale C, know few: a path, a title or what a student
    prints would end a command with UnicodeEncodeError.  To be called by commands, not
    by notebooks.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # tests put other things in their place
            stream.reconfigure(errors="backslashreplace")
