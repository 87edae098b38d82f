"""The errors a person can act on.

Everything else that is raised is a defect of streamfer, and is shown as one.
"""


class InputError(Exception):
    """One input is bad. Its message goes into the ledger; the other inputs go on.

    `retry` is true where the same bytes may do better another time (a network share that
    went away, a permission that was missing), false where only a changed file can.
    """

    def __init__(self, message: str, *, retry: bool = False) -> None:
        super().__init__(message)
        self.retry = retry


class UsageError(Exception):
    """The settings, the models or the output cannot be used: the run does not start."""


class FatalError(UsageError):
    """What a run needs is refused, such as room on the disk or a core; finished work stays."""
