"""Whether heat is true: hiding what is hot must cost the expression more than what is cold.

    python -m trainers.analysis.explain.faithfulness --fer2013 fer2013.zip [--backbone NAME|FILE]

prints for each method what hiding the hottest and the coldest fifth of a face costs the expression
that is recognised, and how often the hot costs more, on faces of FER2013's public_test.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from trainers.analysis.explain.explainable import Explainable, load_explainable
from trainers.analysis.explain.heat import heat_maps
from trainers.analysis.explain.method import Method
from trainers.corpora import fer2013

FIFTH = 0.2
BLUR = 1 / 8
"""Standard deviation of the blur that hides, in sides of the face."""


def costs(
    explainable: Explainable, faces: Sequence[NDArray[np.uint8]], method: Method
) -> NDArray[np.float32]:
    """By how much the probability of what is recognised falls: float32 (N, 2).

    First where the hottest fifth of each face, uint8 (H, W, 3) RGB, is blurred, then where the
    coldest is.
    """
    probabilities = explainable.probabilities(faces)
    rows, said = np.arange(len(faces)), probabilities.argmax(1)
    shown = explainable.fit(faces)
    heats = [
        heat_maps(explainable, face, [int(emotion)], method)[0]
        for face, emotion in zip(shown, said, strict=True)
    ]
    left = [
        explainable.probabilities([hide(*pair, hottest) for pair in zip(shown, heats, strict=True)])
        for hottest in (True, False)
    ]
    fallen: NDArray[np.float32] = np.stack(
        [probabilities[rows, said] - after[rows, said] for after in left], axis=1
    )
    return fallen


def hide(face: NDArray[np.uint8], heat: NDArray[np.float32], hottest: bool) -> NDArray[np.uint8]:
    """A face (S, S, 3) with the hottest or the coldest fifth of its pixels blurred."""
    order = np.argsort(heat, axis=None, kind="stable")
    count = round(FIFTH * heat.size)
    places = np.unravel_index(order[-count:] if hottest else order[:count], heat.shape)
    hidden = face.copy()
    hidden[places] = cv2.GaussianBlur(face, (0, 0), BLUR * len(face))[places]
    return hidden


def main() -> None:
    """Measure on faces chosen by chance, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description="Measure whether heat maps are true.")
    parser.add_argument("--fer2013", type=Path, required=True, help="fer2013.zip or its folder")
    parser.add_argument("--backbone", default="default", help="a name, or a file")
    parser.add_argument("--count", type=int, default=500, help="how many faces")
    arguments = parser.parse_args()
    images = fer2013.load(arguments.fer2013, "public_test").images
    chosen = np.random.default_rng(0).choice(len(images), arguments.count, replace=False)
    faces = [np.repeat(image[..., None], 3, axis=2) for image in images[chosen]]
    explainable = load_explainable(arguments.backbone)
    for method in Method:
        hot, cold = costs(explainable, faces, method).T
        figures = {
            "method": method,
            "backbone": explainable.name,
            "faces": len(faces),
            "hot_costs": round(float(hot.mean()), 3),
            "cold_costs": round(float(cold.mean()), 3),
            "hot_costs_more": round(float((hot > cold).mean()), 3),
        }
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
