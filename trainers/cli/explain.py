"""`python -m trainers explain`: what a backbone looks at in a photograph."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import InputError, UsageError
from trainers.analysis.explain.method import Method

LONGEST = 28
"""Characters of a file's name that fit above its picture."""


def explain(
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE…", help="Photographs; of each the largest face.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.png", help="The figure to write.")],
    backbone: Annotated[
        str, typer.Option(help="A name of `streamfer models list`, or a file.")
    ] = "default",
    target: Annotated[
        str | None,
        typer.Option(metavar="EMOTION", help="Show also what speaks for this expression."),
    ] = None,
    mix: Annotated[
        Path | None,
        typer.Option(metavar="OTHER", help="Another photograph, to be mixed with the one IMAGE."),
    ] = None,
    share: Annotated[float, typer.Option(help="The share of IMAGE in the mixture.")] = 0.64,
    method: Annotated[
        Method, typer.Option(help="Grad-CAM, as in the paper, or LayerCAM, whose maps are finer.")
    ] = Method.GRAD_CAM,
) -> None:
    """Show where a backbone looks (Grad-CAM), and what it says of two faces mixed.

    The figure shows the faces; nothing else is written.
    """
    # torch takes seconds that --help need not wait for.
    try:
        from streamfer.faces.detector import load_detector  # noqa: PLC0415
        from trainers.analysis.explain.explainable import load_explainable  # noqa: PLC0415
        from trainers.analysis.explain.figures import explanation  # noqa: PLC0415
        from trainers.analysis.explain.mixup import mixup_probe  # noqa: PLC0415
        from trainers.analysis.explain.photograph import (  # noqa: PLC0415
            find_face,
            read_photograph,
        )
    except ModuleNotFoundError as error:
        raise UsageError(
            f"Explaining needs {error.name}: run `pip install streamfer[trainers]`."
        ) from None

    if target is not None and target not in EMOTIONS:
        raise UsageError(f"There is no emotion {target!r}; there are: {', '.join(EMOTIONS)}.")
    if mix is not None and len(images) != 1:
        raise UsageError("With --mix give one IMAGE: it is mixed with the other photograph.")
    paths = images if mix is None else [*images, mix]
    if out.resolve() in {path.resolve() for path in paths}:
        raise UsageError(f"The figure would take the place of {out}: give it another name.")
    pictures = [read_photograph(path) for path in paths]
    explainable, detector = load_explainable(backbone), load_detector()
    faces, names = [], []
    for path, picture in zip(paths, pictures, strict=True):
        found = find_face(picture, detector, explainable.crop)
        if found is None:
            raise InputError(f"In {path} there is no face that the detector finds.")
        if found.count > 1:
            typer.echo(f"{path}: {found.count} faces; the largest is taken", err=True)
        faces.append(found.face)
        names.append(_short(path.name))
    expected = None
    if mix is not None:
        probe = mixup_probe(explainable, faces[0], faces[1], share)
        faces.append(probe.faces[2])
        names.append(f"{share:.2g} of the first,\n{1 - share:.2g} of the second")
        expected = [None, None, probe.expected(probe.probabilities[:2])[2]]
    explanation(
        explainable,
        faces,
        names,
        out,
        target=None if target is None else EMOTIONS.index(target),
        method=method,
        expected=expected,
    )
    typer.echo(f"Figure: {out}", err=True)


def _short(name: str) -> str:
    """A file's name as it fits above its picture, in characters that can be drawn."""
    drawable = name.encode(errors="replace").decode()
    return drawable if len(drawable) <= LONGEST else f"{drawable[: LONGEST - 8]}…{drawable[-7:]}"
