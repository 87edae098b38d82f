"""What other processes do to an output in a store; they begin quickly, for this imports little."""

from multiprocessing.connection import Connection

from upath import UPath

from streamfer.errors import UsageError
from streamfer.places import place
from streamfer.store import lease, schema
from streamfer.store.lease import Lease
from streamfer.store.output import OutputTables
from streamfer.store.work import WorkFolder
from tests.store.example_rows import MAKERS

TERM_S = 2.0
"""Of a lease, in tests: machines may have much else to do."""


def whole_run(uri: str) -> set[int]:
    """A run of one video in three segments; which of them it found committed."""
    lease.TERM_S = TERM_S
    out = place(uri)
    with WorkFolder(out).open("f00d") as work:
        found = work.committed("a1")
        work.write_job(b'{"fingerprint": "f00d"}')
        for segment in {0, 1, 2} - found:
            work.commit("a1", segment, b"rows")
        with OutputTables(out, {"run": "1"}, schema.TABLES, work.check) as tables:
            tables.write("a.mp4", {name: [MAKERS[f"{name}.v1"](10)] for name in schema.TABLES})
        work.finish_job()
    return found


def hold(path: UPath, pipe: Connection) -> None:
    """Take a lease, and say what became of it; then check it when told to."""
    lease.TERM_S = TERM_S
    try:
        held = Lease(path)
        pipe.send("taken")
        while pipe.recv():
            held.check()
            pipe.send("held")
    except UsageError as error:
        pipe.send(str(error))
