"""Finds cuts between sampled pictures, so that no track runs from one shot into the next."""

from __future__ import annotations

import cv2
import numpy as np

from streamfer.faces.detections import Floats, Picture

BINS = [8, 8, 8]  # of hue, saturation and value
RANGES = [0, 180, 0, 256, 0, 256]  # what OpenCV gives for them in eight bits
SAMPLES = 96  # rows and columns that suffice


class CutDetector:
    """Says of each sampled picture whether a cut lies between it and the one before.

    Two pictures are compared by their colours, wherever these are: the Hellinger distance of
    their HSV histograms, from 0 (the same) to 1 (not one colour in common). A cut is where it is
    above `distance`. A fade, or a picture gone black, counts as one.
    """

    def __init__(self, distance: float) -> None:
        self._distance = distance
        self._previous: Floats | None = None

    def is_cut(self, picture: Picture) -> bool:
        """Compare a uint8 (H, W, 3) RGB picture with the one given before; the first is no cut."""
        previous, self._previous = self._previous, _root_histogram(picture)
        if previous is None:
            return False
        return float(np.linalg.norm(previous - self._previous) / np.sqrt(2)) > self._distance


def _root_histogram(picture: Picture) -> Floats:
    """Square roots of the shares of all colours: a vector of length 1."""
    height, width = picture.shape[:2]
    few = picture[:: max(1, height // SAMPLES), :: max(1, width // SAMPLES)]
    hsv = cv2.cvtColor(np.ascontiguousarray(few), cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, BINS, RANGES).ravel()
    shares: Floats = np.sqrt(counts / counts.sum())
    return shares
