"""What a person sees during training: one line per epoch, and a bar that goes away."""

import sys

from tqdm import tqdm

# One refresh per second, erased at the end, plain characters: saved output stays small.
BAR = dict(unit=" images", leave=False, ascii=True, ncols=88, mininterval=1, delay=1)


def progress_bar(total, done, show):
    """Make a bar over all images of a training, with the time that is left.

    Parameters
    ----------
    total, done : int
        Images of the whole training, and those it has seen already.
    show : bool
        False hides it; it also stays hidden where nobody watches, in a log file.
    """
    out = sys.stdout
    live = out.isatty() or type(out).__module__.startswith("ipykernel")
    return tqdm(total=total, initial=done, file=out, disable=not (show and live), **BAR)


def line(title, row, seconds=None, images=0):
    """Write one line on an epoch: loss, accuracies, time.

    Parameters
    ----------
    title : str
        Such as "epoch 3/10".
    row : dict
        ``loss``, ``train_accuracy`` and ``val_accuracy``; None where not measured.
    seconds : float, optional
        Time of the updates of that epoch.
    images : int
        Number of images in that time.
    """
    loss = "-" if row["loss"] is None else f"{row['loss']:.4f}"
    text = f"{title}   loss {loss:>7}"
    for name in ("train", "val"):
        accuracy = row[f"{name}_accuracy"]
        text += "" if accuracy is None else f"   {name} acc {accuracy:.3f}"
    if seconds is not None:
        text += f"   {seconds:6.1f} s   {images / max(seconds, 1e-9):6.0f} images/s"
    return text
