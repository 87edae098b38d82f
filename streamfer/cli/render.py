"""`streamfer render`: a video with its faces marked, or hidden."""

from __future__ import annotations

from typing import Annotated

import typer

from streamfer.cli.console import CONSOLE, say
from streamfer.errors import UsageError
from streamfer.places import place
from streamfer.store.read import find_run


def render(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="The video that was analysed.")],
    timelines: Annotated[
        str, typer.Argument(metavar="TIMELINES", help="The timelines of a run with --frames.")
    ],
    out: Annotated[str, typer.Option(help="The new video; .mp4, .mov or .mkv.")],
    marks: Annotated[
        bool,
        typer.Option(help="Draw each face's box, track number, label and seven probabilities."),
    ] = True,
    blur: Annotated[
        bool, typer.Option("--blur", help="Hide every face that was found, for sharing.")
    ] = False,
) -> None:
    """Show in the video itself what the tables say, or hide the faces in it."""
    # OpenCV takes a while that --help need not wait for.
    from streamfer.report.render import render as write  # noqa: PLC0415

    if not (marks or blur):
        raise UsageError("With --no-marks and without --blur nothing would be changed.")
    run = find_run(timelines)
    with CONSOLE.status("Writing the video"):
        told = write(video, run, place(out), marks=marks, blur=blur)
    say(told)
    say(f"Video: {out}")
