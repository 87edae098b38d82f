"""A corpus that a network of any size learns in seconds."""

import cv2
import numpy as np
import pytest

from trainers.corpora.samples import Still


@pytest.fixture(scope="session")
def stills(tmp_path_factory: pytest.TempPathFactory) -> list[Still]:
    """Each expression is a square at a place of its own on noise; 6 of each, in two colours."""
    folder = tmp_path_factory.mktemp("squares")
    random = np.random.default_rng(0)
    found = []
    for label in range(7):
        for take in range(6):
            picture = random.integers(0, 60, (40, 40, 3), np.uint8)
            row, column = divmod(label, 3)
            picture[13 * row : 13 * row + 12, 13 * column : 13 * column + 12] = (40, 250, 160)
            path = folder / f"{label}_{take}.png"
            assert cv2.imwrite(str(path), picture[..., :: 1 if take % 2 else -1])
            found.append(Still("squares", path.stem, path, "", label, participant=f"p{take}"))
    return found
