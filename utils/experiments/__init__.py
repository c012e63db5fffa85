"""Experiments on the recipes, for the figures of CNN.ipynb.

    python -m utils.experiments ablation     what each idea is worth; minutes
    python -m utils.experiments sizes        small images first; a minute or two
    python -m utils.experiments collect      what is given of the logs in ``runs/``
    python -m utils.experiments figures      pictures of the results, for README

The first two write their results to ``runs/``, from where the notebook reads them; if
there are none, it reads ours, in ``results/``.  The rest takes seconds and runs in the
notebook itself.

=================  =================================================================
`ablation.py`      one network, trained without one idea at a time
`sizes.py`         three orders of image sizes that cost the same
`rates.py`         the learning rate finder for three optimisers
`gallery.py`       what augmentation makes of a picture
`timing.py`        where the milliseconds of a training step go
`looking.py`       what filters look for, and what a decision rests on
`published.py`     figures of others
`runs.py`          results on the disk
`results/`         what our own runs gave, for figures
`figures.py`       pictures of them
`cli.py`           the command line
=================  =================================================================
"""
