"""Figures 7 to 10 of the paper, of any faces and any backbone, as PNG.

Faces are cut out as `Explainable.crop` says, uint8 (H, W, 3) RGB of any size; labels are indices
into `EMOTIONS`, what somebody annotated. `trainers.analysis.explain.choice` chooses the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from streamfer.emotion.labels import EMOTIONS
from trainers.analysis.explain.explainable import Explainable
from trainers.analysis.explain.heat import heat_maps
from trainers.analysis.explain.method import Method
from trainers.analysis.explain.mixup import Probe, mixup_probe
from trainers.analysis.explain.panels import (
    explain_diamonds,
    percent,
    save,
    scale,
    show_bars,
    show_face,
    show_heat,
)

Face = NDArray[np.uint8]

ABREAST = 4
"""Faces beside each other in Figure 7."""


def figure7(
    explainable: Explainable,
    faces: Sequence[Face],
    labels: Sequence[int],
    path: Path,
    method: Method = Method.GRAD_CAM,
) -> None:
    """Faces that are recognised rightly or wrongly, each with its heat for what was recognised.

    The paper shows eight.
    """
    probabilities = explainable.probabilities(faces)
    rows = -(-len(faces) // ABREAST)
    columns = min(len(faces), ABREAST)
    figure = Figure(figsize=(2.75 * columns + 0.8, 1.75 * rows), layout="constrained")
    axes = figure.subplots(rows, 2 * columns, squeeze=False)
    for axis in axes.flat[2 * len(faces) :]:
        axis.axis("off")
    for index, (face, label, found) in enumerate(zip(faces, labels, probabilities, strict=True)):
        said = int(found.argmax())
        beside, over = axes.flat[2 * index : 2 * index + 2]
        (shown,) = explainable.fit([face])
        (heat,) = heat_maps(explainable, face, [said], method)
        right = "✓" if said == label else "✗"
        show_face(beside, shown, f"annotated:\n{EMOTIONS[label]}", wrong=said != label)
        show_heat(over, shown, heat, f"network: {right}\n{percent(said, found)}")
    scale(figure, list(axes.flat), method)
    save(figure, path)


def figure8(
    explainable: Explainable,
    faces: Sequence[Face],
    labels: Sequence[int],
    path: Path,
    method: Method = Method.GRAD_CAM,
) -> None:
    """Faces whose annotation the network contradicts: its heat for both."""
    probabilities = explainable.probabilities(faces)
    rows = -(-len(faces) // 2)
    columns = min(len(faces), 2)
    figure = Figure(figsize=(4.2 * columns + 0.8, 1.75 * rows), layout="constrained")
    axes = figure.subplots(rows, 3 * columns, squeeze=False)
    for axis in axes.flat[3 * len(faces) :]:
        axis.axis("off")
    for index, (face, label, found) in enumerate(zip(faces, labels, probabilities, strict=True)):
        said = int(found.argmax())
        alone, annotated, recognised = axes.flat[3 * index : 3 * index + 3]
        (shown,) = explainable.fit([face])
        heats = heat_maps(explainable, face, [label, said], method)
        show_face(alone, shown, f"annotated:\n{EMOTIONS[label]}", wrong=said != label)
        show_heat(annotated, shown, heats[0], f"for the annotated\n{percent(label, found)}")
        show_heat(recognised, shown, heats[1], f"for the network's\n{percent(said, found)}")
    scale(figure, list(axes.flat), method)
    save(figure, path)


def figure9(
    explainable: Explainable,
    faces: tuple[Face, Face],
    labels: tuple[int, int],
    path: Path,
    share: float = 0.64,
) -> None:
    """Two faces and their mixture, with the network's probabilities beside the true mixture.

    `share` is the first face's; the paper drew .64.
    """
    _mixtures(explainable, faces, labels, [share], path)


def figure10(
    explainable: Explainable,
    faces: tuple[Face, Face],
    labels: tuple[int, int],
    path: Path,
    share: float = 0.7,
) -> None:
    """The same, of a face with a doubtful annotation and another, mixed both ways.

    In the first mixture the first face has the `share`, in the second the other face.
    """
    _mixtures(explainable, faces, labels, [share, 1 - share], path)


def explanation(
    explainable: Explainable,
    faces: Sequence[Face],
    names: Sequence[str],
    path: Path,
    *,
    target: int | None = None,
    method: Method = Method.GRAD_CAM,
    expected: Sequence[NDArray[np.floating] | None] | None = None,
) -> None:
    """Faces that nobody annotated, a row each: the face, its heat, and its probabilities.

    The heat is for what the network recognises, and beside it for `target`.
    `expected` are probabilities (7,) to compare with, None where there are none.
    """
    columns = 3 if target is None else 4
    figure = Figure(figsize=(2.1 * columns + 0.9, 2.2 * len(faces)), layout="constrained")
    axes = figure.subplots(len(faces), columns, squeeze=False)
    found = explainable.probabilities(faces)
    for index, (row, face) in enumerate(zip(axes, faces, strict=True)):
        targets = [int(found[index].argmax())] + ([] if target is None else [target])
        (shown,) = explainable.fit([face])
        show_face(row[0], shown, names[index])
        for axis, emotion, heat in zip(
            row[1:], targets, heat_maps(explainable, face, targets, method), strict=False
        ):
            show_heat(axis, shown, heat, f"for {percent(emotion, found[index])}")
        show_bars(row[-1], found[index], None if expected is None else expected[index])
    if expected is not None:
        explain_diamonds(figure, "the same mixture of what the network says of each")
    scale(figure, list(axes[:, :-1].flat), method)
    save(figure, path)


def _mixtures(
    explainable: Explainable,
    faces: tuple[Face, Face],
    labels: tuple[int, int],
    shares: Sequence[float],
    path: Path,
) -> None:
    """A column for each face and for each mixture: the picture, and under it its bars."""
    figure = Figure(figsize=(2.0 * (2 + len(shares)) + 0.8, 3.7), layout="constrained")
    axes = figure.subplots(2, 2 + len(shares))
    probes = [mixup_probe(explainable, *faces, share) for share in shares]
    truth = np.eye(len(EMOTIONS))[list(labels)]
    shown = [(probes[0], 0), (probes[0], 1), *((probe, 2) for probe in probes)]
    for column, (probe, which) in enumerate(shown):
        expected = probe.expected(truth)[which]
        found = probe.probabilities[which]
        wrong = bool(found.argmax() != expected.argmax())
        title = f"annotated: {EMOTIONS[labels[which]]}" if which < 2 else _recipe(probe, labels)
        says = f"{title}\nnetwork: {percent(int(found.argmax()), found)} {'✗' if wrong else '✓'}"
        show_face(axes[0, column], probe.faces[which], says, wrong=wrong)
        show_bars(axes[1, column], found, expected, names=column == 0)
    explain_diamonds(figure, "the true mixture of the annotations")
    save(figure, path)


def _recipe(probe: Probe, labels: tuple[int, int]) -> str:
    first, second = (EMOTIONS[label] for label in labels)
    return f"{probe.share:.2g} {first} + {1 - probe.share:.2g} {second}"
