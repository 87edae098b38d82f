"""Measure where FER2013's faces have their eyes, nose and mouth: `streamfer.faces.align.TEMPLATE`.

    python -m trainers.backbone.template --data fer2013.zip

Faces at run time are moved onto this template, so that they fill the crop as the faces that
the backbone learned from did.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streamfer.faces.detector import load_detector
from trainers.corpora import fer2013

SAMPLE = 2000
SIDE = 160  # pixels to which a face is enlarged
BORDER = 32  # black pixels around it: a detector expects something around a face
MIN_SCORE = 0.5


def enlarge(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A grey face (S, S) as RGB (SIDE, SIDE, 3)."""
    large = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.repeat(large[..., None], 3, axis=2)


def landmarks(images: NDArray[np.uint8]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Find the landmarks of grey faces (N, S, S).

    Returns the indices (n,) of the faces in which they were found, and the landmarks (n, 5, 2)
    as fractions of the side.
    """
    detector = load_detector("default", min_score=MIN_SCORE)
    indices, points = [], []
    for index, image in enumerate(images):
        framed = np.pad(enlarge(image), ((BORDER, BORDER), (BORDER, BORDER), (0, 0)))
        (found,) = detector.detect([framed])
        if len(found):
            indices.append(index)
            points.append((found.landmarks[0].astype(np.float64) - BORDER) / SIDE)
    return np.array(indices, np.intp), np.stack(points)


def symmetric(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of five landmarks (5, 2) and their mirror image."""
    mirrored = points[[1, 0, 2, 4, 3]] * [-1, 1] + [1, 0]
    return (points + mirrored) / 2


def main() -> None:
    """Print the median landmarks, made symmetric, and how far faces stray from them."""
    parser = argparse.ArgumentParser(description="Measure the template of FER2013's faces.")
    parser.add_argument("--data", type=Path, required=True, help="fer2013.zip or its folder")
    images = fer2013.load(parser.parse_args().data, "train").images
    chosen = np.random.default_rng(0).choice(len(images), SAMPLE, replace=False)
    _, points = landmarks(images[chosen])
    median = np.median(points, axis=0)
    stray = np.median(np.abs(points - median), axis=0)
    figures = {
        "faces_found": len(points),
        "median": median.round(4).tolist(),
        "template": symmetric(median).round(4).tolist(),
        "median_deviation": stray.round(4).tolist(),
    }
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
