"""For staff: the handout, and what grades it.  No part of a handout itself.

In reading order:

`markers.py`       the grammar of marked regions, and what stands in their place
`editions.py`      the student edition of one file: Python, notebook, Markdown, script
`given.py`         which tracked files a handout is made of, each with a reason
`handout.py`       build it, look for leaks, put it in place: ``handout``
`fingerprints.py`  what exists only inside solutions
`views.py`         all texts that some bytes can be read as, packed ones too
`leaks.py`         look for solutions in a folder or archive: ``leaks``
`cli.py`           the commands of ``python -m utils.staff``
"""


class StaffError(Exception):
    """Why a command stopped: a sentence for the person who called it."""
