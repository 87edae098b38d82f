"""What the figures are put together from: a face, a heat map over it, seven bars."""

from __future__ import annotations

import io
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from streamfer.emotion.labels import EMOTIONS
from streamfer.errors import UsageError
from trainers.analysis.explain.method import Method

_CSS = (files("streamfer.report") / "assets" / "page.css").read_text(encoding="utf-8")
COLOURS = tuple(re.findall(rf"--(?:{'|'.join(EMOTIONS)}): (#\w{{6}});", _CSS))
"""The colours of `EMOTIONS` in streamfer's reports, which are apart for all kinds of vision."""

HEAT = "YlOrRd"
INK, WRONG = "#1d2329", "#a63c00"
DOTS_PER_INCH = 150


def show_face(axes: Axes, face: NDArray[np.uint8], title: str, *, wrong: bool = False) -> None:
    """A face (H, W, 3), with what is said of it above; the frame is broken where that is wrong."""
    _frame(axes, title, wrong=wrong)
    axes.imshow(face, interpolation="bicubic")


def show_heat(axes: Axes, face: NDArray[np.uint8], heat: NDArray[np.float32], title: str) -> None:
    """A face in grey under its heat (H, W) in 0..1, with a line around what is above a half."""
    _frame(axes, title)
    axes.imshow(face @ np.array([0.299, 0.587, 0.114]), cmap="gray", vmin=0, vmax=255)
    axes.imshow(heat, cmap=HEAT, vmin=0, vmax=1, alpha=0.8 * heat)
    if heat.max() > 0.5:
        axes.contour(heat, [0.5], colors="white", linewidths=2.2)
        axes.contour(heat, [0.5], colors=INK, linewidths=0.9)
    if not heat.any():
        axes.text(
            0.5,
            0.04,
            "no place speaks for it",
            transform=axes.transAxes,
            ha="center",
            fontsize=7,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )


def show_bars(
    axes: Axes,
    probabilities: NDArray[np.floating],
    expected: NDArray[np.floating] | None = None,
    *,
    names: bool = True,
) -> None:
    """Seven probabilities (7,) as bars with their numbers; diamonds are at what was expected."""
    places = range(len(EMOTIONS))
    axes.barh(places, probabilities, color=COLOURS, edgecolor=INK, linewidth=0.6)
    for place, value in zip(places, probabilities, strict=True):
        known = 0.0 if expected is None else float(expected[place])
        axes.text(1.05, place, f"{value:.2f}", va="center", fontsize=7, color=INK)
        if known:
            axes.plot(
                known, place, "D", markersize=5, color="white", mec=INK, mew=1.1, clip_on=False
            )
    axes.set_xlim(0, 1)
    axes.set_ylim(len(EMOTIONS) - 0.4, -0.6)
    axes.set_xticks([0, 0.5, 1], ["0", ".5", "1"], fontsize=7)
    axes.set_yticks(places, EMOTIONS if names else [""] * len(EMOTIONS), fontsize=8)
    axes.tick_params(length=0)
    axes.grid(axis="x", color="#d5dae0", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def explain_diamonds(figure: Figure, meaning: str) -> None:
    """Under a figure, what was expected where `show_bars` shows it."""
    figure.supxlabel(f"◇ {meaning}", fontsize=8, color=INK)


def scale(figure: Figure, axes: NDArray[np.object_], method: Method) -> None:
    """Beside `axes` of a figure, what the colours of heat mean."""
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, 1), HEAT),
        ax=axes.ravel().tolist(),
        shrink=0.6,
        aspect=25,
        pad=0.02,
    )
    bar.set_ticks([0, 0.5, 1], labels=["0", "half", "most"], fontsize=7)
    bar.set_label(f"speaks for the expression ({method.label})", fontsize=7)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG.

    Raises:
        UsageError: It cannot be written there.
    """
    # In memory first: an error in drawing leaves no half file.
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.getvalue())
    except OSError as error:
        raise UsageError(f"The figure {path} cannot be written: {error.strerror}.") from None


def percent(emotion: int, probabilities: NDArray[np.floating]) -> str:
    """An expression with its probability of the seven, as in "fear 61 %"."""
    return f"{EMOTIONS[emotion]} {probabilities[emotion]:.0%}".replace("%", " %")


def _frame(axes: Axes, title: str, *, wrong: bool = False) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    # Titles may be names of files, which may hold dollars: no formulas.
    axes.set_title(title, fontsize=8, color=INK, pad=4, parse_math=False)
    for side in axes.spines.values():
        side.set(
            color=WRONG if wrong else INK,
            linewidth=2 if wrong else 0.8,
            linestyle=(0, (3, 2)) if wrong else "-",
        )
