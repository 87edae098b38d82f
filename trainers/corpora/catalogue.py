"""The corpora of the paper, what it prints about them, and how each is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from streamfer.errors import InputError, UsageError
from trainers.corpora import (
    affectnet,
    affwild2,
    crema_d,
    fer2013,
    generic,
    iemocap,
    press_faces,
    ramas,
    ravdess,
    savee,
)
from trainers.corpora.samples import Clip, Reading, Split, Still
from trainers.corpora.votes import AGREEMENT, Raters

AnyReading: TypeAlias = Reading[Clip] | Reading[Still]


@dataclass(frozen=True)
class Corpus:
    """What is known of a corpus before anything of it is read.

    read: from its folder, or its file, to its samples; if it is `rated`, it also takes the share of
    the raters that must agree on a label. raters: those that it tells apart; then `read` also takes
    whose votes count. layout: what `read` needs to find. printed: the paper's Table 3, in the order
    of `EMOTIONS`, for each split; None where it prints a dash. splits: the official parts. note:
    what is known of the printed figures. missing: which parts of a download a reading lacks. file:
    what its folder or file is called, where that is not its name.
    """

    name: str
    kind: Literal["clips", "stills"]
    read: Callable[..., AnyReading]
    layout: str
    licence: str
    source: str
    printed: Mapping[Split, tuple[int | None, ...]] = field(default_factory=dict)
    rated: bool = False
    raters: tuple[Raters, ...] = ()
    note: str = ""
    missing: Callable[..., list[str]] = field(default=lambda _: [])
    splits: tuple[Split, ...] = ("",)
    file: str = ""

    def choices(self, agreement: float, raters: Raters) -> tuple[float | Raters, ...]:
        """What of the two `read` takes after the folder."""
        if self.raters:
            return agreement, raters
        return (agreement,) if self.rated else ()


_CORPORA = (
    Corpus(
        name=ramas.NAME,
        kind="clips",
        read=ramas.read,
        rated=True,
        layout="Data/Video_close/*.mp4 and Annotations_by_files/*_ann.csv (or "
        "Annotations_by_emotions/data_*.csv)",
        licence="for research",
        source="Neurodata Lab, on request (whether it is still given out is not known here)",
        printed={"": (172, 496, 187, 341, 208, 214, 249)},
        note="The paper does not say how the experts' overlapping intervals became samples; here "
        "a sample is a stretch of time on which enough of them agree.",
    ),
    Corpus(
        name=iemocap.NAME,
        kind="clips",
        read=iemocap.read,
        rated=True,
        missing=iemocap.missing,
        layout="Session1/dialog/EmoEvaluation/*.txt and Session1/dialog/avi/DivX/*.avi, to "
        "Session5",
        licence="for research, on request",
        source="https://sail.usc.edu/iemocap/",
        printed={"": (1828, 856, 1183, 155, 56, 8, 1336)},
        note="The paper's figures exceed the release's own majority labels (1708 595 1084 107 40 2 "
        "1103), so it seems to count turns for which raters named several, as is done here. "
        "Table 1 has 10,038 turns; the release has 10,039.",
    ),
    Corpus(
        name=crema_d.NAME,
        kind="clips",
        read=crema_d.read,
        rated=True,
        raters=tuple(crema_d.GIVEN),
        layout="VideoFlash/1001_IEO_HAP_LO.flv and processedResults/tabulatedVotes.csv",
        licence="Open Database License 1.0, Database Contents License 1.0",
        source="https://github.com/CheyneyComputerScience/CREMA-D (git lfs pull)",
        printed={"": (907, 1028, 233, None, 402, 679, 594)},
        note="The paper does not say whose votes it counted; here they are those of the raters "
        "who saw the face alone. Its figures follow from no single threshold on the public table. "
        "Table 1 has 7441 videos; the release has 7442.",
    ),
    Corpus(
        name=ravdess.NAME,
        kind="clips",
        read=ravdess.read,
        missing=ravdess.missing,
        layout="Actor_01/01-01-01-01-01-01-01.mp4, from Video_Speech_Actor_*.zip and "
        "Video_Song_Actor_*.zip",
        licence="CC BY-NC-SA 4.0",
        source="https://zenodo.org/records/1188976",
        printed={"": (376, 752, 752, 384, 752, 384, 752)},
        note="Follows from the names: speech and song, with sound and without, calm left out.",
    ),
    Corpus(
        name=savee.NAME,
        kind="clips",
        read=savee.read,
        missing=savee.missing,
        layout="AudioVisualClip/DC/a1.avi, and the same for JE, JK and KL",
        licence="free for research, on request",
        source="http://kahlan.eps.surrey.ac.uk/savee/",
        printed={"": (120, 60, 60, 60, 60, 60, 60)},
        note="Follows from the names.",
    ),
    Corpus(
        name=affwild2.NAME,
        kind="clips",
        read=affwild2.read,
        layout="annotations/EXPR_Set/Training_Set/*.txt, Validation_Set/*.txt and the videos "
        "(batch1, batch2)",
        licence="for research, on request",
        source="https://ibug.doc.ic.ac.uk/resources/aff-wild2/ (the ABAW 2020 annotations)",
        printed={
            "train": (589215, 152010, 101295, 39035, 11155, 12704, 24080),
            "development": (183636, 53702, 39486, 23113, 9754, 5825, 8002),
        },
        splits=("train", "development"),
        note="Pictures are counted, not clips. The annotations of later competitions differ.",
    ),
    Corpus(
        name=fer2013.NAME,
        kind="stills",
        read=fer2013.read,
        layout="fer2013.csv, or train/angry/*.jpg and so on (a folder or a zip archive)",
        licence="the challenge's terms; the pictures are from the web",
        source="https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-"
        "recognition-challenge",
        printed={"train": (4965, 7215, 4830, 3171, 4097, 436, 3995)},
        splits=("train", "development", "test"),
        note="Table 1 has 35,888 pictures; the challenge gave 35,887, 28,709 of them to train on.",
    ),
    Corpus(
        name=affectnet.NAME,
        kind="stills",
        read=affectnet.read,
        layout="Manually_Annotated_file_lists/training.csv, validation.csv and "
        "Manually_Annotated_Images/; or train_set/ and val_set/ with images and annotations",
        licence="for research, on request",
        source="http://mohammadmahoor.com/affectnet/",
        printed={
            "train": (74874, 134415, 25459, 14090, 6378, 3803, 24882),
            "development": (500, 500, 500, 500, 500, 500, 500),
        },
        splits=("train", "development"),
        note="The release of 2021 leaves out part of the pictures of 2017.",
    ),
    Corpus(
        name=press_faces.NAME,
        kind="stills",
        read=press_faces.read,
        layout="press_faces.zip, which holds labels.csv and images/",
        licence="none is stated: press and web photographs, publicly collected",
        source="this project's development data; the paper knows nothing of it",
        file="press_faces",
    ),
)

CATALOGUE: Mapping[str, Corpus] = MappingProxyType({corpus.name: corpus for corpus in _CORPORA})


def known(name: str) -> Corpus | None:
    """The corpus of `CATALOGUE` that is called `name`, whatever its case and punctuation."""
    plain = _plain(name)
    return next((c for c in _CORPORA if plain in {_plain(c.name), _plain(c.file or c.name)}), None)


def read(
    name: str, root: Path, agreement: float = AGREEMENT, raters: Raters = "face"
) -> AnyReading:
    """Read the corpus `name` from `root`; a name that is not `known` is a generic corpus's.

    `agreement` is the share of the raters that must agree on a label, where there are raters;
    `raters` whose votes count, where the corpus tells them apart.

    Raises:
        InputError: `root` holds nothing, or not enough, of that corpus; says what is needed and
            who gives it.
        UsageError: no such corpus.
    """
    corpus = known(name)
    needed = "See docs/corpora.md."
    if corpus is not None:
        needed = f"Needed: {corpus.layout}. From: {corpus.source} ({corpus.licence})."
    elif not generic.is_corpus(root):
        raise UsageError(
            f"{name} is none of {', '.join(CATALOGUE)}, and {root} holds no {generic.CLIPS} or "
            f"{generic.STILLS} (see docs/corpora.md)"
        )
    try:
        if corpus is None:
            reading = generic.read(name, root, agreement)
        else:
            reading = corpus.read(root, *corpus.choices(agreement, raters))
    except InputError as error:
        raise InputError(f"{error}. {needed}") from error
    if not reading.samples:
        reasons = "; ".join(f"{count} × {reason}" for reason, count in reading.reasons().items())
        nothing = f"no usable sample of {name} ({reasons})" if reasons else f"nothing of {name}"
        raise InputError(f"{root} holds {nothing}. {needed}")
    return reading


def found(root: Path) -> dict[str, Path]:
    """Under the folder `root`: where each corpus lies, by name, in alphabetical order.

    A folder (of stills, also a zip archive or table) is a corpus of `CATALOGUE` if its name is
    `known`; any other folder with a table of clips or stills is a generic corpus of its own name.

    Raises:
        UsageError: two are the same corpus, or `root` is no folder.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is not a folder of corpora")
    places: dict[str, Path] = {}
    for path in sorted(root.iterdir()):
        corpus = known(path.name if path.is_dir() else path.stem)
        if path.is_dir():
            name = corpus.name if corpus else path.name if generic.is_corpus(path) else None
        else:
            packed = path.suffix.lower() in {".csv", ".zip"}
            name = corpus.name if corpus and corpus.kind == "stills" and packed else None
        if name is None:
            continue
        if name in places:
            raise UsageError(f"{name} is given twice: {places[name]} and {path}")
        places[name] = path
    return dict(sorted(places.items()))


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
