"""A picture of where the backbone fails: one face, made harder step by step, and what it says.

    python -m trainers.backbone.failures --model FILE.onnx --out FILE.jpg

The face is scikit-image's photograph of Eileen Collins (NASA, public domain). She smiles
throughout.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.data import astronaut

from streamfer.emotion.backbone import load_backbone
from streamfer.emotion.labels import EMOTIONS
from streamfer.faces.align import align
from streamfer.faces.detector import load_detector

Picture = NDArray[np.uint8]

STEPS = 6
CELL = 144  # pixels of a face in the picture
TEXT = 40  # pixels of the line below it


def _turned(face: Picture, step: int) -> Picture:
    middle = (face.shape[1] / 2, face.shape[0] / 2)
    matrix = cv2.getRotationMatrix2D(middle, 18 * step, 1)
    changed: Picture = cv2.warpAffine(
        face, matrix, face.shape[1::-1], borderMode=cv2.BORDER_REPLICATE
    )
    return changed


def _blurred(face: Picture, step: int) -> Picture:
    changed: Picture = cv2.GaussianBlur(face, (0, 0), 0.01 + step)
    return changed


def _darkened(face: Picture, step: int) -> Picture:
    noise = np.random.default_rng(0).normal(0, 3, face.shape)
    return np.clip(face * 0.55**step + noise, 0, 255).astype(np.uint8)


def _shrunk(face: Picture, step: int) -> Picture:
    side = [96, 48, 32, 24, 16, 10][step]
    small = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
    changed: Picture = cv2.resize(small, face.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return changed


def _covered(face: Picture, step: int) -> Picture:
    covered = face.copy()
    covered[round(face.shape[0] * (1 - step / 8)) :] = 90
    return covered


def _squeezed(face: Picture, step: int) -> Picture:
    """Narrower, as a head that turns away looks."""
    width = round(face.shape[1] * (1 - 0.13 * step))
    narrow = cv2.resize(face, (width, face.shape[0]), interpolation=cv2.INTER_AREA)
    left = (face.shape[1] - width) // 2
    right = face.shape[1] - width - left
    changed: Picture = cv2.copyMakeBorder(
        narrow, 0, 0, left, right, borderType=cv2.BORDER_REPLICATE
    )
    return changed


CHANGES = (_turned, _blurred, _darkened, _shrunk, _covered, _squeezed)


def face() -> Picture:
    """The face, framed as in a run but not yet small: uint8 RGB (192, 192, 3)."""
    photograph = astronaut()
    (found,) = load_detector("default").detect([photograph])
    cut: Picture = align(photograph, found.landmarks[:1], 192)[0]
    return cut


def main() -> None:
    """Draw a row for each kind of change, from none to much."""
    parser = argparse.ArgumentParser(description="Draw where a backbone fails.")
    parser.add_argument("--model", default="default", help="name or ONNX file")
    parser.add_argument("--out", type=Path, required=True, help="the picture to write")
    arguments = parser.parse_args()
    backbone, clean = load_backbone(arguments.model), face()
    rows = []
    for change in CHANGES:
        faces = [change(clean, step) for step in range(STEPS)]
        _, probabilities = backbone.predict(faces)
        cells = []
        for picture, row in zip(faces, probabilities, strict=True):
            cell = np.full((CELL + TEXT, CELL, 3), 255, np.uint8)
            cell[:CELL] = cv2.resize(picture, (CELL, CELL), interpolation=cv2.INTER_AREA)
            best = int(row.argmax())
            colour = (20, 110, 40) if EMOTIONS[best] == "happiness" else (190, 30, 30)
            text = f"{EMOTIONS[best]} {row[best]:.2f}"
            cv2.putText(
                cell, text, (6, CELL + 24), cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA
            )
            cells.append(cell)
        rows.append(np.hstack(cells))
    drawn = np.vstack(rows)
    cv2.imwrite(str(arguments.out), drawn[..., ::-1])


if __name__ == "__main__":
    main()
