"""Work in progress beside the output: `<out>.work/<fingerprint>/<video>/<segment>.arrow`.

The appearance of a segment's file is its commit; there is no journal to disagree with it. Only
the driver writes here, under the output's lock, so a run that was killed at any moment is
resumed by looking at which files exist.
"""

import json
import logging
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from streamfer.store import durable
from streamfer.store.lock import Lock
from streamfer.store.segment_file import SegmentResult

_LOG = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9_%-][A-Za-z0-9_.%-]*")
_T = TypeVar("_T")


@dataclass(frozen=True)
class Failure:
    """Why a video failed, in words for the ledger.

    `retry`: whether the same bytes may do better in another run; `attempts`: how many it had.
    """

    reason: str
    retry: bool
    attempts: int


class WorkFolder:
    """The committed segments and failures of one output's analysis.

    After `open`, which takes the output's lock, until `close` it can be written to; it is a
    context manager. To read, `latest_job` is enough.
    Every write raises FatalError if the disk refuses it or another run took the folder over.
    """

    def __init__(self, out: Path) -> None:
        self.path = out.with_name(f"{out.name}.work")
        self._lock: Lock | None = None
        self._fingerprint = ""

    def open(self, fingerprint: str) -> Self:
        """Take the lock and work on what belongs to `fingerprint` (letters and digits).

        Raises UsageError if another process holds the lock or the folder cannot be written.
        """
        self._fingerprint = _checked(fingerprint)
        self._lock = Lock(self.path / "lock")
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

    def commit(self, video_dir: str, segment: int, data: bytes) -> None:
        """Make `data`, the bytes of a segment's result, its result. May be repeated."""
        self._write(self._video(video_dir) / f"{segment}.arrow", data)

    def load(self, video_dir: str, segment: int) -> SegmentResult | None:
        """A committed segment's result; None if it is not committed.

        A damaged file counts as not committed: it is removed, by the holder of the lock, with a
        warning in the log.
        """
        return self._read(self._video(video_dir) / f"{segment}.arrow", SegmentResult.from_bytes)

    def record_failure(self, video_dir: str, failure: Failure) -> None:
        """Note that a video failed; the last note stands."""
        data = json.dumps(asdict(failure)).encode()
        self._write(self._video(video_dir) / "failure.json", data)

    def failure(self, video_dir: str) -> Failure | None:
        """The failure last noted for a video, if any; later commits do not take it back."""
        return self._read(self._video(video_dir) / "failure.json", _failure_from_bytes)

    def write_job(self, data: bytes) -> None:
        """Note what the work is for, so that it can be assembled before it is finished."""
        self._write(self.path / self._fingerprint / "job.json", data)

    def latest_job(self) -> bytes | None:
        """The job last worked on here, and from then on its segments; needs no lock."""
        jobs = sorted(self.path.glob("*/job.json"), key=lambda job: job.stat().st_mtime_ns)
        if not jobs:
            return None
        self._fingerprint = jobs[-1].parent.name
        return jobs[-1].read_bytes()

    def remove(self) -> bool:
        """Delete the work folder, if there is one; True if there was.

        Raises UsageError if another process holds the lock.
        """
        if not self.path.is_dir():
            return False
        lock = self._lock or Lock(self.path / "lock")
        self._lock = None
        try:
            with durable.explained(self.path):
                for entry in self.path.iterdir():
                    if entry.is_dir():
                        shutil.rmtree(entry)
                # The lock goes last: until then nobody else can begin in here.
                (self.path / "lock").unlink()
            with suppress(OSError):  # somebody just began anew, or left a file of their own
                self.path.rmdir()
        finally:
            lock.release()
        return True

    def _video(self, video_dir: str) -> Path:
        return self.path / self._fingerprint / _checked(video_dir)

    def _write(self, path: Path, data: bytes) -> None:
        if self._lock is None:
            raise RuntimeError(f"{self.path} is written to before it was opened.")
        self._lock.check()
        with durable.explained(path):
            durable.make_folder(path.parent)
            durable.write_file(path, data)

    def _read(self, path: Path, parse: Callable[[bytes], _T]) -> _T | None:
        try:
            return parse(path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError as error:
            _LOG.warning("%s is damaged and will be made again: %s", path, error)
            if self._lock:
                path.unlink()
            return None


def _checked(name: str) -> str:
    """`name` if it is safe as one folder's name. Raises ValueError if not."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a folder of work in progress.")
    return name


def _failure_from_bytes(data: bytes) -> Failure:
    try:
        return Failure(**json.loads(data))
    except TypeError as error:
        raise ValueError(f"not a failure: {error}") from None
