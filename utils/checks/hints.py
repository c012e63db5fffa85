"""What an exception says about an exercise, in the words of the exercise.

NumPy speaks of shapes and axes.  Here stands what they mean where a window slides over
an image, and where images are turned into rows.  Each function takes the message that
a student's code was stopped, and returns a sentence, or an empty string if the message
tells no more than it says.
"""

import re

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
            "and columns of out and dout, and not over H and W?"
        )
    if any(words in text for words in EMPTY):
        return (
            "A window is empty, so it begins outside of the image: do the loops run "
            "over H_out and W_out, and not over H and W?"
        )
    if "ValueError" in text and "broadcast" in text:
        return _of_two_sizes(_shapes(text))
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
