"""Work in progress beside the output: `<out>.work/<fingerprint>/<video>/<segment>.arrow`.

The appearance of a segment's file is its commit; there is no journal to disagree with it. Only
the driver writes here, under the output's lock, so a run that was killed at any moment is
resumed by looking at which files exist. All this on a disk, or in a store of objects.
"""

import json
import logging
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from types import TracebackType
from typing import Self, TypeVar

from streamfer.places import Place
from streamfer.store.folders import folder, lock
from streamfer.store.lease import Lease
from streamfer.store.lock import Lock
from streamfer.store.segment_file import SegmentResult

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9_%-][A-Za-z0-9_.%-]*")
_SEGMENT = re.compile(r"[0-9]+\.arrow")
_T = TypeVar("_T")

_LOCK = "lock"
_JOB = "job.json"


@dataclass(frozen=True)
class Failure:
    """Why a video, or a segment of it, failed, in words for the ledger.

    `retry`: whether the same bytes may do better in another run; `attempts`: how many it had.
    `segments`: of a video, those that another run need not try again.
    """

    reason: str
    retry: bool
    attempts: int
    segments: tuple[int, ...] = ()


class WorkFolder:
    """The committed segments and failures of one output's analysis.

    After `open`, which takes the output's lock, until `close` it can be written to; it is a
    context manager. To read, `latest_job` is enough.
    Every write raises FatalError if the disk refuses it or another run took the folder over.
    """

    def __init__(self, out: Place) -> None:
        self.path = out.with_name(f"{out.name}.work")
        self._folder = folder(self.path)
        self._lock: Lock | Lease | None = None
        self._fingerprint = ""

    def open(self, fingerprint: str) -> Self:
        """Take the lock and work on what belongs to `fingerprint` (letters and digits).

        Raises UsageError if another process holds the lock or the folder cannot be written.
        """
        self._fingerprint = _checked(fingerprint)
        self._lock = lock(self.path / _LOCK)
        return self

    def close(self) -> None:
        """Give the lock back."""
        if self._lock:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def check(self) -> None:
        """Raise FatalError if it was opened and another run has taken it over since."""
        if self._lock:
            self._lock.check()

    def commit(self, video_dir: str, segment: int, data: bytes) -> None:
        """Make `data`, the bytes of a segment's result, its result. May be repeated."""
        self._write(video_dir, f"{segment}.arrow", data)

    def committed(self, video_dir: str) -> set[int]:
        """The committed segments of a video, told by their names: none is read."""
        return {int(name[:-6]) for name in self._names[video_dir] if _SEGMENT.fullmatch(name)}

    def load(self, video_dir: str, segment: int) -> SegmentResult | None:
        """A committed segment's result; None if it is not committed.

        A damaged file counts as not committed: it is removed, by the holder of the lock, with a
        warning in the log.
        """
        return self._read(video_dir, f"{segment}.arrow", SegmentResult.from_bytes)

    def record_failure(self, video_dir: str, failure: Failure) -> None:
        """Note that a video failed; the last note stands."""
        self._write(video_dir, "failure.json", json.dumps(asdict(failure)).encode())

    def failure(self, video_dir: str) -> Failure | None:
        """The failure last noted for a video, if any; later commits do not take it back."""
        return self._read(video_dir, "failure.json", _failure_from_bytes)

    def write_job(self, data: bytes) -> None:
        """Note what the work is for, so that it can be assembled before it is finished.

        `data` is JSON, and tells the fingerprint. The last note stands.
        """
        self.check()
        self._folder.write(_JOB, data)

    def has_job(self) -> bool:
        """Whether the job that was last begun has this fingerprint, and is not finished."""
        return self._read_job()[0] == self._fingerprint

    def finish_job(self) -> None:
        """Take the note back: the job's tables are in place."""
        self.check()
        self._folder.remove(_JOB)

    def latest_job(self) -> bytes | None:
        """The job last begun here, unless it is finished, and from then on its segments.

        Needs no lock.
        """
        self._fingerprint, data = self._read_job()
        return data

    def remove(self) -> bool:
        """Delete the work folder, if there is one; True if there was.

        Raises UsageError if another process holds the lock.
        """
        if folder(self.path.parent).kind(self.path.name) != "folder":
            return False
        held = self._lock or lock(self.path / _LOCK)
        self._lock = None
        try:
            for name in {path.partition("/")[0] for path in self._folder.files()} - {_LOCK}:
                self._folder.remove(name)
            held.remove()  # the last: until then nobody else can begin in here
        finally:
            held.release()
        return True

    def _read_job(self) -> tuple[str, bytes | None]:
        """The fingerprint and all of the job that was last begun; nothing if it is finished."""
        try:
            data = self._folder.read(_JOB)
        except FileNotFoundError:
            return "", None
        return json.loads(data)["fingerprint"], data

    @cached_property
    def _names(self) -> defaultdict[str, set[str]]:
        """The names of all files, by their videos' folders: listed once, then kept up to date."""
        names: defaultdict[str, set[str]] = defaultdict(set)
        for path in self._folder.files(self._fingerprint):
            video_dir, _, name = path.partition("/")
            names[video_dir].add(name)
        return names

    def _write(self, video_dir: str, name: str, data: bytes) -> None:
        if self._lock is None:
            raise RuntimeError(f"{self.path} is written to before it was opened.")
        self._lock.check()
        self._folder.write(f"{self._fingerprint}/{_checked(video_dir)}/{name}", data)
        self._names[video_dir].add(name)

    def _read(self, video_dir: str, name: str, parse: Callable[[bytes], _T]) -> _T | None:
        if name not in self._names[video_dir]:
            return None
        path = f"{self._fingerprint}/{_checked(video_dir)}/{name}"
        try:
            return parse(self._folder.read(path))
        except (FileNotFoundError, ValueError) as error:
            self.check()  # or else it was taken away, with all the rest
            _LOG.warning("%s/%s is damaged and will be made again: %s", self.path, path, error)
        self._names[video_dir].remove(name)
        if self._lock:
            self._folder.remove(path)
        return None


def _checked(name: str) -> str:
    """`name` if it is safe as one folder's name. Raises ValueError if not."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a folder of work in progress.")
    return name


def _failure_from_bytes(data: bytes) -> Failure:
    try:
        fields = json.loads(data)
        return Failure(**fields | {"segments": tuple(fields["segments"])})
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a failure: {error}") from None
