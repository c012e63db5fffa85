"""What an exception says about an exercise, in the words of the exercise.

NumPy speaks of shapes and axes.  Here stands what they mean where a window slides over
an image, and where images are turned into rows.  Each function takes the message that
a student's code was stopped, and returns a sentence, or an empty string if the message
tells no more than it says.
"""

import re

TOO_FEW_AXES = (
    "Several values are put where one belongs: is the sum or the maximum taken over "
    "all axes of the window?"
)
EMPTY = ("zero-size array to reduction operation", "empty sequence")


def sliding_window(text):
    """Tell which loop or window may be behind an exception in a convolution or pooling.

    Parameters
    ----------
    text : str
        For example "f stopped with IndexError: index 4 is out of bounds for axis 2".

    Returns
    -------
    str
    """
    if "IndexError" in text and "out of bounds" in text:
        return (
            "An index runs too far: do the loops run over H_out and W_out, the rows "
            "and columns of out and dout, and not over H and W? Or are row and column "
            "of a place inside the window exchanged?"
        )
    if "out of bounds for array with size" in text:
        return (
            "An index is too large for the window: is the maximum looked for in "
            "several windows together, those of all channels or images?"
        )
    if any(words in text for words in EMPTY):
        return (
            "A window is empty: does it begin outside of the image, because loops run "
            "over H and W and not over H_out and W_out? Or is its last row left out, "
            "where there is only one?"
        )
    if "setting an array element with a sequence" in text:
        return TOO_FEW_AXES
    if "ValueError" in text and "broadcast" in text:
        shapes = _shapes(text)
        return _of_one_axis_more(text) or _of_channels(shapes) or _of_two_sizes(shapes)
    return ""


def rows_of_channels(text):
    """Tell that the rows are wrong where batchnorm_forward says that gamma is.

    Parameters
    ----------
    text : str
        For example "... gamma has shape (4,), expected (60,): one scale per feature".

    Returns
    -------
    str
    """
    found = re.search(r"gamma has shape \((\d+),\), expected \((\d+),\)", text)
    if not found:
        return ""
    C, D = found.groups()
    return (
        f"gamma is right, the rows are not: a row of {D} values was handed in, but it "
        f"has to hold the {C} channels of one pixel, so N * H * W rows. Which axis has "
        "to move before the reshape?"
    )


def _shapes(text):
    found = re.findall(r"\((\d+(?:,\s*\d+)+)\)", text)
    return {tuple(map(int, shape.split(","))) for shape in found}


def _of_one_axis_more(text):
    """Find windows of which one axis is left in what should be single values."""
    found = re.search(r"from shape \(([\d,]+)\) into shape \(([\d,]+)\)", text)
    if not found:
        return ""
    many, one = (part.strip(",").split(",") for part in found.groups())
    return TOO_FEW_AXES if many[:-1] == one else ""


def _of_channels(shapes):
    """Find windows (..., C, HH, WW) with more channels than the filter has."""
    if len(shapes) != 2 or min(len(shape) for shape in shapes) < 3:
        return ""
    (few, *small), (many, *large) = sorted(shape[-3:] for shape in shapes)
    # Padding adds as much at the beginning as at the end.
    if small != large or few == many or (many - few) % 2:
        return ""
    return (
        f"One has {many} channels, the other {few}: only rows and columns of "
        "an image are padded; are the axes of images and channels padded, too?"
    )


def _of_two_sizes(shapes):
    """Compare a window with its filter: shapes that differ in the last two axes."""
    if len(shapes) != 2 or len({(len(shape), shape[:-2]) for shape in shapes}) != 1:
        return ""
    small, large = sorted(shapes)
    height, width = small[-2:]
    if 1 in (height, width):  # too much could be meant
        return ""
    if height <= large[-2] and width <= large[-1]:
        return (
            "A window is smaller than the filter, as it is at the border: do the loops "
            "run over H_out and W_out, is x padded, and is each window HH rows high "
            "and WW columns wide?"
        )
    return (
        "A window has another size than the filter: is it HH rows high and WW columns "
        "wide?"
    )
