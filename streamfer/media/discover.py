"""From what a person names (files, folders, patterns, lists) to the videos of a run."""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streamfer.errors import UsageError

# fmt: off
VIDEO_EXTENSIONS = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".m1v", ".m2t", ".m2ts",
    ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts",
    ".mxf", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob", ".webm", ".wmv", ".y4m",
})
# fmt: on


@dataclass(frozen=True)
class Source:
    """A file to try. `key` is unique in the run; `explicit`: it was named itself."""

    key: str
    path: str
    explicit: bool


@dataclass
class Discovery:
    """What the inputs hold, in order of the inputs and then of the names.

    `others` counts the files in folders and patterns that are not videos by name; `problems`
    are (key, reason) of what could not be followed.
    """

    videos: list[Source] = field(default_factory=list)
    others: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list)


def discover(inputs: Sequence[str]) -> Discovery:
    """Find the videos: each input is a file, a folder, a glob pattern, or `@` and a list.

    Folders are searched with all that is in them, for `VIDEO_EXTENSIONS`; a file that is
    named itself is taken whatever its name. A list is a text file of files and folders, one a
    line (or divided by NUL bytes, as `find -print0` writes them), relative to the working
    folder. What exists under its name is never taken for a pattern. A file that is met twice,
    by whatever names, is taken once. Keys are paths relative to the inputs' common parent.

    Raises UsageError where there is no video at all.
    """
    search = _Search()
    for text in inputs:
        if text.startswith("@"):
            search.follow_list(text[1:])
        elif glob.has_magic(text) and not os.path.lexists(text):
            search.follow_pattern(text)
        else:
            search.follow(text)
    found = search.result()
    if not found.videos:
        reasons = [f"{key}: {reason}" for key, reason in found.problems]
        if found.others:
            reasons.append(
                f"By their names, the files found ({found.others}) are no videos; one that is "
                "named itself is tried all the same."
            )
        raise UsageError(" ".join(["There is no video to analyse.", *reasons]))
    return found


class _Search:
    """One search: the files met so far, and the folders that their keys are relative to."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[Path, bool]] = {}  # real path: path, explicit
        self._folders: set[str] = set()
        self._bases: list[Path] = []
        self._others: set[str] = set()
        self._problems: list[tuple[str, str]] = []

    def follow_list(self, name: str) -> None:
        try:
            data = Path(name).read_bytes()
        except OSError as error:
            self._problem(f"@{name}", f"The list cannot be read: {error.strerror}.")
            return
        lines = data.split(b"\0") if b"\0" in data else data.splitlines()
        for line in lines:
            if line.strip():
                self.follow(os.fsdecode(line))

    def follow_pattern(self, pattern: str) -> None:
        # Keys must not depend on which files match today: only on the pattern.
        fixed = itertools.takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts)
        self._bases.append(Path(*fixed).absolute())
        matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (absolute patterns)
        if not matches:
            self._problem(pattern, "Nothing matches this pattern.")
        for match in matches:
            self._meet(Path(match).absolute())

    def follow(self, name: str) -> None:
        path = Path(name).absolute()
        if _is_folder(path):
            self._bases.append(path)
            self._meet(path)
        elif os.path.lexists(path):
            self._bases.append(path.parent)
            self._files[os.path.realpath(path)] = (path, True)
        else:
            self._problem(name, "There is no such file or folder.")

    def result(self) -> Discovery:
        """Name the files by where they lie under the common parent."""
        found = Discovery(others=len(self._others - self._files.keys()), problems=self._problems)
        taken: set[str] = set()
        for path, explicit in self._files.values():
            plain = _text(os.path.relpath(path, os.path.commonpath(self._bases)))
            # Two names can be one as text: bytes that are no UTF-8, and %XX written out.
            numbered = (f"{plain}#{number}" for number in itertools.count(2))
            key = next(key for key in itertools.chain([plain], numbered) if key not in taken)
            taken.add(key)
            found.videos.append(Source(key, str(path), explicit))
        return found

    def _meet(self, path: Path) -> None:
        """Take a file if it is a video by name; search a folder, once."""
        real = os.path.realpath(path)
        if not _is_folder(path):
            if path.suffix.lower() in VIDEO_EXTENSIONS:
                self._files.setdefault(real, (path, False))
            else:
                self._others.add(real)
        elif real not in self._folders:
            self._folders.add(real)
            try:
                children = sorted(path.iterdir())
            except OSError as error:
                self._problem(str(path), f"The folder cannot be read: {error.strerror}.")
                return
            for child in children:
                self._meet(child)

    def _problem(self, name: str, reason: str) -> None:
        self._problems.append((_text(name), reason))


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 (Path.is_dir raises where it may not look)


def _text(name: str) -> str:
    """A file name as text: bytes that are no UTF-8, which Python keeps as U+DCxx, as %XX."""
    return re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", name)
