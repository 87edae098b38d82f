"""The seven colours differ for people of every kind of colour vision."""

import itertools
import re
from importlib.resources import files

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from streamfer.emotion.labels import EMOTIONS

CSS = (files("streamfer.report") / "assets" / "page.css").read_text(encoding="utf-8")

# What is seen without one kind of cone, of linear RGB (Machado, Oliveira and Fernandes 2009).
VISION = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def colour(emotion: str) -> np.ndarray:
    """Red, green and blue from 0 to 1."""
    code = re.search(rf"--{emotion}: #(\w\w)(\w\w)(\w\w);", CSS)
    return np.array([int(part, 16) / 255 for part in code.groups()])


def linear(rgb: np.ndarray) -> np.ndarray:
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def seen(rgb: np.ndarray, vision: str) -> np.ndarray:
    """The colour in CIELAB, as it is seen."""
    light = np.clip(np.array(VISION[vision]) @ linear(rgb), 0, 1)
    return rgb2lab(np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("vision", VISION)
def test_no_two_colours_look_alike(vision: str):
    for one, other in itertools.combinations(EMOTIONS, 2):
        difference = deltaE_ciede2000(seen(colour(one), vision), seen(colour(other), vision))
        assert difference > 8, (one, other, difference)


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_labels_can_be_read_on_their_colours(emotion: str):
    def luminance(rgb: np.ndarray) -> float:
        return float(linear(rgb) @ [0.2126, 0.7152, 0.0722])

    ink = re.search(rf"\.lane \.{emotion} {{ color: #fff; }}", CSS)
    text = 1.0 if ink else 0.0
    light, dark = sorted([text, luminance(colour(emotion))], reverse=True)
    assert (light + 0.05) / (dark + 0.05) > 4.5
