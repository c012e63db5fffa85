"""How many pixels a neuron sees: the formula for the size of a receptive field.

Exercise module for Receptive-Fields.ipynb (part (d), 2 points). This file is yours to
edit. Nothing that is provided imports it, so an unfinished function here can never
break another notebook.
"""

import numbers


def receptive_field(kernel_sizes, strides, k):
    """Give the side length of the receptive field of a neuron in layer k.

    The layers form one chain. Layer j has windows of ``m_j`` by ``m_j`` positions that
    move in steps of ``s_j``; a neuron of layer k sees ``r_k`` by ``r_k`` pixels of the
    image, border effects and padding left aside. Layers after k do not matter.

    Parameters
    ----------
    kernel_sizes : sequence of ints
        ``m_1, m_2, ..., m_n``: window sizes, each >= 1, in positions of the layer
        below. A pooling layer counts as a layer of its own.
    strides : sequence of ints
        ``s_1, s_2, ..., s_n``: strides, each >= 1, in positions of the layer below.
    k : int
        The neuron's layer, counted from 1 to n.

    Returns
    -------
    int
        ``r_k``, the side length in pixels, >= 1.

    Raises
    ------
    ValueError
        If the two sequences differ in length, an entry is not an int >= 1, or k is
        not an int from 1 to n.

    References
    ----------
    .. [1] A. Araujo, W. Norris and J. Sim, "Computing receptive fields of
       convolutional neural networks", Distill, 2019, doi:10.23915/distill.00021.

    Examples
    --------
    Three neighbouring windows of 3 pixels, two pixels apart, span 7 pixels:

    >>> receptive_field([3, 3], [2, 1], k=2)
    7
    >>> receptive_field([3, 3], [2, 1], k=1)
    3
    """
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    # Hint: how far apart, in pixels, are two neighbouring neurons of layer j - 1?
    # BEGIN SOLUTION
    size, step = 1, 1  # both in pixels; a pixel sees itself
    for m, s in zip(kernel_sizes[:k], strides[:k], strict=True):
        size += (m - 1) * step
        step *= s
    return size
    # END SOLUTION


def _checked_layers(kernel_sizes, strides, k):
    """Copy both sequences into lists of ints, or say what is wrong with them."""
    for name, values in (("kernel_sizes", kernel_sizes), ("strides", strides)):
        for j, value in enumerate(values, start=1):
            if not _is_positive_int(value):
                raise ValueError(
                    f"{name} has {value!r} for layer {j}, expected an int >= 1."
                )
    if len(kernel_sizes) != len(strides):
        raise ValueError(
            f"kernel_sizes has {len(kernel_sizes)} entries and strides has "
            f"{len(strides)}, expected one of each per layer."
        )
    if not _is_positive_int(k) or k > len(strides):
        raise ValueError(
            f"k is {k!r}, expected an int from 1 to {len(strides)}: the net has "
            f"{len(strides)} layers, and layer 1 is the first one."
        )
    return [int(m) for m in kernel_sizes], [int(s) for s in strides]


def _is_positive_int(value):
    is_int = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return is_int and value >= 1
