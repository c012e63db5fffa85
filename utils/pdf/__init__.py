"""From the notebooks to one PDF, without LaTeX, browser, fonts or network.

``./export_pdf.sh`` calls ``python -m utils.pdf``.  In reading order:

- ``cli``, ``arguments``, ``identity``: the command line; ``execute``, ``progress``:
  running notebooks; ``files``: reading and writing.
- ``contents``, ``expected``, ``freshness``, ``review``, ``report``: what goes in, and
  what a student may have overlooked.
- ``exporter``: the doors for nbconvert and for the whole workbook; ``register`` tells
  nbconvert; ``fallback`` does without Typst.
- ``document``: cover, notebooks, source files; ``notebook``: cells, questions and
  headings.
- ``markdown``, ``pipes``, ``html``, ``outputs``, ``images``, ``tables``: what cells
  hold.
- ``texmath``: LaTeX formulas to Typst's; ``texreader``, ``textext``, ``texsymbols``,
  ``texcommands``, ``texdelimiters``, ``texenvironments``: what they are made of.
- ``lines``, ``highlight``, ``terminal``: code and printed output.
- ``context``, ``typst_source``, ``engine``, ``template.typ``: what all of them share.
"""
