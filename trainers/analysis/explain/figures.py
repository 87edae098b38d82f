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


def figure7(
    explainable: Explainable, faces: Sequence[Face], labels: Sequence[int], path: Path
) -> None:
    """Faces that are recognised rightly or wrongly, each with its heat for what was recognised.

    The paper shows eight.
    """
    figure, axes = _grid(len(faces), abreast=4, panels=2)
    found = explainable.probabilities(faces)
    for index, face in enumerate(explainable.fit(faces)):
        label, said = labels[index], int(found[index].argmax())
        (heat,) = heat_maps(explainable, face, [said])
        right = "✓" if said == label else "✗"
        beside, over = axes[index]
        show_face(beside, face, f"annotated:\n{EMOTIONS[label]}", wrong=said != label)
        show_heat(over, face, heat, f"network: {right}\n{percent(said, found[index])}")
    scale(figure, axes, Method.GRAD_CAM)
    save(figure, path)


def figure8(
    explainable: Explainable, faces: Sequence[Face], labels: Sequence[int], path: Path
) -> None:
    """Faces whose annotation the network contradicts: its heat for both."""
    figure, axes = _grid(len(faces), abreast=2, panels=3)
    found = explainable.probabilities(faces)
    for index, face in enumerate(explainable.fit(faces)):
        label, said = labels[index], int(found[index].argmax())
        heats = heat_maps(explainable, face, [label, said])
        alone, annotated, recognised = axes[index]
        show_face(alone, face, f"annotated:\n{EMOTIONS[label]}", wrong=said != label)
        show_heat(annotated, face, heats[0], f"for the annotated\n{percent(label, found[index])}")
        show_heat(recognised, face, heats[1], f"for the network's\n{percent(said, found[index])}")
    scale(figure, axes, Method.GRAD_CAM)
    save(figure, path)


def figure9(
    explainable: Explainable, faces: tuple[Face, Face], labels: tuple[int, int], path: Path
) -> None:
    """Two faces and their mixture, with the network's probabilities beside the true mixture.

    The first face has a share of .64, as in the paper.
    """
    _mixtures(explainable, faces, labels, [0.64], path)


def figure10(
    explainable: Explainable, faces: tuple[Face, Face], labels: tuple[int, int], path: Path
) -> None:
    """The same, of a face with a doubtful annotation and another, mixed both ways.

    In the first mixture the first face has a share of .7, in the second one of .3.
    """
    _mixtures(explainable, faces, labels, [0.7, 0.3], path)


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
    `expected` are probabilities (7,) to compare with, None where there are none; with them and
    without a target, a network of which no maps are known is shown without heat.

    Raises:
        UsageError: No maps of the network are known, or the figure cannot be written.
    """
    heated = target is not None or expected is None or explainable.last is not None
    columns = (3 if target is None else 4) if heated else 2
    figure = Figure(figsize=(2.1 * columns + 0.9, 2.2 * len(faces)), layout="constrained")
    axes = figure.subplots(len(faces), columns, squeeze=False)
    found = explainable.probabilities(faces)
    for index, face in enumerate(explainable.fit(faces)):
        beside, *over, bars = axes[index]
        show_face(beside, face, names[index])
        if heated:
            targets = [int(found[index].argmax())] + ([] if target is None else [target])
            heats = heat_maps(explainable, face, targets, method)
            for axis, emotion, heat in zip(over, targets, heats, strict=True):
                show_heat(axis, face, heat, f"for {percent(emotion, found[index])}")
        show_bars(bars, found[index], None if expected is None else expected[index])
    if expected is not None:
        explain_diamonds(figure, "the same mixture of what the network says of each")
    if heated:
        scale(figure, axes[:, :-1], method)
    save(figure, path)


def _grid(samples: int, *, abreast: int, panels: int) -> tuple[Figure, NDArray[np.object_]]:
    """A figure with `panels` for each sample, and their axes (samples or more, panels)."""
    columns, rows = min(samples, abreast), -(-samples // abreast)
    figure = Figure(figsize=(1.4 * panels * columns + 0.8, 1.75 * rows), layout="constrained")
    axes = figure.subplots(rows, panels * columns, squeeze=False).reshape(-1, panels)
    for axis in axes[samples:].flat:
        axis.axis("off")
    return figure, axes


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
