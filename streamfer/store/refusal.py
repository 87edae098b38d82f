"""What a person is told when a disk, or a store of objects, refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streamfer.errors import FatalError


@contextmanager
def explained(doing: str, what: object, *answers: type[OSError]) -> Iterator[None]:
    """Turns a failure of `doing` something ("write", "read") with `what` into a FatalError.

    Errors that are `answers` to what was asked pass as they are.
    """
    try:
        yield
    except answers:
        raise
    except OSError as error:
        raise FatalError(
            f"Cannot {doing} {what}: {error.strerror or error}. Mend that and run the same "
            "command again: finished work is kept."
        ) from error
