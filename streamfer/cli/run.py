"""`streamfer run`: the main job."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from streamfer import config
from streamfer.cli.console import CONSOLE, ProgressView, counted, duration, printable, say
from streamfer.config import Analysis, Execution
from streamfer.interrupts import INTERRUPTED
from streamfer.pipeline.job import Job, prepare
from streamfer.pipeline.run import Summary
from streamfer.pipeline.run import run as run_job
from streamfer.places import Place, place
from streamfer.store.output import table_paths
from streamfer.store.work import WorkFolder
from streamfer.weights.runtime import choose_device

FATAL, USAGE, SOME_FAILED = 1, 2, 3
"""Exit codes beside 0 and INTERRUPTED."""

_ANALYSIS = "What is computed (a change of these means computing again)"
_EXECUTION = "How it is computed (never changes a row)"


def run(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Video files, folders (searched for videos), globs, or @list.txt with one path "
            "a line. Each may be a URI (s3://bucket/folder/).",
        ),
    ],
    out_name: Annotated[
        str,
        typer.Option(
            "--out",
            help="Where the timelines go: a path or a URI (s3://bucket/key); must end in .parquet.",
        ),
    ],
    settings: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="A TOML file with tables [analysis] and [execution]; flags lie on top.",
        ),
    ] = None,
    frames: Annotated[
        bool | None,
        typer.Option(
            "--frames", help="Also a table of every sampled face.", rich_help_panel=_ANALYSIS
        ),
    ] = None,
    embeddings: Annotated[
        bool | None,
        typer.Option(
            "--embeddings",
            help="Also the 512 numbers that describe each sampled face.",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    audio: Annotated[
        bool | None,
        typer.Option(
            "--audio",
            help="Also a table of the sound: loudness and speech in every window.",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(
            help="A name, or the file or folder of another detector.  [default: CenterFace]",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(
            help="A name, or an .onnx file, or a .pt file of the paper's ResNet-50.",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="The file of a backbone that cannot be shipped, such as emo-affectnet.",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    temporal: Annotated[
        str | None,
        typer.Option(
            help="How a window is read: a name, or a file.  [default: cnn-lstm-a; cnn-s for other "
            "backbones or windows than it was trained on]",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    gaps: Annotated[
        str | None,
        typer.Option(
            help="What stands for a face where it is not seen: mask (nothing), hold (for up to "
            f"{Analysis.hold_s:g} s the face seen last) or repeat (always that face).  "
            f"[default: {Analysis.gaps}]",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            help="How time is handled in the paper (paper) or in its authors' code (released); "
            "--config and flags lie on top.",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    detector_size: Annotated[
        int | None,
        typer.Option(
            help="Longest side of the picture in which faces are sought, pixels. Larger finds "
            f"smaller faces and is slower.  [default: {Analysis.detector_size}]",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    min_score: Annotated[
        float | None,
        typer.Option(
            help=f"Least score of a face.  [default: {Analysis.min_score}]",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    max_gap_s: Annotated[
        float | None,
        typer.Option(
            help="How long a face may be hidden and still be the same track, seconds.  "
            f"[default: {Analysis.max_gap_s}]",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    min_track_s: Annotated[
        float | None,
        typer.Option(
            help="How long a face must be seen to be a track, seconds.  "
            f"[default: {Analysis.min_track_s}]",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    segment_s: Annotated[
        float | None,
        typer.Option(
            help="Length of the pieces that are done at once, seconds.  "
            f"[default: {Analysis.segment_s:g}]",
            rich_help_panel=_ANALYSIS,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Default: one for each core.", rich_help_panel=_EXECUTION),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="auto, cpu or cuda.  [default: auto]", rich_help_panel=_EXECUTION),
    ] = None,
    pools: Annotated[
        str | None,
        typer.Option(
            help="Models in actors that all workers share: auto (on a GPU), on or off.  "
            "[default: auto]",
            rich_help_panel=_EXECUTION,
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            help="A running Ray cluster. Without it one is started here for the run.",
            rich_help_panel=_EXECUTION,
        ),
    ] = None,
    stall_s: Annotated[
        float | None,
        typer.Option(
            help="After how long without progress a worker is stopped, seconds.  "
            f"[default: {Execution.stall_s:g}]",
            rich_help_panel=_EXECUTION,
        ),
    ] = None,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            help="Begin anew: first remove the work of all earlier runs beside the output. The "
            "tables there stay until the new ones replace them.",
        ),
    ] = False,
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed",
            help="Also try again what failed for good, although neither file nor settings have "
            "changed. What could not be read is tried again in any case.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be done, and do nothing.")
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the summary, or the list, to stdout as JSON."),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the traceback of an error.")
    ] = False,
) -> None:
    """Turn videos into emotion timelines.

    Run the same command again after any interruption: what is finished is not done again.
    Exit codes: 0 every video done, 1 fatal, 2 usage, 3 some videos partial or failed (the
    ledger beside the output says why), 130 interrupted.
    """
    analysis, execution = config.load(settings, dict(locals()))
    out = place(out_name)
    with resumable(f"the same command{' without --fresh' if fresh else ''}"):
        with CONSOLE.status("Looking at the inputs"):
            device = choose_device(execution.device)
            job = prepare(inputs, analysis, device, execution.limits, leave_out=_own(out))
        if dry_run:
            _list(job, out, as_json=as_json)
            return
        summary = perform(job, execution, out, fresh=fresh, retry_failed=retry_failed)
    if as_json:
        _print_json({"out": str(out)} | dataclasses.asdict(summary))
    if summary.partial or summary.failed:
        raise typer.Exit(SOME_FAILED)


@contextmanager
def resumable(command: str) -> Iterator[None]:
    """Within, a run that is interrupted says which command goes on, and ends with its exit code."""
    try:
        yield
    except KeyboardInterrupt:
        say(f"Interrupted. What is finished is kept: {command} goes on from here.")
        raise typer.Exit(INTERRUPTED) from None


def _own(out: Place) -> list[str]:
    """What a run keeps beside its output, which may lie among the inputs."""
    return [str(path) for path in (*table_paths(out).values(), WorkFolder(out).path)]


def perform(
    job: Job, execution: Execution, out: Place, *, fresh: bool = False, retry_failed: bool = False
) -> Summary:
    """Run a job on Ray, showing its progress and what became of it."""
    # Importing Ray takes a second that --help and a finished run need not wait for.
    from streamfer.cluster.engine import on_cluster  # noqa: PLC0415

    models = json.loads(job.metadata["streamfer.models"]).values()
    say("Models: " + ", ".join(f"{model['name']} ({model['runtime']})" for model in models))
    execute = on_cluster(job, execution)
    with ProgressView() as view:
        summary = run_job(job, out, execute, view, say=say, fresh=fresh, retry_failed=retry_failed)
    tell(summary, out)
    return summary


def tell(summary: Summary, out: Place) -> None:
    """Say what a run came to."""
    if summary.unchanged:
        say(f"Nothing has changed: {out} is up to date.")
    for video, status, reason in summary.problems:
        say(f"{video}: {reason}", word=status, style="yellow")
    for video in summary.dropped:
        say(f"No longer among the inputs, and so not in the tables: {video}")
    ignored = f", {counted(summary.others, 'other file')} ignored" if summary.others else ""
    say(
        f"{summary.done} done, {summary.partial} partial, {summary.failed} failed{ignored}; "
        f"{duration(summary.media_s)} of media, {counted(summary.tracks, 'track')}, "
        f"{counted(summary.rows, 'row')}."
    )
    say(f"Timelines: {out}")
    say(f"Ledger:    {table_paths(out)['videos']}")


def _list(job: Job, out: Place, *, as_json: bool) -> None:
    if as_json:
        _print_json(_listed(job, out))
        return
    for video in job.videos:
        info = video.info
        typer.echo(
            f"{printable(video.key)}\t{duration(info.duration_s)}\t{info.width}×{info.height}\t"
            f"{info.codec}\t{counted(len(video.segments), 'segment')}"
        )
    for key, reason in job.failed.items():
        typer.echo(f"{printable(key)}\tcannot be used: {printable(reason)}")
    say(
        f"{counted(len(job.videos), 'video')}, {duration(job.media_s)} of media, would go to "
        f"{out}; {len(job.failed)} cannot be used, {counted(job.others, 'other file')} ignored."
    )


def _listed(job: Job, out: Place) -> dict[str, Any]:
    videos = [
        {
            "video": video.key,
            "video_id": video.video_id,
            "duration_s": video.info.duration_s,
            "width": video.info.width,
            "height": video.info.height,
            "codec": video.info.codec,
            "segments": len(video.segments),
        }
        for video in job.videos
    ]
    failed = [{"video": key, "reason": reason} for key, reason in job.failed.items()]
    totals = {"out": str(out), "media_s": job.media_s, "others": job.others}
    return totals | {"videos": videos, "failed": failed}


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value))
