"""`python -m trainers temporal`: embeddings of corpora, and the six methods on them."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import numpy as np
import typer

from streamfer import config
from streamfer.errors import UsageError
from streamfer.weights.runtime import choose_device
from trainers import metrics, predictions
from trainers.corpora.catalogue import found, read
from trainers.corpora.samples import Clip
from trainers.predictions import Predictions
from trainers.protocols.folds import Fold, in_two_corpora, watched_apart
from trainers.temporal.paper.settings import (
    METHODS,
    Learnt,
    Method,
    Profile,
    Temporal,
    for_few_data,
)

if TYPE_CHECKING:
    from trainers.temporal.paper.sequences import Sequences

app = typer.Typer(
    help="The paper's temporal methods (sections 3.2.1 and 4.3). Every command begins by having "
    "streamfer look at the videos, which is done once.",
    no_args_is_help=True,
)

MethodName = Annotated[Method, typer.Argument(metavar="METHOD", help=", ".join(METHODS))]
Root = Annotated[Path, typer.Option(help="The folder that holds the corpora, each in its own.")]
Out = Annotated[Path, typer.Option(help="The folder of embeddings and results.")]
Only = Annotated[
    list[str] | None, typer.Option("--corpus", help="This one of them; can be repeated.")
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="A TOML file of how videos are analysed; see `streamfer run`."),
]
Backbone = Annotated[str | None, typer.Option(help="A name or a file; see `streamfer run`.")]
Workers = Annotated[int, typer.Option(min=0, help="Processes; 0: one for each core.")]
DeviceName = Annotated[config.Device, typer.Option("--device", help="Where networks run.")]
Settings = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.toml",
        help="Other settings than the profile's: tables [temporal] and [temporal.fit].",
    ),
]
ProfileName = Annotated[
    Profile | None, typer.Option("--profile", help="Whose settings.  [default: paper]")
]
Small = Annotated[
    bool, typer.Option("--small", help="Learn in a way that suits few clips; over all settings.")
]


@app.command()
def embed(
    root: Root,
    out: Out,
    only: Only = None,
    file: Config = None,
    backbone: Backbone = None,
    workers: Workers = 0,
    device: DeviceName = "auto",
) -> None:
    """Look at all videos, and say how many clips of each corpus can be used."""
    _looked_at(root, out, only, file, backbone, workers, device)


@app.command()
def loco(
    method: MethodName,
    root: Root,
    out: Out,
    only: Only = None,
    file: Config = None,
    backbone: Backbone = None,
    workers: Workers = 0,
    device: DeviceName = "auto",
    settings: Settings = None,
    profile: ProfileName = None,
    small: Small = False,
) -> None:
    """Leave one corpus out at a time and measure a method on it (Table 6)."""
    from trainers.temporal.paper.experiments import leave_one_corpus_out  # noqa: PLC0415 - slow

    chosen = chosen_settings(settings, profile, small=small)
    corpora = _looked_at(root, out, only, file, backbone, workers, device)
    for name, both in in_two_corpora([c for corpus in corpora for c in corpus.clips]).items():
        typer.echo(f"{name} is in {', '.join(both)}: it must not be the same person.", err=True)
    said = leave_one_corpus_out(
        method,
        corpora,
        chosen,
        out,
        workers=_processes(workers),
        device=choose_device(device),
    )
    _show(said, out / f"leave-one-corpus-out {method}.parquet")


@app.command()
def crossval(
    method: MethodName,
    root: Root,
    out: Out,
    only: Only = None,
    file: Config = None,
    backbone: Backbone = None,
    workers: Workers = 0,
    device: DeviceName = "auto",
    settings: Settings = None,
    profile: ProfileName = None,
    small: Small = False,
) -> None:
    """Measure a method within each corpus, on participants it was not taught (Table 6, CV)."""
    from trainers.temporal.paper.experiments import cross_validate  # noqa: PLC0415 - slow

    chosen = chosen_settings(settings, profile, small=small)
    said = []
    for corpus in _looked_at(root, out, only, file, backbone, workers, device):
        try:
            said.append(
                cross_validate(
                    method,
                    corpus,
                    chosen,
                    out,
                    workers=_processes(workers),
                    device=choose_device(device),
                )
            )
        except UsageError as error:
            _tell(f"left out: {error}")
    if not said:
        raise UsageError("None of the corpora can be measured.")
    _show(predictions.join(said), out / f"cross-validation {method}.parquet")


@app.command()
def train(
    method: Annotated[Learnt, typer.Argument(metavar="METHOD", help=", ".join(get_args(Learnt)))],
    root: Root,
    out: Out,
    to: Annotated[Path, typer.Option(help="The ONNX file, for `streamfer run --temporal`.")],
    only: Only = None,
    file: Config = None,
    backbone: Backbone = None,
    workers: Workers = 0,
    device: DeviceName = "auto",
    settings: Settings = None,
    profile: ProfileName = None,
    small: Small = False,
) -> None:
    """Teach a method all corpora but those who are watched, and write the file streamfer runs."""
    from trainers.temporal.export import write_method  # noqa: PLC0415 - slow
    from trainers.temporal.paper.sequences import join  # noqa: PLC0415 - slow
    from trainers.temporal.paper.teaching import teach  # noqa: PLC0415 - slow

    chosen = chosen_settings(settings, profile, small=small)
    together = join(_looked_at(root, out, only, file, backbone, workers, device))
    fold = Fold("nobody", *watched_apart(together.clips, range(len(together.clips))), measured=())
    net = teach(method, together, fold, chosen, out / "all" / method, choose_device(device))
    write_method(
        net.cpu(),
        to,
        method=method,
        backbone_sha256=together.backbone_sha256,
        analysis=chosen.analysis(together.fps),
        notes={
            "training_data": ", ".join(sorted({clip.corpus for clip in together.clips})),
            "training_settings": json.dumps(chosen.of_method(method)),
        },
    )
    typer.echo(f"{to}: {method}, taught {len(fold.taught)} clips")


@app.command()
def length(
    root: Root,
    out: Out,
    only: Only = None,
    file: Config = None,
    backbone: Backbone = None,
    workers: Workers = 0,
    device: DeviceName = "auto",
    settings: Settings = None,
    profile: ProfileName = None,
) -> None:
    """Try all lengths of CNN-S; the highest mean UAR decides (section 4.3)."""
    from trainers.temporal.paper.smoothing import choose_length  # noqa: PLC0415 - slow

    chosen = chosen_settings(settings, profile, small=False)
    corpora = _looked_at(root, out, only, file, backbone, workers, device)
    tried = choose_length(corpora, chosen)
    for corpus, row in zip((*tried.corpora, "mean"), (*tried.uar, tried.uar.mean(0)), strict=True):
        best = int(row.argmax())
        typer.echo(f"{corpus:12} {100 * row[best]:5.1f} % with {tried.lengths[best]} frames")


def _looked_at(
    root: Path,
    out: Path,
    only: list[str] | None,
    file: Path | None,
    backbone: str | None,
    workers: int,
    device: config.Device,
) -> list[Sequences]:
    """The faces of the clips of all corpora of clips that are asked for."""
    # Slow to import.
    from trainers.temporal.paper.embeddings import embed as look  # noqa: PLC0415
    from trainers.temporal.paper.sequences import sequences  # noqa: PLC0415

    analysis, execution = config.load(
        file, {"backbone": backbone, "workers": workers, "device": device}
    )
    there = found(root)
    if unknown := sorted(set(only or ()) - set(there)):
        raise UsageError(f"{root} holds no {unknown[0]}; it holds: {', '.join(there)}.")
    corpora = []
    for name in only or there:
        reading = read(name, there[name])
        clips = [sample for sample in reading.samples if isinstance(sample, Clip)]
        if not clips:
            continue
        timelines = look(name, clips, out / "embeddings", analysis, execution, _tell)
        corpora.append(sequences(clips, timelines))
        _tell(f"{name}: {len(corpora[-1].clips)} of {len(clips)} clips have a face")
        told = Counter(told.reason for told in (*corpora[-1].omitted, *corpora[-1].remarks))
        for reason, count in told.most_common():
            _tell(f"  {count}: {reason}")
    if not corpora:
        raise UsageError(f"{root} holds no corpus of clips.")
    return corpora


def chosen_settings(file: Path | None, profile: Profile | None, *, small: bool) -> Temporal:
    """The settings that are asked for: flags over the file, and the file over the profile.

    Raises:
        UsageError: The file holds none, or those of anything else.
    """
    from trainers.study.settings import Study, load  # noqa: PLC0415 - slow

    study = load(file, {"profile": profile})
    if study != Study(profile=study.profile, temporal=study.temporal):
        raise UsageError(
            f"{file} sets more than profile and [temporal], which is all that is read here; how "
            "videos are analysed is told by --config."
        )
    return for_few_data(study.temporal) if small else study.temporal


def _processes(workers: int) -> int:
    return workers or len(os.sched_getaffinity(0))


def _show(said: Predictions, path: Path) -> None:
    """Keep predictions, and show how good they are, corpus by corpus."""
    said.write(path)
    uars = []
    for corpus in np.unique(said.corpus):
        of = said.where(said.corpus == corpus)
        scores = metrics.scores(of.labels, of.probabilities)
        uars.append(scores["uar"])
        typer.echo(
            f"{corpus:12} {len(of):6} samples  UAR {100 * uars[-1]:5.1f} %  "
            f"accuracy {100 * scores['accuracy']:5.1f} %"
        )
    typer.echo(f"mean UAR {100 * np.mean(uars):.1f} %; {path}")


def _tell(text: str) -> None:
    typer.echo(text, err=True)
