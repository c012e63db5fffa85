"""Sends arrays whose header says something else than they hold."""

import sys

import numpy as np

wire = sys.modules["__main__"].wire


def lie(parts, value):
    parts.append(b"a" + bytes([11, 4]) + b"\xff" * 40)


wire._put_array = lie


def max_pool_forward_naive(x, pool_param):
    return np.zeros((2, 3, 2, 2)), None
