"""Faces to make corpora of without the press set, and a small one of each corpus, made once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import insightface
import numpy as np
import pytest

from streamfer.emotion.labels import EMOTIONS
from trainers.corpora.faces import Faces
from trainers.corpora.samples import Reading
from trainers.corpora.synthetic.cast import CORPORA
from trainers.corpora.synthetic.make import make_known
from trainers.corpora.synthetic.recipe import Size

# Centre and half the side of the six faces in insightface's photograph: the first three look
# straight ahead, the others do not.
PLACES = (
    (113, 330, 100), (1182, 334, 103), (518, 338, 112),
    (797, 414, 105), (321, 210, 95), (958, 130, 108),
)  # fmt: skip
FRONTAL = 3
EACH = {"neutral": 64, "fear": 8}  # people who show it; of all others:
OTHERS = 16


@pytest.fixture(scope="session")
def photographs() -> list[np.ndarray]:
    """Grey 160 x 160, as in the press set; the first `FRONTAL` are frontal."""
    path = Path(insightface.__file__).parent / "data" / "images" / "t1.jpg"
    table = np.pad(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), 100, mode="edge")
    cuts = [table[y - h + 100 : y + h + 100, x - h + 100 : x + h + 100] for x, y, h in PLACES]
    return [cv2.resize(cut, (160, 160), interpolation=cv2.INTER_AREA) for cut in cuts]


@pytest.fixture(scope="session")
def faces(photographs) -> Faces:
    """People enough for small corpora; whoever is happy has a neutral picture too."""
    images, labels, names = [], [], []
    for label, emotion in enumerate(EMOTIONS):
        for number in range(EACH.get(emotion, OTHERS)):
            images.append(photographs[number % FRONTAL][:, :: (-1) ** (number // FRONTAL)])
            labels.append(label)
            names.append(f"{emotion}-{number}_0001.jpg")
            if emotion == "happiness":
                images.append(photographs[(number + 1) % FRONTAL])
                labels.append(EMOTIONS.index("neutral"))
                names.append(f"{emotion}-{number}_0002.jpg")
    return Faces(np.stack(images), np.array(labels, np.int64), tuple(names))


@dataclass(frozen=True)
class Made:
    """The folder of each corpus, and what is to be read of it."""

    root: Path
    folders: dict[str, Path]
    known: dict[str, Reading]


@pytest.fixture(scope="session")
def made(faces, tmp_path_factory) -> Made:
    """All corpora, with two participants, one take and faults."""
    root = tmp_path_factory.mktemp("corpora")
    made = {
        name: make_known(name, root, Size(participants=2, takes=1, faults=True), faces)
        for name in CORPORA
    }
    folders = {name: folder for name, (folder, _) in made.items()}
    return Made(root, folders, {name: known for name, (_, known) in made.items()})
