"""Divide and conquer: the fields of two nets, one on top of the other, compose."""

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    return _stack(list(kernel_sizes[:k]), list(strides[:k]))[0]


def _stack(m, s):
    if len(m) == 1:
        return m[0], s[0]
    half = len(m) // 2
    below, above = _stack(m[:half], s[:half]), _stack(m[half:], s[half:])
    return below[0] + below[1] * (above[0] - 1), below[1] * above[1]
