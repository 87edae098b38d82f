"""MTCNN (Zhang et al. 2016): three small networks, each judging what the one before let through.

P-Net slides a window of 12 x 12 pixels over the picture at many sizes, R-Net looks at what it found
at 24 x 24, O-Net at 48 x 48, with the landmarks. Each says how likely a face is, and by how much
the edges of the box should move.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streamfer.faces.detections import Faces, Floats, Picture, best_boxes, has_area, iou, suppress
from streamfer.faces.mtcnn_networks import load, o_net, p_net, r_net
from streamfer.media.rgb import require_rgb
from streamfer.weights.runtime import Device

WINDOW, STRIDE = 12, 2  # pixels that P-Net sees at once, and from one window to the next
MIN_FACE = 20  # pixels; the size of the windows in the largest picture
SHRINKING = 0.709  # from one picture to the next: half the area
MIN_P, MIN_R = 0.6, 0.7  # least probabilities to go on; O-Net's is the detector's least score
MAX_IOU_WITHIN, MAX_IOU = 0.5, 0.7  # of windows of one size, and of candidates of all sizes


class Mtcnn:
    """Finds faces; see `streamfer.faces.detector.Detector`.

    `folder` holds the three state dicts, in .pt files of any names. Faces smaller than `MIN_FACE`
    are not found.

    Raises:
        UsageError: The folder does not hold the three networks, or a file is no plain weights.
    """

    name = "mtcnn"

    def __init__(self, folder: Path, device: Device, min_score: float) -> None:
        networks, self.sha256 = load(folder)
        self.runtime = f"torch-{device}-fp32"
        self._p, self._r, self._o = (
            {key: value.to(device) for key, value in weights.items()} for weights in networks
        )
        self._device = device
        self._min_score = min_score

    def detect(self, pictures: Sequence[Picture]) -> list[Faces]:
        """The faces of each uint8 (H, W, 3) RGB picture, best first, in its own pixels."""
        require_rgb(pictures, "picture")
        with torch.inference_mode():
            return [self._detect(picture) for picture in pictures]

    def _detect(self, picture: Picture) -> Faces:
        boxes = self._refine(picture, self._propose(picture))
        if not len(boxes):
            return Faces.empty()
        logits, moves, points = map(_numpy, o_net(self._o, self._crops(picture, boxes, 48)))
        faces = Faces(_moved(boxes, moves), _landmarks(boxes, points), _probabilities(logits))
        return best_boxes(faces.select(has_area(faces.boxes) & (faces.scores >= self._min_score)))

    def _propose(self, picture: Picture) -> Floats:
        """Square candidates (n, 4)."""
        found, scores = [np.empty((0, 4), np.float32)], [np.empty(0, np.float32)]
        for level in _pyramid(picture):
            logits, moves = map(_numpy, p_net(self._p, self._tensor(level[None])))
            likely = _probabilities(logits)[0]
            rows, columns = np.nonzero(likely >= MIN_P)
            corners = np.stack([columns, rows], axis=1).astype(np.float32) * STRIDE
            scale = np.tile(
                np.divide(picture.shape[1::-1], level.shape[1::-1], dtype=np.float32), 2
            )
            boxes = np.concatenate([corners, corners + WINDOW], axis=1) * scale
            boxes = _moved(boxes, moves[0, :, rows, columns])
            best = _distinct(boxes, likely[rows, columns], MAX_IOU_WITHIN)
            found.append(boxes[best])
            scores.append(likely[rows, columns][best])
        boxes = np.concatenate(found)
        return _squares(boxes[_distinct(boxes, np.concatenate(scores), MAX_IOU)])

    def _refine(self, picture: Picture, boxes: Floats) -> Floats:
        """Square candidates (n, 4) that R-Net finds likely."""
        if not len(boxes):
            return boxes
        logits, moves = map(_numpy, r_net(self._r, self._crops(picture, boxes, 24)))
        scores = _probabilities(logits)
        likely = scores >= MIN_R
        boxes, scores = _moved(boxes, moves)[likely], scores[likely]
        return _squares(boxes[_distinct(boxes, scores, MAX_IOU)])

    def _crops(self, picture: Picture, boxes: Floats, side: int) -> Tensor:
        return self._tensor(np.stack([_crop(picture, box, side) for box in boxes]))

    def _tensor(self, pictures: Picture) -> Tensor:
        """Pictures (n, H, W, 3) as the networks want them: RGB, -1 to 1."""
        batch = torch.from_numpy(pictures).to(self._device).permute(0, 3, 1, 2)
        return (batch.float() - 127.5) / 128


def _pyramid(picture: Picture) -> Iterator[Picture]:
    height, width = picture.shape[:2]
    scale = WINDOW / MIN_FACE
    while min(height, width) * scale >= WINDOW:
        size = (math.ceil(width * scale), math.ceil(height * scale))
        yield np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        scale *= SHRINKING


def _numpy(values: Tensor) -> Floats:
    return np.asarray(values.cpu().numpy(), np.float32)


def _probabilities(logits: Floats) -> Floats:
    """That of a face, for logits of none and of one along axis 1."""
    probabilities: Floats = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    return probabilities


def _distinct(boxes: Floats, scores: Floats, max_iou: float) -> NDArray[np.intp]:
    """Indices of boxes with an area that no better one overlaps by more, best first."""
    real = np.flatnonzero(has_area(boxes))
    return real[suppress(iou(boxes[real], boxes[real]) > max_iou, scores[real])]


def _moved(boxes: Floats, moves: Floats) -> Floats:
    """Boxes (n, 4) with their edges moved by fractions (n, 4) of their sides."""
    return boxes + moves * np.tile(boxes[:, 2:] - boxes[:, :2], 2)


def _landmarks(boxes: Floats, points: Floats) -> Floats:
    """Five points (n, 5, 2): `points` (n, 10) are fractions of the widths, then of the heights."""
    sides = boxes[:, None, 2:] - boxes[:, None, :2]
    return boxes[:, None, :2] + points.reshape(-1, 2, 5).transpose(0, 2, 1) * sides


def _squares(boxes: Floats) -> Floats:
    """Squares (n, 4) with the centres and the longer sides of boxes."""
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    halves = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True) / 2
    return np.concatenate([centres - halves, centres + halves], axis=1)


def _crop(picture: Picture, box: Floats, side: int) -> Picture:
    """What is in a box, uint8 (side, side, 3); black beyond the picture's edges."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = (round(float(edge)) for edge in box)
    x2, y2 = max(x2, x1 + 1), max(y2, y1 + 1)
    inside = picture[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)]
    if not inside.size:
        return np.zeros((side, side, 3), np.uint8)
    borders = (max(-y1, 0), max(y2 - height, 0), max(-x1, 0), max(x2 - width, 0))
    whole = cv2.copyMakeBorder(inside, *borders, cv2.BORDER_CONSTANT)
    return np.asarray(cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
