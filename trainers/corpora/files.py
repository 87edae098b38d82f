"""The files of a download, whatever folders it was unpacked into, and what comes of each."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Generic

from streamfer.errors import InputError
from streamfer.media.discover import VIDEO_EXTENSIONS
from trainers.corpora.samples import Omission, Reading, Sample

MISSING = "the annotations name a file that is not there"
TWICE = "given twice: the first is taken"
POINTER = "a Git LFS pointer lies in place of the video (`git lfs pull` fetches it)"
UNKNOWN_NAME = "the file's name does not follow the corpus's scheme"
UNKNOWN_LABEL = "the label is none that the corpus defines"
NOT_OF_THE_SEVEN = "the label is not one of the seven expressions"

_POINTER = b"version https://git-lfs"


class Gathered(Generic[Sample]):
    """The samples and the omissions of a corpus while it is read."""

    def __init__(self, corpus: str) -> None:
        self.corpus = corpus
        self._samples: dict[str, Sample] = {}
        self._omitted: list[Omission] = []

    def take(self, sample: Sample) -> None:
        """Add `sample`, unless one of its name was taken before."""
        if sample.name in self._samples:
            self.omit(TWICE, sample.name)
        else:
            self._samples[sample.name] = sample

    def omit(self, reason: str, name: str) -> None:
        """Count `name` among those left out."""
        self._omitted.append(Omission(reason, name))

    def reading(self) -> Reading[Sample]:
        """All that was gathered, the samples sorted by name."""
        samples = tuple(self._samples[name] for name in sorted(self._samples))
        return Reading(self.corpus, samples, tuple(self._omitted))


def below(root: Path, suffixes: Collection[str]) -> Iterator[Path]:
    """All files under `root` with these suffixes (lower case), sorted, links followed.

    What macOS leaves beside a file (`._a.avi`, `__MACOSX`) and what is hidden is passed over.

    Raises:
        InputError: `root` is no folder.
    """
    if not root.is_dir():
        raise InputError(f"{root} is not a folder")
    for folder, folders, names in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(names):
            path = Path(folder, name)
            if not name.startswith(".") and path.suffix.lower() in suffixes:
                yield path


def videos(root: Path, gathered: Gathered[Sample]) -> Iterator[Path]:
    """All videos under `root`, sorted; a pointer in place of a video is omitted."""
    for path in below(root, VIDEO_EXTENSIONS):
        if is_pointer(path):
            gathered.omit(POINTER, path.relative_to(root).as_posix())
        else:
            yield path


def videos_by_name(root: Path, gathered: Gathered[Sample]) -> dict[str, Path]:
    """As `videos`, by the name without suffix; a second one of a name is omitted."""
    found: dict[str, Path] = {}
    for path in videos(root, gathered):
        if found.setdefault(path.stem, path) is not path:
            gathered.omit(TWICE, path.relative_to(root).as_posix())
    return found


def is_pointer(path: Path) -> bool:
    """Whether `path` is what Git leaves of a large file that it was not asked to fetch."""
    if path.stat().st_size > 1024:
        return False
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER
