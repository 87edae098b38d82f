"""A run's tables, without a run."""

from collections.abc import Collection
from pathlib import Path

from streamfer.store import schema
from streamfer.store.output import OutputTables
from tests.store.example_rows import MAKERS

VIDEO = "000000.mp4"
"""The first video of an example run, and the one of all its embeddings."""


def make_run(out: Path, tables: Collection[str] = tuple(schema.TABLES), *, rows: int = 6) -> Path:
    """Put `rows` rows in each of these tables at `out`."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with OutputTables(out, {"streamfer.models": "{}"}, tables) as run:
        made = {name: [MAKERS[schema.TABLES[name].label](rows)] for name in tables}
        run.write(VIDEO, made)
    return out
