"""Measures the six methods by the paper's protocols: leave-one-corpus-out and cross-validation.

A fold that is done is kept, with its settings: the same call again does what is missing. Folds do
not depend on one another, and with more than one worker each is a task of Ray.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from streamfer.errors import UsageError
from streamfer.store.durable import make_folder, write_file
from streamfer.store.output import safe_name
from trainers import predictions
from trainers.predictions import Predictions
from trainers.protocols import folds
from trainers.protocols.folds import Fold
from trainers.temporal.paper.sequences import Sequences, join
from trainers.temporal.paper.settings import METHODS, Temporal
from trainers.temporal.paper.smoothing import cnn_s, cnn_w
from trainers.temporal.paper.teaching import about, recognise, teach
from trainers.temporal.paper.units import mean_over_windows, predictions_of, units_of
from trainers.temporal.paper.windows import lay_out

_UNTAUGHT = {"cnn-w": cnn_w, "cnn-s": cnn_s}


def leave_one_corpus_out(
    method: str,
    corpora: Sequence[Sequences],
    settings: Temporal,
    out: Path,
    *,
    workers: int = 1,
    device: str = "cpu",
) -> Predictions:
    """What `method` says of each corpus when taught by all others (section 4.3, Table 6).

    CNN-W and CNN-S learn nothing, so that they need no others.

    `out` is the folder in which folds are kept; Ray is joined or started for more `workers` than 1.
    `device` is where recurrent methods are taught, "cpu" or "cuda": then a worker has a GPU each.

    Raises:
        UsageError: A fold cannot be made, or `out` holds one of other settings.
    """
    together = join(corpora)
    divide = folds.each_corpus if method in _UNTAUGHT else folds.leave_one_corpus_out
    protocol = divide(together.clips, settings.left_out)
    kept = out / "leave-one-corpus-out"
    return _measured(method, together, protocol, settings, kept, workers, device)


def cross_validate(
    method: str,
    corpus: Sequences,
    settings: Temporal,
    out: Path,
    *,
    workers: int = 1,
    device: str = "cpu",
) -> Predictions:
    """What `method` says of a corpus when taught by others of its participants (Table 6, CV).

    As `leave_one_corpus_out`; the folds are those of `trainers.protocols.folds.folds_of`.
    """
    protocol = folds.folds_of(corpus.clips)
    kept = out / safe_name(corpus.clips[0].corpus)
    return _measured(method, corpus, protocol, settings, kept, workers, device)


def _measured(
    method: str,
    sequences: Sequences,
    protocol: Sequence[Fold],
    settings: Temporal,
    out: Path,
    workers: int,
    device: str,
) -> Predictions:
    if method not in METHODS:
        raise UsageError(f"There is no method {method!r}; choose one of {', '.join(METHODS)}.")
    places = [out / method / safe_name(fold.name) for fold in protocol]
    for fold, place in zip(protocol, places, strict=True):
        _claim(place, about(method, sequences, fold, settings))
    missing = [
        (fold, place)
        for fold, place in zip(protocol, places, strict=True)
        if not _kept(place).exists()
    ]
    measure = partial(_measure, method, settings, device)
    if workers == 1 or len(missing) < 2:
        for fold, place in missing:
            measure(sequences, fold, place)
    else:
        # Importing Ray takes a second.
        from trainers.temporal.paper.on_ray import side_by_side  # noqa: PLC0415

        side_by_side(measure, sequences, missing, workers, gpu=device == "cuda")
    return predictions.join([predictions.read(_kept(place)) for place in places])


def _measure(
    method: str, settings: Temporal, device: str, sequences: Sequences, fold: Fold, out: Path
) -> None:
    units = units_of(sequences, fold.measured)
    if method in _UNTAUGHT:
        said = _UNTAUGHT[method](sequences, units, settings)
    else:
        net = teach(method, sequences, fold, settings, out, device)
        windows = lay_out(sequences, settings.analysis(sequences.fps)).of(fold.measured)
        said = mean_over_windows(recognise(net, windows), windows.windows, units)
    part = out / "part.parquet"
    predictions_of(sequences, units, said, fold.name).write(part)
    part.replace(_kept(out))


def _kept(out: Path) -> Path:
    return out / "predictions.parquet"


def _claim(out: Path, made_with: dict[str, object]) -> None:
    """Write down what a fold is made with; refuse a folder in which it was made otherwise."""
    path = out / "settings.json"
    if not path.exists():
        make_folder(out)
        write_file(path, json.dumps(made_with, indent=1).encode())
    found = json.loads(path.read_text())
    for name, value in json.loads(json.dumps(made_with)).items():
        if found.get(name) != value:
            raise UsageError(
                f"{out} was made with {name} = {found.get(name)}, not {value}: choose another "
                "folder, or remove it."
            )
