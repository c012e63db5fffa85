"""What an objective gets, and the numbers it gives back."""


class Trial:
    """What an objective gets: its parameters, and whom to report to.

    Attributes
    ----------
    number : int
        In the study, from 0.
    params : dict
        Name -> value of each hyper-parameter.
    """

    def __init__(self, number, params, tell):
        self.number, self.params, self._tell = number, params, tell

    def report(self, step, accuracy):
        """Say how far the trial has come; it may end here.

        Parameters
        ----------
        step : int, at least 0
            The part of the work that is done: per cent, if the study is to judge by
            its default rungs.
        accuracy : float

        Raises
        ------
        Pruned
            If the trial is not among the best at this step.  Let it pass.
        """
        self._tell(int(step), as_accuracy(accuracy, "report(step, accuracy)"))


def as_accuracy(value, who):
    """Give a number as float; complain about everything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"{who}: the accuracy is {value!r}, expected a number"
        ) from None
