"""Writes one synthetic corpus, or all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from streamfer.errors import UsageError
from trainers.corpora.faces import Faces
from trainers.corpora.samples import Clip, Reading, Still
from trainers.corpora.synthetic import affwild2, crema_d, iemocap, ramas, ravdess, savee, stills
from trainers.corpora.synthetic.cast import CORPORA
from trainers.corpora.synthetic.recipe import Recipe, Size

WRITERS: Mapping[str, Callable[[Path, Recipe], Reading[Clip] | Reading[Still]]] = MappingProxyType(
    dict(
        zip(
            CORPORA,
            (
                ramas.write,
                iemocap.write,
                crema_d.write,
                ravdess.write,
                savee.write,
                affwild2.write,
                stills.write_fer2013,
                stills.write_affectnet,
            ),
            strict=True,
        )
    )
)

README = """\
The data under this folder is SYNTHETIC. It is none of the corpora whose names the folders bear.

Photographs of faces from the press set were animated and put into files laid out as in the real
corpora, by `python -m trainers corpora synthesise`, so that every step of the study can be run
without them. {size}

What results from it says nothing about the corpora, and little about recognition:
- a "participant" is several people of the press set, one for each expression;
- who has no number in the set's file names counts there as many people: above all of disgust,
  most pictures are of one actor;
- of fear there are 18 pictures, so most fear is half such a face and half another;
- faces are grey pictures in a tint, and only cross-fade, move and change in size.
The licences of the photographs are those of the press set.
"""


def make(name: str, root: Path, size: Size, faces: Faces, seed: int = 0) -> Path:
    """Write the corpus `name` into the folder `root`/`name`, which must not be there yet.

    The same arguments give the same files, byte for byte.

    Raises:
        UsageError: there is no such corpus, its folder is there, or there are too few faces.
    """
    folder, _ = make_known(name, root, size, faces, seed)
    return folder


def make_known(
    name: str, root: Path, size: Size, faces: Faces, seed: int = 0
) -> tuple[Path, Reading[Clip] | Reading[Still]]:
    """As `make`; returns besides what a reader of the corpus must find in it.

    Names of clips and reasons of omissions are the reader's own.
    """
    if name not in WRITERS:
        raise UsageError(f"There is no synthetic {name}; there are {', '.join(WRITERS)}.")
    folder = root / name
    if folder.exists():
        raise UsageError(f"{folder} is there already: give a folder that is not.")
    folder.mkdir(parents=True)
    amount = f"{size.participants} participants a corpus, takes: {size.takes}, seed {seed}."
    (root / "README.txt").write_text(README.format(size=amount))
    return folder, WRITERS[name](folder, Recipe(name, size, faces, seed))
