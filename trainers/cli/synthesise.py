"""`python -m trainers corpora synthesise`: small corpora to try the study on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora import press_faces
from trainers.corpora.synthetic.cast import CORPORA
from trainers.corpora.synthetic.make import make_known
from trainers.corpora.synthetic.recipe import Size


def synthesise(
    root: Annotated[
        Path, typer.Argument(metavar="ROOT", help="The folder to write a folder a corpus into.")
    ],
    press: Annotated[
        Path, typer.Option(metavar="ZIP", help="The press set, press_faces.zip, whose faces play.")
    ],
    participants: Annotated[int, typer.Option(min=1, max=20, help="People in each corpus.")] = 5,
    takes: Annotated[
        int, typer.Option(min=1, max=8, help="How often each plays each expression.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Another one: other people and pictures.")] = 0,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Write this corpus; may be given several times."),
    ] = None,
    faults: Annotated[
        bool, typer.Option(help="Plant mistakes: missing files, a video without a face, and such.")
    ] = False,
) -> None:
    """Write synthetic corpora in the layouts of the eight real ones."""
    faces = press_faces.load(press)
    for name in only or CORPORA:
        folder, known = make_known(name, root, Size(participants, takes, faults), faces, seed)
        counts = " ".join(
            f"{emotion} {count}" for emotion, count in zip(EMOTIONS, known.counts(), strict=True)
        )
        typer.echo(f"{folder}: {counts}")
