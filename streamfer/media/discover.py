"""From what a person names (files, folders, patterns, lists) to the videos of a run."""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from streamfer.errors import InputError, UsageError
from streamfer.media.listing import has_magic, listed, read_list
from streamfer.places import is_uri, place, public

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


def discover(inputs: Sequence[str], leave_out: Collection[str] = ()) -> Discovery:
    """Find the videos: each input is a file, a folder, a glob pattern, or `@` and a list.

    Each may be a URI; see `streamfer.media.listing` for what folders and patterns are then.

    Folders are searched with all that is in them, for `VIDEO_EXTENSIONS`; a file that is
    named itself is taken whatever its name. A list is a text file of files and folders, one a
    line (or divided by NUL bytes, as `find -print0` writes them), relative to the working
    folder. What exists under its name is never taken for a pattern. A file that is met twice,
    by whatever names, is taken once. Keys are paths relative to the inputs' common parent; or
    URIs, as `streamfer.places.public` shows them.
    Folders and patterns are searched as if the files and folders `leave_out` were not there.

    Raises UsageError where there is no video at all.
    """
    search = _Search(leave_out)
    for text in inputs:
        if text.startswith("@"):
            search.follow_list(text[1:])
        elif not is_uri(text) and glob.has_magic(text) and not os.path.lexists(text):
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

    def __init__(self, leave_out: Collection[str]) -> None:
        self._leave_out = {os.path.realpath(name) for name in leave_out}
        self._leave_out_uris = [name for name in leave_out if is_uri(name)]
        self._files: dict[str, tuple[str, bool]] = {}  # real path or URI: path or URI, explicit
        self._folders: set[str] = set()
        self._bases: list[Path] = []
        self._others: set[str] = set()
        self._problems: list[tuple[str, str]] = []

    def follow_list(self, name: str) -> None:
        try:
            data = read_list(name) if is_uri(name) else Path(name).read_bytes()
        except OSError as error:
            self._problem(f"@{name}", f"The list cannot be read: {error.strerror}.")
            return
        except InputError as error:
            self._problem(f"@{name}", f"The list cannot be read. {error}")
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

    def follow_uri(self, uri: str) -> None:
        local = place(uri)
        if isinstance(local, Path):
            self.follow(str(local))
            return
        try:
            # What has the name of a video is not asked after: that is a request for each.
            uris = None if _is_video(uri) and not has_magic(uri) else listed(uri)
        except InputError as error:
            self._problem(uri, str(error))
            return
        if uris is None:
            self._files[uri] = (uri, True)
            return
        for found in uris:
            if any(f"{found}/".startswith(f"{name}/") for name in self._leave_out_uris):
                continue
            if _is_video(found):
                self._files.setdefault(found, (found, False))
            else:
                self._others.add(found)

    def follow(self, name: str) -> None:
        if is_uri(name):
            self.follow_uri(name)
            return
        path = Path(name).absolute()
        if _is_folder(path):
            self._bases.append(path)
            self._meet(path)
        elif os.path.lexists(path):
            self._bases.append(path.parent)
            self._files[os.path.realpath(path)] = (str(path), True)
        else:
            self._problem(name, "There is no such file or folder.")

    def result(self) -> Discovery:
        """Name the files by where they lie under the common parent."""
        found = Discovery(others=len(self._others - self._files.keys()), problems=self._problems)
        taken: set[str] = set()
        for path, explicit in self._files.values():
            plain = (
                public(path)
                if is_uri(path)
                else _text(os.path.relpath(path, os.path.commonpath(self._bases)))
            )
            # Two names can be one as text: bytes that are no UTF-8, and %XX written out; or
            # addresses that differ in their queries.
            numbered = (f"{plain}#{number}" for number in itertools.count(2))
            key = next(key for key in itertools.chain([plain], numbered) if key not in taken)
            taken.add(key)
            found.videos.append(Source(key, path, explicit))
        return found

    def _meet(self, path: Path) -> None:
        """Take a file if it is a video by name; search a folder, once."""
        real = os.path.realpath(path)
        if real in self._leave_out:
            return
        if not _is_folder(path):
            if _is_video(path.name):
                self._files.setdefault(real, (str(path), False))
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
        self._problems.append((_text(public(name)), reason))


def _is_video(name: str) -> bool:
    return PurePosixPath(public(name)).suffix.lower() in VIDEO_EXTENSIONS


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 (Path.is_dir raises where it may not look)


def _text(name: str) -> str:
    """A file name as text: bytes that are no UTF-8, which Python keeps as U+DCxx, as %XX."""
    return re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", name)
