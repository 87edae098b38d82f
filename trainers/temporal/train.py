r"""Train the temporal methods that learn: what to say of a window of which some faces are spoilt.

    python -m trainers.temporal.train --videos FOLDER --press press_faces.zip \
        --fer2013 fer2013.zip --out runs/temporal

Writes one ONNX file for each method. They fit the backbone whose embeddings they were trained
on and no other: with a new backbone, run it again. The first run with a backbone looks at all
faces, and keeps what it said in the folder `--out`.

With `--sound` the recurrent ones listen too (late fusion), and are written as NAME-sound.onnx.

The target is soft: the probabilities that CNN-S gives for the same window unspoilt. The paper
trains on labels, with SGD at a rate of 1e-4, for which there are too few windows here.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from streamfer.config import Analysis
from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.temporal.cnn_gru import CnnGru
from streamfer.emotion.temporal.cnn_lstm import CnnLstm
from streamfer.emotion.temporal.cnn_lstm_a import CnnLstmA
from streamfer.emotion.temporal.late_fusion import LateFusion
from streamfer.errors import UsageError
from trainers.temporal import data
from trainers.temporal.examples import Examples, lay_out
from trainers.temporal.export import write_method
from trainers.temporal.hearing import with_sound
from trainers.temporal.shrink import shrink
from trainers.temporal.svm import fit_svm

RECURRENT: dict[str, type[nn.Module]] = {
    "cnn-lstm": CnnLstm,
    "cnn-gru": CnnGru,
    "cnn-lstm-a": CnnLstmA,
}
METHODS = ("cnn-svm", *RECURRENT)

NOTES = {
    "training_data": "sequences of press faces, FER2013 (Goodfellow et al. 2013) and video clips, "
    "some of their faces spoilt; the target is CNN-S of the same sequences unspoilt",
    "licence": "weights: Apache-2.0; the training pictures have terms of their own",
}

DEVELOPMENT = 8  # of so many persons that are learnt from, one is kept back to watch


@dataclass(frozen=True)
class Recipe:
    """Settings of a training run."""

    epochs: int = 6
    batch: int = 64
    lr: float = 1e-3
    """Highest rate of AdamW, reached in `warmup` steps; it falls to 0 in half a cosine."""
    warmup: int = 100
    weight_decay: float = 1e-2
    longest_step: float = 1.0
    """Norm to which larger gradients are cut."""
    seed: int = 71


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave.

    `agreement` is the share of the corrupted windows of people kept back of which the network
    says what CNN-S says of them unspoilt.
    """

    method: str
    epoch: int
    loss: float
    agreement: float
    seconds: float


def train(
    net: nn.Module, method: str, fitted: Examples, watched: Examples, recipe: Recipe
) -> Iterator[Epoch]:
    """Train `net` epoch by epoch; the same weights and seed give the same weights again."""
    torch.manual_seed(recipe.seed)
    optimiser = torch.optim.AdamW(net.parameters(), recipe.lr, weight_decay=recipe.weight_decay)
    steps = recipe.epochs * -(-len(fitted) // recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min(1, (step + 1) / recipe.warmup) * (1 + np.cos(np.pi * step / steps)) / 2,
    )
    targets = torch.from_numpy(fitted.target)
    for number in range(recipe.epochs):
        started = time.monotonic()
        net.train()
        losses = []
        for chosen in torch.split(torch.randperm(len(fitted)), recipe.batch):
            with torch.autocast("cpu", torch.bfloat16):
                logits = net(*fitted.tensors(chosen.numpy()))
            loss = functional.cross_entropy(logits.float(), targets[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), recipe.longest_step)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        agrees = predict(net, watched).argmax(1) == watched.target.argmax(1)
        yield Epoch(
            method, number + 1, float(np.mean(losses)), agrees.mean(), time.monotonic() - started
        )


@torch.no_grad()
def predict(net: nn.Module, examples: Examples) -> NDArray[np.float32]:
    """Probabilities (W, 7), in full precision."""
    net.eval()
    batches = np.array_split(np.arange(len(examples)), -(-len(examples) // 256))
    logits = torch.cat([net(*examples.tensors(chosen)) for chosen in batches])
    probabilities: NDArray[np.float32] = functional.softmax(logits, dim=1).numpy()
    return probabilities


def listening(net: nn.Module, fitted: Examples) -> LateFusion:
    """`net` with the sound beside it, which is standardised by what is heard in `fitted`.

    Raises:
        UsageError: Nothing is.
    """
    _, _, mel, heard = fitted.tensors(np.arange(len(fitted)))
    mel = mel[heard > 0]
    if not len(mel):
        raise UsageError("None of the clips that are learnt from has sound.")
    return LateFusion(net, mel.mean(0), mel.std(0).clamp(min=1e-3))


def kept_back(examples: Examples) -> NDArray[np.bool_]:
    """Which windows show one of the persons that are watched, not fitted: (W,)."""
    digests = (sha256(person.encode()).digest() for person in examples.person)
    return np.array([digest[0] % DEVELOPMENT == 0 for digest in digests])


def write(
    net: nn.Module, path: Path, method: str, backbone_sha256: str, analysis: Analysis
) -> None:
    """Write the file that streamfer runs, with small weights."""
    write_method(
        net,
        path,
        method=method,
        backbone_sha256=backbone_sha256,
        analysis=analysis,
        notes=NOTES,
    )
    model = onnx.load(path)
    shrink(model)
    onnx.save(model, path)


def main() -> None:
    """Read the arguments, train, write the files, and print one JSON line an epoch."""
    parser = argparse.ArgumentParser(description="Train the temporal methods.")
    parser.add_argument("--videos", type=Path, required=True, help="folder of the clips")
    parser.add_argument("--press", type=Path, required=True, help="press_faces.zip")
    parser.add_argument("--fer2013", type=Path, required=True, help="fer2013.zip or its folder")
    parser.add_argument("--backbone", default="default", help="name, or ONNX file")
    parser.add_argument("--method", choices=METHODS, action="append", help="one of them; or all")
    parser.add_argument("--sound", action="store_true", help="let the recurrent ones listen")
    parser.add_argument("--out", type=Path, required=True, help="folder of files and readings")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.sound and "cnn-svm" in (arguments.method or ()):
        parser.error("cnn-svm does not listen")
    backbone = load_backbone(arguments.backbone)
    readings = data.fitted(
        arguments.videos, arguments.press, arguments.fer2013, arguments.backbone, arguments.out
    )
    analysis, recipe = Analysis(), Recipe()
    examples = lay_out(readings, analysis)
    examples = examples.where(examples.clean | examples.corrupted)
    if arguments.sound:
        examples = with_sound(examples, arguments.videos, analysis)
    watched = kept_back(examples)
    fitted, watching = examples.where(~watched), examples.where(watched & examples.corrupted)
    chosen = arguments.method or (RECURRENT if arguments.sound else METHODS)
    for method in chosen:
        if method == "cnn-svm":
            net: nn.Module = fit_svm(fitted, recipe.seed)
        else:
            torch.manual_seed(recipe.seed)
            net = RECURRENT[method]()
            net = listening(net, fitted) if arguments.sound else net
            for epoch in train(net, method, fitted, watching, recipe):
                print(json.dumps(asdict(epoch)), flush=True)
        name = f"{method}-sound" if arguments.sound else method
        write(net, arguments.out / f"{name}.onnx", method, backbone.sha256, analysis)


if __name__ == "__main__":
    main()
