"""For staff: the handout, and what grades it.  No part of a handout itself.

In reading order:

`markers.py`       the grammar of marked regions, and what stands in their place
`editions.py`      the student edition of one file: Python, notebook, Markdown, script
`given.py`         which tracked files a handout is made of, each with a reason
`handout.py`       build it, look for leaks, put it in place: ``handout``
`fingerprints.py`  what exists only inside solutions
`views.py`         all texts that some bytes can be read as, packed ones too
`leaks.py`         look for solutions in a folder or archive: ``leaks``
`receive.py`       what counts of a hostile submission: ``receive``
`rubric.py`        which part earns how many points
`confine.py`       a program that locks itself up before it becomes another one
`isolation.py`     how far a student's process is shut off, and a room for it
`stage.py`         what it finds of the workbook there
`forwards.py`      forward passes for a backward pass whose own one is wrong
`judge.py`         grade one submission
`warm.py`          compile the given layers once for all submissions
`crew.py`          judges in processes of their own, side by side
`journal.py`       what was graded, one line each, also if the machine stops
`results.py`       table, page, and a file for each student
`grade.py`         grade a folder: ``grade``
`merge.py`         put the journals of several machines together: ``merge``
`cli.py`           the commands of ``python -m utils.staff``
"""


class StaffError(Exception):
    """Why a command stopped: a sentence for the person who called it."""
