"""Figure 6: a confusion matrix, with counts and shares written in its cells.

Figures 7 to 10 are drawn by `trainers.analysis.explain`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from streamfer.emotion.labels import EMOTIONS
from trainers.analysis.statistics import Matrices


def figure6(matrix: Matrices, title: str, path: Path) -> None:
    """Draw a confusion matrix (7, 7), rows true, as a PNG: counts, and per cent of the row.

    Shades of grey follow the shares, so that it can be printed; the numbers say the same.
    """
    samples = matrix.sum(1, keepdims=True)
    shares = np.divide(matrix, samples, out=np.zeros(matrix.shape), where=samples > 0)
    figure = Figure(figsize=(6.4, 6.2), layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Greys", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        share = shares[row, column]
        axes.text(
            column,
            row,
            f"{count}\n{100 * share:.1f} %",
            ha="center",
            va="center",
            fontsize=8,
            color="white" if share > 0.5 else "black",
            fontweight="bold" if row == column else "normal",
        )
    axes.set_xticks(range(len(EMOTIONS)), [emotion[:2].upper() for emotion in EMOTIONS])
    axes.set_yticks(
        range(len(EMOTIONS)), [f"{emotion}\n{emotion[:2].upper()}" for emotion in EMOTIONS]
    )
    axes.set_xlabel("recognised as")
    axes.set_ylabel("true")
    axes.set_title(title, parse_math=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, metadata={"Software": None})
