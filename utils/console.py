"""Commands at a console: any letters, and an end without a traceback."""

import os
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


def run(main):
    """Run a command, and end quietly at Ctrl-C or if nobody reads what it prints.

    Parameters
    ----------
    main : callable
        Takes no argument, and returns an exit status.

    Returns
    -------
    int
        The exit status: 130 after Ctrl-C, as shells call it; 1 if the reader of the
        output went away, as in ``... | head``.
    """
    try:
        status = main()
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Python flushes once more at its end, and would complain then.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
