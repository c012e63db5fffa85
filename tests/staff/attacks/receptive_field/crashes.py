"""Brings Python itself down."""

import ctypes


def receptive_field(*arguments):
    return ctypes.string_at(0)
