"""`streamfer demo`: everything once, on a video made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streamfer.cli.console import printable, say
from streamfer.cli.run import perform, resumable
from streamfer.config import Analysis, Execution
from streamfer.demo import make_demo
from streamfer.media.limits import Limits
from streamfer.pipeline.job import prepare
from streamfer.store.table_reader import read_table

_SHOWN_ROWS = 12
_SHOWN_COLUMNS = {
    "track": "track_id",
    "from (s)": "window_start_s",
    "to (s)": "window_end_s",
    "faces": "faces",
    "of": "expected",
    "emotion": "emotion",
}


def demo(
    folder: Annotated[Path, typer.Option(help="Where the video and its timelines go.")] = Path(
        "streamfer-demo"
    ),
    verbose: Annotated[  # noqa: ARG001 - main() looks for it
        bool, typer.Option("--verbose", help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Make a short video with faces, analyse it, and show the first rows.

    Nothing is downloaded: the faces come from photographs that ship with scikit-image and
    insightface.
    """
    folder.mkdir(parents=True, exist_ok=True)
    video, out = folder / "demo.mp4", folder / "timelines.parquet"
    if not video.exists():
        say(f"Making {video}")
        unfinished = folder / "demo.part.mp4"
        make_demo(unfinished)
        unfinished.replace(video)
    with resumable("the same command"):
        job = prepare([str(video)], Analysis(), "cpu", Limits())
        perform(job, Execution(device="cpu"), out)
    _show_rows(out)


def _show_rows(out: Path) -> None:
    rows = read_table(out)
    table = Table(title=f"{printable(out)}: the first {_SHOWN_ROWS} of {rows.num_rows} rows")
    for name in [*_SHOWN_COLUMNS, "probability"]:
        table.add_column(name, justify="left" if name == "emotion" else "right")
    for row in rows.slice(0, _SHOWN_ROWS).to_pylist():
        cells = [str(row[column]) for column in _SHOWN_COLUMNS.values()]
        table.add_row(*cells, f"{row['p_' + row['emotion']]:.2f}")
    Console(markup=False, emoji=False).print(table)
