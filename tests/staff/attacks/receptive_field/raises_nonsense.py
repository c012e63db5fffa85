"""Raises an exception that cannot even be printed."""


class Nonsense(BaseException):
    def __str__(self):
        raise self

    __repr__ = __str__


def receptive_field(*arguments):
    raise Nonsense
