"""Training a backbone, and asking one that was trained."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from streamfer.errors import UsageError
from streamfer.store.durable import write_file
from trainers.backbone.paper.networks import network, read_state
from trainers.backbone.paper.pictures import ResizedStills
from trainers.backbone.paper.settings import BackboneSettings
from trainers.backbone.paper.task import MakeBackboneTask, probabilities
from trainers.corpora.samples import Still
from trainers.fitting.checkpoint import About, Epoch
from trainers.fitting.loop import fit
from trainers.fitting.settings import Fit
from trainers.predictions import Predictions

WEIGHTS = "backbone.pt"
CARD = "backbone.json"


@dataclass(frozen=True)
class Trained:
    """A trained backbone.

    file: its weights, a state dict; a ResNet-50 with 512 neurons is one that
    `streamfer run --backbone` takes. The file `CARD` beside it says what it is.
    """

    file: Path
    settings: BackboneSettings
    history: list[Epoch]
    best: Epoch


def train(
    settings: BackboneSettings,
    taught: Sequence[Still],
    watched: Sequence[Still],
    out: Path,
    *,
    workers: int = 0,
    device: str = "cpu",
    initial: Path | None = None,
    address: str | None = None,
) -> Trained:
    """Train a backbone in `workers` of Ray Train, or in this process (0).

    The same call goes on after a kill, and ends with the same weights. `taught` are the pictures
    to learn from; after each epoch `watched` tell how good it is. `initial` are first weights: see
    `networks.initialise`.

    Raises:
        UsageError: `out` holds another configuration's checkpoint; or see `initialise`.
        InputError: A picture cannot be read.
    """
    initial = initial and initial.absolute()  # a worker may stand in another folder
    making = MakeBackboneTask(settings, tuple(taught), tuple(watched), initial)
    about: About = settings.plain() | {
        "first weights": weights_digest(initial) if initial else "random",
        "taught pictures": names(taught),
        "watched pictures": names(watched),
    }
    if workers:
        from trainers.fitting.distributed import fit_distributed  # noqa: PLC0415 - slow: ray

        fitted = fit_distributed(
            making,
            settings.fit,
            out,
            workers=workers,
            device=device,
            about=about,
            address=address,
        )
    else:
        fitted = fit(making, settings.fit, out, about=about, device=device)
    data = io.BytesIO()
    torch.save(fitted.state, data)
    write_file(out / WEIGHTS, data.getvalue())
    card = {
        "settings": asdict(settings),
        "first weights": about["first weights"],
        "taught": _counted(taught),
        "watched": _counted(watched),
        "best": asdict(fitted.best),
        "sha256": hashlib.sha256(data.getvalue()).hexdigest(),
    }
    write_file(out / CARD, json.dumps(card, indent=1).encode())
    return Trained(out / WEIGHTS, settings, fitted.history, fitted.best)


def load(file: Path) -> tuple[nn.Module, BackboneSettings]:
    """A trained backbone in evaluation mode, and its settings, from the file that `train` wrote.

    Raises:
        UsageError: It is no such file, or the file `CARD` is not beside it.
    """
    try:
        card = json.loads((file.parent / CARD).read_text())
    except OSError as error:
        raise UsageError(f"{file} needs its {CARD} beside it: {error.strerror}.") from error
    values = card["settings"]
    settings = BackboneSettings(**values | {"fit": Fit(**values["fit"])})
    net = network(settings)
    try:
        net.load_state_dict(read_state(file))
    except RuntimeError as error:
        raise UsageError(f"{file} is not the network of its {CARD}: {error}") from error
    return net.eval(), settings


def predict(
    trained: Trained | Path, stills: Sequence[Still], *, fold: str, device: str = "cpu"
) -> Predictions:
    """What a trained backbone, or the one in a file, says of stills; `fold` as in `Predictions`."""
    net, settings = load(trained if isinstance(trained, Path) else trained.file)
    pictures = ResizedStills(stills, settings.side, settings.resize)
    return Predictions.of(stills, fold, probabilities(net.to(device), pictures))


def _counted(stills: Sequence[Still]) -> dict[str, int]:
    return dict(Counter(still.corpus for still in stills))


def names(stills: Sequence[Still]) -> str:
    """How many stills, and a hash of their names and labels: so that others are noticed."""
    text = "\n".join(f"{still.corpus}/{still.name}:{still.label}" for still in stills)
    return f"{len(stills)} ({hashlib.sha256(text.encode()).hexdigest()[:12]})"


def weights_digest(path: Path) -> str:
    """The SHA-256 of first weights, a file or a folder. Raises UsageError if it cannot be read."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        data = b"".join(file.read_bytes() for file in files)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    return hashlib.sha256(data).hexdigest()
