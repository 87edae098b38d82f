"""`streamfer bench`: how good and how fast models are on material of the user's own."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated

import cv2
import typer
from rich.console import Console
from rich.table import Column, Table

from streamfer.cli.console import CONSOLE, printable
from streamfer.errors import InputError, UsageError
from streamfer.faces.detector import Detector, load_detector
from streamfer.faces.evaluation import Score, evaluate
from streamfer.faces.truth import read_truth

bench_app = typer.Typer(no_args_is_help=True, help="Measure models on material of your own.")


@bench_app.callback()  # so that `detectors` stays a word of the command while it is the only one
def _bench() -> None: ...


@bench_app.command()
def detectors(
    video: Annotated[Path, typer.Argument(help="The video in which the faces are known.")],
    truth: Annotated[
        Path,
        typer.Option(
            help="A CSV file with columns time_s, x, y, w, h: a row for each face, its box in "
            "pixels of the picture as displayed. A picture without a face has a row with its time "
            "alone."
        ),
    ],
    detector: Annotated[
        list[str] | None,
        typer.Option(
            help="A name, file or folder; give several to compare them.  [default: CenterFace]"
        ),
    ] = None,
    min_score: Annotated[
        float, typer.Option(min=0.01, max=0.99, help="Least score of a face.")
    ] = 0.7,
    longest_side: Annotated[
        int, typer.Option(min=16, max=8192, help="Larger pictures are made this small, pixels.")
    ] = 300,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Compare face detectors on a video in which the faces are known.

    The columns are those of the paper's Table 2: true positives, false positives, false negatives,
    IoU = TP / (TP + FP + FN), and pictures a second on one core, without decoding. A face counts
    as found where the two boxes share at least half of what they cover together.
    """
    marked = read_truth(truth)
    os.environ["OMP_NUM_THREADS"] = "1"  # read by torch when the first detector needs it
    cv2.setNumThreads(1)
    loaded = [load_detector(name, min_score=min_score) for name in detector or ["default"]]
    try:
        with CONSOLE.status("Looking for faces"):
            scores = evaluate(str(video), marked, loaded, longest_side)
    except InputError as error:
        raise UsageError(f"{printable(video)}: {error}") from None
    results = list(zip(loaded, scores, strict=True))
    if as_json:
        typer.echo(json.dumps([_as_json(*result) for result in results]))
        return
    numbers = (Column(name, justify="right") for name in ("TP", "FP", "FN", "IoU, %", "FPS"))
    table = Table("Detector", *numbers)
    for result in results:
        table.add_row(*_as_row(*result))
    Console(markup=False, emoji=False, highlight=False).print(table)


def _as_json(detector: Detector, score: Score) -> dict[str, object]:
    return {
        "detector": detector.name,
        "sha256": detector.sha256,
        "runtime": detector.runtime,
        **dataclasses.asdict(score),
        "iou": score.iou,
        "fps": score.fps,
    }


def _as_row(detector: Detector, score: Score) -> tuple[str, ...]:
    share = "–" if score.iou is None else f"{100 * score.iou:.1f}"
    counts = map(str, (score.tp, score.fp, score.fn))
    return printable(detector.name), *counts, share, f"{score.fps:.1f}"
