"""What is wrong with this machine, and the command that mends it.

    python -m utils.doctor      each line is ok, or ends in what mends it

=============== ==========================================================
`notebook.py`   the quick part: what can be wrong in a running notebook
`software.py`   the lines on Python, packages, JupyterLab, data and PDF
`machine.py`    the lines on processor, memory, disk, folder and clock
`files.py`      the lines on given files, notebooks and exercises
`report.py`     which lines there are, and how they are printed
`remedies.py`   commands as they are written on this system
=============== ==========================================================

A doctor is needed most where nothing is installed yet.  So this package imports
libraries only inside the functions that look at them, and avoids new syntax, so that
an old Python can read it and say what is missing.
"""

from utils.doctor.notebook import look

__all__ = ["look"]
