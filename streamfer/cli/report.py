"""`streamfer report`: a run as a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamfer.cli.console import CONSOLE, say
from streamfer.errors import UsageError
from streamfer.places import place
from streamfer.report.tables import read_run
from streamfer.report.write import write_report


def report(
    timelines: Annotated[str, typer.Argument(help="The timelines of a run.")],
    out: Annotated[str, typer.Option(help="Where the page goes; must end in .html.")],
    faces: Annotated[
        Path | None,
        typer.Option(
            metavar="VIDEO_FOLDER",
            help="Also a small picture of each track, from the videos in this folder. Left out, "
            "the page holds no picture of anybody.",
        ),
    ] = None,
) -> None:
    """Write a run as one page that opens offline in any browser.

    An overview; each video's tracks along its time; comparisons. The page loads nothing from
    elsewhere, and can be sent to whoever may see the tables.
    """
    tables, page = place(timelines), place(out)
    if page.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"The report {out} must end in .html.")
    run = read_run(tables)
    if faces is not None:
        # What decodes video takes time to load, and is not needed otherwise.
        from streamfer.report.faces import add_faces  # noqa: PLC0415

        with CONSOLE.status("Cutting out faces"):
            add_faces(run, tables, faces)
    size = write_report(run, tables.name, page)
    warnings = [f"{key}: {text}" for key, video in run.videos.items() for text in video.warnings]
    for warning in [*run.warnings, *warnings]:
        say(warning, word="Warning:", style="yellow")
    say(f"Report: {out} ({size / 1e6:.1f} MB)")
