"""Checks call functions in this process: tests make hundreds, and patch them."""

from utils.checks.process import LIMITS

LIMITS.separate = False
